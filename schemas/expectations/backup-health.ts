import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { ageProblems } from './reason.ts'

type Check = CheckOf<'backup-health'>
type Facts = FactsOf<'backup-health'>

/** Each count, and the metric that a live check asks it from. */
const COUNTS = [
  ['jobs_stale', 'fresh'],
  ['jobs_failed', 'failed'],
  ['missing_cron', 'cron'],
  ['missing_script', 'script'],
  ['config_failed', 'config'],
  ['integrity_stale', 'integrity'],
] as const

/**
 * Sum of everything that makes a backup core blocker, and what of it nobody looked at (contract §4,
 * BACKUP_CORE_GREEN). A live check that declares its metrics is asked for those counts; a recorded one for all.
 */
export function backupBlockers(check: Check, facts: Facts): { blockers: number; unobserved: string[] } {
  const asked = COUNTS.filter(([, metric]) => check.metrics === undefined || check.metrics[metric] !== undefined)
  const unobserved: string[] = asked.filter(([key]) => facts[key] === null).map(([key]) => key)
  if (facts.jobs_total === null || facts.jobs_total === 0) unobserved.push('jobs_total')
  return { blockers: COUNTS.reduce((sum, [key]) => sum + (facts[key] ?? 0), 0), unobserved }
}

/** What backups lack to be healthy; empty means met. `asOf` is the age of the textfile where there is one. */
export function backupHealthUnmet(check: Check, facts: Facts, at: Date, asOf: string | null): string[] {
  const wrong = COUNTS.filter(([key]) => (facts[key] ?? 0) > 0).map(([key]) => `${key}=${facts[key]}`)
  const unobserved = backupBlockers(check, facts).unobserved.map((key) => `not observed: ${key}`)
  return [...wrong, ...unobserved, ...ageProblems('file', asOf, check.max_age_s, at), ...ageProblems('last aggregate', facts.last_aggregate_at, undefined, at)]
}
