/**
 * What a guard answered: the result that is printed as JSON, its text form, and whether the answer is yes (exit code 0).
 * The guards themselves are pure; recording an answer is `recordGuard`.
 */
export type GuardAnswer<R = unknown> = {
  readonly guard: 'declaration' | 'dispatch' | 'contract'
  readonly result: R
  readonly text: string
  readonly isYes: boolean
  /** Names that were asked for, as they came. */
  readonly declared: readonly string[]
}

/** The bytes of a JSON answer, the same on stdout and over HTTP: two blanks, and a line end. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
