import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

type Check = CheckOf<'systemd'>
type Facts = FactsOf<'systemd'>
type Unit = Facts['units'][number]

/**
 * What a systemd check lacks; empty means met. Every named unit must be there and active, every stopped one neither
 * active nor enabled, and every failed unit of the machine explained (runbook §3.1: a degraded host is ready only where
 * each failed unit is).
 */
export function systemdUnmet(check: Check, facts: Facts, _at: Date): string[] {
  return [
    ...check.units.flatMap((name) => activeUnmet(check, name, unitOf(facts, name))),
    ...check.stopped_units.flatMap((name) => stoppedUnmet(name, unitOf(facts, name))),
    ...failedUnmet(check, facts),
  ]
}

function unitOf(facts: Facts, name: string): Unit | undefined {
  return facts.units.find((unit) => unit.name === name)
}

function activeUnmet(check: Check, name: string, unit: Unit | undefined): string[] {
  if (unit === undefined) return [reason(`not observed: unit ${name}`)]
  if (unit.load !== 'loaded') return [reason(`unit ${name} is ${unit.load}`)]
  if (unit.active !== 'active') return [reason(`unit ${name} is ${unit.active} (${unit.sub}${unit.result === null ? '' : `, ${unit.result}`})`)]
  // One that only runs once has done its work; any other stays active by its settings, and nothing of it runs.
  if (unit.sub === 'exited' && unit.type !== undefined && unit.type !== 'oneshot') return [reason(`unit ${name} is active, and its processes have ended`)]
  if (check.max_restarts === undefined || unit.restarts === null || unit.restarts <= check.max_restarts) {
    return check.max_restarts !== undefined && unit.restarts === null && name.endsWith('.service') ? [reason(`not observed: restarts of ${name}`)] : []
  }
  return [reason(`unit ${name} was restarted ${unit.restarts} times > ${check.max_restarts}`)]
}

/** A unit that does not exist is as stopped as one can be; one that would come back at the next boot is not. */
function stoppedUnmet(name: string, unit: Unit | undefined): string[] {
  if (unit === undefined) return [reason(`not observed: unit ${name}`)]
  if (unit.load === 'not-found' || unit.load === 'masked')
    return unit.active === 'inactive' || unit.active === 'failed' ? [] : [reason(`unit ${name} is ${unit.active}`)]
  const problems: string[] = []
  if (unit.active !== 'inactive' && unit.active !== 'failed') problems.push(reason(`unit ${name} is ${unit.active} and must be stopped`))
  if (unit.enabled === null) problems.push(reason(`not observed: whether ${name} is enabled`))
  else if (/^(?:enabled|linked|alias|generated|transient|indirect)/u.test(unit.enabled))
    problems.push(reason(`unit ${name} is ${unit.enabled} and must not start at boot`))
  return problems
}

function failedUnmet(check: Check, facts: Facts): string[] {
  if (facts.failed_units === null) return ['not observed: failed units']
  const named = new Set([...check.units, ...check.explained_failed_units])
  return facts.failed_units.filter((unit) => !named.has(unit)).map((unit) => reason(`failed unit ${unit}`))
}
