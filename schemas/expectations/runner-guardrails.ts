import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

type Check = CheckOf<'runner-guardrails'>
type Unit = FactsOf<'runner-guardrails'>['units'][number]

/**
 * What the guardrails of runners lack; empty means met. Each unit has a CPU quota and a memory limit that are not wider
 * than declared, and no watchdog, which would kill a runner in the middle of a job (runbook §5.3). A unit that is
 * stopped needs them as well: it is about to be started.
 */
export function runnerGuardrailsUnmet(check: Check, { units }: FactsOf<'runner-guardrails'>, _at: Date): string[] {
  const few = units.length < check.min_units ? [`${units.length} runner units < ${check.min_units}`] : []
  return [...few, ...units.flatMap((unit) => unitUnmet(check, unit))]
}

function unitUnmet(check: Check, unit: Unit): string[] {
  if (unit.load !== 'loaded') return [reason(`unit ${unit.name} is ${unit.load}`)]
  return [
    ...limitUnmet(unit.name, 'CPU quota', unit.cpu_quota_percent, check.max_cpu_quota_percent, '%'),
    ...limitUnmet(unit.name, 'memory limit', unit.memory_max_bytes, check.max_memory_bytes, ' bytes'),
    ...limitUnmet(unit.name, 'watchdog', unit.watchdog_us, 0, ' us'),
  ]
}

function limitUnmet(name: string, what: string, seen: number | 'infinity' | null, most: number, of: string): string[] {
  if (seen === null) return [reason(`not observed: ${what} of ${name}`)]
  // No watchdog is 0 and also infinity; no quota and no memory limit are only infinity.
  if (seen === 'infinity') return most === 0 ? [] : [reason(`unit ${name} has no ${what}`)]
  return seen <= most ? [] : [reason(`unit ${name} has ${what} ${seen}${of} > ${most}${of}`)]
}
