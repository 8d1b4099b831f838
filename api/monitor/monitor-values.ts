import type { Snapshot } from '../../schemas/snapshot.ts'
import { countOf } from '../../schemas/summary.ts'

export const MONITOR_RESULTS = ['green', 'degraded', 'blocked', 'check_failed'] as const
export type MonitorResult = (typeof MONITOR_RESULTS)[number]

/** What the textfile says: always of the last run, never of one before it. Times in seconds since 1970; 0: never. */
export type MonitorValues = {
  readonly up: 0 | 1
  readonly pass: number
  readonly warn: number
  readonly blocked: number
  readonly result: MonitorResult
  readonly coreReady: 0 | 1
  readonly drOffsiteReady: 0 | 1
  readonly lastRun: number
  readonly lastGreen: number
}

type Times = Pick<MonitorValues, 'lastRun' | 'lastGreen'>

const RESULT_OF: Readonly<Record<string, MonitorResult>> = { GREEN: 'green', DEGRADED: 'degraded', BLOCKED: 'blocked' }

/** The cold-start result as the monitor tells it. What is not sealed and verified, or not known, is `check_failed`. */
export function monitorResult(snapshot: Snapshot): MonitorResult {
  return snapshot.evidence.integrity === 'verified' ? (RESULT_OF[snapshot.cold_start.result] ?? 'check_failed') : 'check_failed'
}

/** Values of a run that made a round (runbook §13.3). Pure. */
export function valuesOfRound(snapshot: Snapshot, times: Times): MonitorValues {
  const { summary } = snapshot
  const isTrusted = snapshot.evidence.integrity === 'verified'
  const flag = (key: string): 0 | 1 => (isTrusted && summary[key] === '1' ? 1 : 0)
  return {
    up: 1,
    pass: isTrusted ? (countOf(summary.COLD_START_PASS) ?? 0) : 0,
    warn: countOf(summary.COLD_START_WARN) ?? 0,
    blocked: countOf(summary.COLD_START_BLOCKED) ?? 0,
    result: monitorResult(snapshot),
    coreReady: flag('RECOVERY_CORE_READY'),
    drOffsiteReady: flag('RECOVERY_DR_OFFSITE_READY'),
    ...times,
  }
}

/** Values of a run that made no round: nothing of an earlier one is repeated. */
export function valuesOfFailure(times: Times): MonitorValues {
  return { up: 0, pass: 0, warn: 0, blocked: 0, result: 'check_failed', coreReady: 0, drOffsiteReady: 0, ...times }
}
