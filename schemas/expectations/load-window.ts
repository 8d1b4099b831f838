import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'

/** The runbook's window: fifteen minutes (§5.3, §11, §12.2, §13.5). */
export const WINDOW_S = 900
const MINUTES = [1, 5, 15] as const

/**
 * What a load-window check lacks; empty means met. All three averages must be below the limit, and the machine must
 * have been up for the whole window: after a boot the fifteen-minute average starts at zero and is low for want of time.
 */
export function loadWindowUnmet(check: CheckOf<'load-window'>, facts: FactsOf<'load-window'>, _at: Date): string[] {
  const problems: string[] = []
  if (facts.uptime_s === null) problems.push('not observed: uptime')
  else if (!(facts.uptime_s >= WINDOW_S)) problems.push(`up for ${Math.floor(facts.uptime_s)} s < ${WINDOW_S} s`)
  const { cpus, load } = facts
  if (load === null) return [...problems, 'not observed: load']
  if (cpus === null) return [...problems, 'not observed: cpus']
  const high = MINUTES.flatMap((minutes, i) => {
    const perCore = (load[i] ?? Number.NaN) / cpus
    return perCore < check.below_per_core ? [] : [`${minutes}-minute load per core ${Math.ceil(perCore * 100) / 100}, not below ${check.below_per_core}`]
  })
  return [...problems, ...high]
}
