import { canonicalDigest } from '../../schemas/digest.ts'
import type { EvidenceError } from '../../schemas/errors.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { isGreenOverall } from '../../schemas/summary.ts'
import { type MonitorResult, monitorResult } from './monitor-values.ts'

/** A round as notifications see it. `problems` are stable words: no times, counts or reasons that differ every minute. */
export type Observation = {
  readonly estate: string
  readonly round: string | null
  readonly isOk: boolean
  readonly result: MonitorResult
  readonly overall: string | null
  readonly error: string | null
  readonly firstBlockedGate: string | null
  readonly problems: readonly string[]
  /** The same problem has the same fingerprint, in every round. */
  readonly fingerprint: string
}

/** Green, and nothing less, is ok: a degraded cold start is a problem even where the overall result is called green. Pure. */
export function observe(estate: string, run: { snapshot: Snapshot } | { error: EvidenceError }): Observation {
  const seen = 'snapshot' in run ? ofRound(run.snapshot) : ofError(run.error)
  const { result, overall, error, problems } = seen
  return { estate, ...seen, fingerprint: canonicalDigest({ estate, result, overall, error, problems: [...problems] }) }
}

type Seen = Omit<Observation, 'estate' | 'fingerprint'>

function ofRound(snapshot: Snapshot): Seen {
  const result = monitorResult(snapshot)
  const overall = snapshot.summary.OVERALL_DECLARATION ?? 'unknown'
  const problems = snapshot.checks.flatMap((check) => (check.status === 'PASS' ? [] : [`${check.status} ${check.id}`])).sort()
  return {
    round: snapshot.artifact_id,
    isOk: result === 'green' && isGreenOverall(overall),
    result,
    overall,
    error: null,
    firstBlockedGate: snapshot.first_blocked_gate,
    problems,
  }
}

/** The code only: a message may name paths and addresses. */
function ofError({ code }: EvidenceError): Seen {
  return { round: null, isOk: false, result: 'check_failed', overall: null, error: code, firstBlockedGate: null, problems: [] }
}
