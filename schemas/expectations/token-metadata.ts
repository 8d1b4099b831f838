import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { ageProblems } from './reason.ts'

type Check = CheckOf<'token-metadata'>
type Facts = FactsOf<'token-metadata'>

const TYPES: Readonly<Record<Facts['type'], string | null>> = {
  file: null,
  empty: 'token file is empty',
  other: 'token is no regular file',
  absent: 'token file does not exist',
}

/**
 * What a token's metadata lacks; empty means met. The owner is the one declared, and no permission is wider (runbook
 * §14.28: owner aligned to the scheduler's user, mode not wider than 600, content never read).
 */
export function tokenMetadataUnmet(check: Check, facts: Facts, at: Date): string[] {
  const wrong = TYPES[facts.type]
  if (wrong !== null) return [wrong]
  return [
    ...idUnmet('owner', check.uid, facts.uid),
    ...idUnmet('group', check.gid, facts.gid),
    ...modeUnmet(check, facts),
    ...ageProblems('token', facts.modified_at, check.max_age_s, at),
  ]
}

function idUnmet(what: string, expected: number | undefined, seen: number | null): string[] {
  if (expected === undefined) return []
  if (seen === null) return [`not observed: token ${what}`]
  return seen === expected ? [] : [`token ${what} is ${seen}, not ${expected}`]
}

function modeUnmet({ max_mode: most }: Check, { mode }: Facts): string[] {
  if (mode === null) return ['not observed: token mode']
  const extra = Number.parseInt(mode, 8) & ~Number.parseInt(most, 8)
  return extra === 0 ? [] : [`token mode ${mode} is wider than ${most}`]
}
