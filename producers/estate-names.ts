import type { EstatePath, EstateProblem } from './estate-document.ts'
import { didYouMean } from './nearest-name.ts'

/** Second and later uses of a name in a list; `key` names the property that holds it, or is absent for a plain list. */
export function duplicateProblems(path: EstatePath, names: readonly string[], key: string | null = 'id'): EstateProblem[] {
  return names.flatMap((name, index) => {
    if (names.indexOf(name) === index) return []
    return [{ path: key === null ? [...path, index] : [...path, index, key], message: `\`${name}\` is there twice` }]
  })
}

/** One problem where a name is not among the known. */
export function unknownName(path: EstatePath, what: string, name: string, known: readonly string[]): EstateProblem[] {
  return known.includes(name) ? [] : [{ path, message: `unknown ${what} \`${name}\`${didYouMean(name, known)}` }]
}
