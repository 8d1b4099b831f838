/**
 * The shape every other language has to have: the same keys, each a text. Chinese has one plural form, so the `_one` forms of English have
 * no counterpart.
 */
export type Messages<T> = { readonly [K in keyof T as K extends `${string}_one` ? never : K]: T[K] extends string ? string : Messages<T[K]> }
