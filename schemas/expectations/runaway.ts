import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

type Check = CheckOf<'runaway'>
type Facts = FactsOf<'runaway'>

/** CPU from which an orphan group is one to end, with an owner's word (runbook §11.1). */
const HOT_PERCENT = 100
/** From here on waiting for storage or memory is what the load is (runbook §14.35). */
const PRESSURE_PERCENT = 20

/**
 * What a runaway check lacks; empty means met. An orphan browser group is never explained. High load is met where CI is
 * at work: it is not to be killed (runbook §11, §11.1); without CI the reason says what kind of load it is.
 */
export function runawayUnmet(check: Check, facts: Facts, _at: Date): string[] {
  const orphans = facts.orphans
    .filter((one) => one.age_s >= check.min_age_s)
    .map((one) =>
      reason(
        `orphan ${one.program} group ${one.group}: ${one.processes} processes, ${one.cpu_percent >= HOT_PERCENT ? 'hot, ' : ''}${Math.round(one.cpu_percent)}% CPU, ${one.age_s} s old`,
      ),
    )
  return [...orphans, ...loadUnmet(check, facts)]
}

function loadUnmet(check: Check, facts: Facts): string[] {
  if (facts.load5 === null) return ['not observed: load']
  if (facts.cpus === null || facts.cpus === 0) return ['not observed: cpus']
  const perCore = facts.load5 / facts.cpus
  // Whether CI is at work matters only under load, but not knowing it then must not be better than knowing.
  if (perCore <= check.max_load_per_core) return []
  if (facts.ci_containers !== null && facts.ci_containers > 0) return []
  const load = `load per core ${Math.ceil(perCore * 100) / 100} > ${check.max_load_per_core}`
  if (check.ci_containers !== undefined && facts.ci_containers === null) return [load, 'not observed: CI containers']
  return [`${load} without CI at work: ${kindOfLoad(facts)}`]
}

function kindOfLoad({ io_pressure_percent: io, memory_pressure_percent: memory }: Facts): string {
  if (io === null || memory === null) return 'unexplained, pressure not observed'
  return io >= PRESSURE_PERCENT || memory >= PRESSURE_PERCENT
    ? `storage or memory pressure (io ${Math.round(io)}%, memory ${Math.round(memory)}%)`
    : 'unexplained'
}
