import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { ageProblems } from './reason.ts'

/** What a file check's expectation lacks; empty means met. */
export function fileUnmet(check: CheckOf<'file'>, facts: FactsOf<'file'>, at: Date): string[] {
  if (!facts.exists) return ['file does not exist']
  return [...ageProblems('file', facts.modified_at, check.max_age_s, at), ...sizeUnmet(check, facts.size_bytes), ...digestUnmet(check, facts.sha256)]
}

function sizeUnmet(check: CheckOf<'file'>, size: number | null): string[] {
  if (check.min_bytes === undefined && check.max_bytes === undefined) return []
  if (size === null) return ['not observed: file size']
  if (check.min_bytes !== undefined && size < check.min_bytes) return [`file has ${size} bytes < ${check.min_bytes}`]
  if (check.max_bytes !== undefined && size > check.max_bytes) return [`file has ${size} bytes > ${check.max_bytes}`]
  return []
}

function digestUnmet(check: CheckOf<'file'>, sha256: string | null): string[] {
  if (check.sha256 === undefined) return []
  if (sha256 === null) return ['not observed: file sha256']
  return sha256 === check.sha256 ? [] : ['file sha256 is not the declared one']
}
