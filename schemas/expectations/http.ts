import type { StatusPattern } from '../check-base.ts'
import type { CheckOf } from '../estate.ts'

/** What one HTTP try saw; `status` null where no answer came, `body_ok` null where no body assertion is declared. */
export type HttpSeen = { status: number | null; body_ok: boolean | null }

/** True where a status code is one of the expected: `2xx` stands for 200 to 299, `401` for itself. */
export function statusMatches(expect: StatusPattern | readonly StatusPattern[], code: number): boolean {
  const patterns = typeof expect === 'string' ? [expect] : expect
  const text = String(code)
  return patterns.some((pattern) => text === pattern || (pattern.endsWith('xx') && text.length === 3 && text[0] === pattern[0]))
}

/**
 * True where one try met its check: an expected status, and the declared body assertion seen to hold.
 * Judged attempt by attempt, because policies before 1.61 count only the first one.
 */
export function httpAttemptOk(check: CheckOf<'http'>, attempt: HttpSeen): boolean {
  if (attempt.status === null || !statusMatches(check.expect, attempt.status)) return false
  return check.body === undefined ? attempt.body_ok !== false : attempt.body_ok === true
}
