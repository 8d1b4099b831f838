import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'

const DAY_MS = 86_400_000
/** A database one day ahead lives in an earlier time zone; two days ahead is a wrong clock or a wrong date. */
const MAX_DAYS_AHEAD = 1

type Facts = FactsOf<'sql-freshness'>

/** What a table lacks to be as young as its check wants; empty means met. An empty table has no age and is not fresh. */
export function sqlFreshnessUnmet(check: CheckOf<'sql-freshness'>, facts: Facts, at: Date): string[] {
  if (facts.rows === 0) return ['the table has no row']
  const age = sqlAgeDays(facts, at)
  if (facts.latest_date === null || age === null) return ['not observed: latest date']
  if (age < -MAX_DAYS_AHEAD) return [`latest date ${facts.latest_date} is in the future`]
  return age <= check.max_age_days ? [] : [`${age} days old, more than ${check.max_age_days}`]
}

/**
 * Age in whole days: as the database counts it, in its own time zone (runbook `MOMO_DAILY_FRESHNESS`), but never
 * younger than our own clock allows. A database whose clock is behind does not make its data fresh.
 */
export function sqlAgeDays(facts: Pick<Facts, 'latest_date' | 'age_days'>, at: Date): number | null {
  if (facts.latest_date === null || facts.age_days === null) return null
  const ours = Math.floor(at.getTime() / DAY_MS) - Date.parse(`${facts.latest_date}T00:00:00.000Z`) / DAY_MS
  return facts.age_days < ours - MAX_DAYS_AHEAD ? ours : facts.age_days
}
