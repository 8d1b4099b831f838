import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { FUTURE_SKEW_S, reason } from './reason.ts'

type Check = CheckOf<'docker'>
type Container = FactsOf<'docker'>['containers'][number]

/**
 * What a docker check lacks; empty means met. A container that started less than `warm_up_s` ago is not met although
 * it runs: a 502 of its route is then warm-up and no outage (runbook §14.12), and a 200 proves nothing yet. One that
 * was restarted and is that young is in a loop.
 */
export function dockerUnmet(check: Check, facts: FactsOf<'docker'>, at: Date): string[] {
  return check.containers.flatMap((name) => {
    const container = facts.containers.find((one) => one.name === name)
    return container === undefined ? [reason(`not observed: container ${name}`)] : containerUnmet(check, container, at)
  })
}

function containerUnmet(check: Check, container: Container, at: Date): string[] {
  const { name, status } = container
  if (status === 'absent') return [reason(`container ${name} does not exist`)]
  if (status === 'restarting') return [reason(`container ${name} is in a restart loop${restarted(container)}`)]
  if (status !== 'running') return [reason(`container ${name} is ${status}${ended(container)}`)]
  return [...healthUnmet(check, container), ...restartsUnmet(check, container), ...ageUnmet(check, container, at)]
}

function ended({ exit_code: code, oom_killed: isOom }: Container): string {
  return `${code === null ? '' : ` with exit code ${code}`}${isOom === true ? ', out of memory' : ''}`
}

function restarted({ restarts }: Container): string {
  return restarts === null ? '' : `, restarted ${restarts} times`
}

function healthUnmet({ health: needed }: Check, { name, health }: Container): string[] {
  if (health === null) return needed === 'required' ? [reason(`container ${name} has no health check`)] : []
  return health === 'healthy' ? [] : [reason(`container ${name} is ${health}`)]
}

function restartsUnmet({ max_restarts: most }: Check, { name, restarts }: Container): string[] {
  if (most === undefined) return []
  if (restarts === null) return [reason(`not observed: restarts of ${name}`)]
  return restarts <= most ? [] : [reason(`container ${name} was restarted ${restarts} times > ${most}`)]
}

function ageUnmet({ warm_up_s: warmUpS }: Check, container: Container, at: Date): string[] {
  if (container.started_at === null) return [reason(`not observed: start of ${container.name}`)]
  const ageS = (at.getTime() - Date.parse(container.started_at)) / 1000
  if (!(ageS >= -FUTURE_SKEW_S)) return [reason(`container ${container.name} started in the future`)]
  if (ageS >= warmUpS) return []
  const what = (container.restarts ?? 0) > 0 ? `is in a restart loop${restarted(container)}` : 'is warming up'
  return [reason(`container ${container.name} ${what}: up ${Math.max(0, Math.floor(ageS))} s < ${warmUpS} s`)]
}
