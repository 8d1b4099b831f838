import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import type { DeclaredCronjob } from '../platform-checks.ts'
import { ageProblems, reason } from './reason.ts'

type Seen = NonNullable<FactsOf<'cronjobs'>['cronjobs']>[number]

/**
 * What declared CronJobs lack; empty means met. Each is there, not suspended, and its last run succeeded (runbook §9:
 * unsuspended, no failed Job remains after the current validation). Whether single Jobs failed is the k8s check's.
 */
export function cronjobsUnmet(check: CheckOf<'cronjobs'>, { cronjobs }: FactsOf<'cronjobs'>, at: Date): string[] {
  if (cronjobs === null) return ['not observed: CronJobs']
  return check.cronjobs.flatMap((declared) => {
    const seen = cronjobs.find((one) => one.name === declared.name)
    if (seen === undefined) return [reason(`CronJob ${declared.name} does not exist`)]
    return [...scheduleUnmet(declared, seen), ...runUnmet(seen), ...successUnmet(declared, seen, at)]
  })
}

function scheduleUnmet({ name, schedule }: DeclaredCronjob, seen: Seen): string[] {
  const problems = seen.suspended ? [reason(`CronJob ${name} is suspended`)] : []
  if (schedule !== undefined && seen.schedule !== schedule) problems.push(reason(`CronJob ${name} is scheduled ${seen.schedule}, not ${schedule}`))
  return problems
}

/** A run that was started after the last success and is not under way any more has failed. */
function runUnmet({ name, active, last_schedule_at: started, last_success_at: succeeded }: Seen): string[] {
  if (started === null || active > 0) return []
  const isOpen = succeeded === null || Date.parse(succeeded) < Date.parse(started)
  return isOpen ? [reason(`CronJob ${name} ran at ${started} without a success`)] : []
}

function successUnmet({ name, max_success_age_s: most }: DeclaredCronjob, seen: Seen, at: Date): string[] {
  if (seen.last_success_at === null) return most === undefined ? [] : [reason(`CronJob ${name} has never succeeded`)]
  return ageProblems(`success of CronJob ${name}`, seen.last_success_at, most, at)
}
