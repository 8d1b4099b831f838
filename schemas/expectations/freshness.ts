import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { ageProblems, reason } from './reason.ts'

const DAY_MS = 86_400_000
/** A source one day ahead lives in an earlier time zone; two days ahead is a wrong clock or a wrong date. */
const MAX_DAYS_AHEAD = 1

type Check = CheckOf<'freshness'>
type Facts = FactsOf<'freshness'>

/**
 * Why a freshness report does not meet its check at a moment; empty = met.
 * What a declared pointer should have shown and did not is "not observed", so it is unmet.
 *
 * `asOf` is the event's `as_of`, the time of the report file; a check with `max_age_s` is unmet without it.
 */
export function freshnessUnmet(check: Check, facts: Facts, at: Date, asOf: string | null = null): string[] {
  return [...statusReasons(check, facts), ...blockerReasons(check, facts), ...ageReasons(check, facts, at), ...ageProblems('file', asOf, check.max_age_s, at)]
}

/**
 * Age in whole days: as the source counted it, else from its latest date to the UTC date of `at`; null = not observed.
 * Negative where the source is ahead.
 */
export function freshnessAgeDays(facts: Facts, at: Date): number | null {
  if (facts.age_days !== null) return facts.age_days
  return facts.latest_date === null ? null : daysSince(facts.latest_date, at)
}

function daysSince(date: string, at: Date): number {
  return Math.round((Date.parse(`${at.toISOString().slice(0, 10)}T00:00:00.000Z`) - Date.parse(`${date}T00:00:00.000Z`)) / DAY_MS)
}

function statusReasons(check: Check, facts: Facts): string[] {
  if (facts.status === null) return check.status_pointer === undefined ? [] : ['not observed: status']
  return check.ok_status.includes(facts.status) ? [] : [reason(`status ${facts.status}`)]
}

function blockerReasons(check: Check, facts: Facts): string[] {
  if (facts.blockers === null) return check.blockers_pointer === undefined ? [] : ['not observed: blockers']
  return facts.blockers.map((blocker) => `blocker ${blocker}`)
}

function ageReasons(check: Check, facts: Facts, at: Date): string[] {
  const reasons: string[] = []
  if (check.latest_pointer !== undefined && facts.latest_date === null) reasons.push('not observed: latest date')
  if (check.age_pointer !== undefined && facts.age_days === null) reasons.push('not observed: age')
  if (facts.latest_date !== null && daysSince(facts.latest_date, at) < -MAX_DAYS_AHEAD) reasons.push(`latest date ${facts.latest_date} is in the future`)
  const age = freshnessAgeDays(facts, at)
  if (facts.age_days !== null && facts.age_days < -MAX_DAYS_AHEAD) reasons.push(`age ${facts.age_days} days is in the future`)
  if (check.max_age_days === undefined) return reasons
  if (age === null) reasons.push('not observed: age')
  else if (age > check.max_age_days) reasons.push(`${age} days old, more than ${check.max_age_days}`)
  return [...new Set(reasons)]
}
