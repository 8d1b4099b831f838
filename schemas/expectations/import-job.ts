import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { FUTURE_SKEW_S, reason } from './reason.ts'

type Check = CheckOf<'import-job'>
type Job = NonNullable<FactsOf<'import-job'>['job']>

/**
 * What the latest import lacks; empty means met. Completed is not enough: every row of the source was taken, none
 * failed, and what depends on it was brought up to date (runbook §14.31, §14.34: a job with `sync_success=false` is no
 * success).
 */
export function importJobUnmet(check: Check, { job }: FactsOf<'import-job'>, _at: Date): string[] {
  if (job === null) return ['no import job']
  return [...statusUnmet(check, job), ...rowsUnmet(check, job), ...syncUnmet(check, job), ...ageUnmet(check, job)]
}

function statusUnmet(check: Check, { id, status }: Job): string[] {
  if (status === null) return ['not observed: status of the import job']
  return check.ok_status.includes(status) ? [] : [reason(`import job ${id} is ${status}`)]
}

function rowsUnmet(check: Check, { id, total, succeeded, failed }: Job): string[] {
  const problems: string[] = []
  if (total === null || succeeded === null) problems.push('not observed: rows of the import job')
  else if (total === 0) problems.push(reason(`import job ${id} had no rows`))
  else if (succeeded !== total) problems.push(reason(`import job ${id} took ${succeeded} rows of ${total}`))
  if (check.columns.failed !== undefined && failed === null) problems.push('not observed: failed rows of the import job')
  if (failed !== null && failed > 0) problems.push(reason(`import job ${id} failed on ${failed} rows`))
  return problems
}

function syncUnmet(check: Check, { id, synced }: Job): string[] {
  if (check.columns.synced === undefined) return []
  if (synced === null) return ['not observed: sync of the import job']
  return synced ? [] : [reason(`import job ${id} is not synced`)]
}

function ageUnmet(check: Check, { id, age_s: age }: Job): string[] {
  if (age === null) return [reason(`import job ${id} has not finished`)]
  if (age < -FUTURE_SKEW_S) return [reason(`import job ${id} finished in the future`)]
  return age <= check.max_age_s ? [] : [reason(`import job ${id} is ${age} s old > ${check.max_age_s} s`)]
}
