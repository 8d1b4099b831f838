import type { Snapshot } from '../schemas/snapshot.ts'
import type { Release } from '../schemas/timeline.ts'

type Condition = { isMet: boolean; shown: string }

/**
 * Phases behind the golden order (§1.2, §5.3, §11, §12.2). `conditions_met` is a fact about evidence and releases
 * nothing. AI remediation is forbidden whatever the evidence says. Pure.
 */
export function judgeReleases(snapshot: Snapshot): Release[] {
  const highLoad = [...wholeChain(snapshot), ofKind(snapshot, 'load-window')]
  const runner = [...highLoad, ofKind(snapshot, 'runner-guardrails'), ofKind(snapshot, 'runaway')]
  const never: Condition = { isMet: false, shown: 'AI_REMEDIATION_ENABLED=0' }
  return [toRelease('high_load_batch', highLoad), toRelease('runner_cd', runner), toRelease('ai_auto_remediation', [never, ...runner])]
}

/** PASS > 0, WARN = 0, BLOCKED = 0 over the whole chain of gates: WARN releases nothing. */
function wholeChain({ evidence, cold_start, gates }: Snapshot): Condition[] {
  const { pass, warn, blocked, result } = cold_start
  return [
    { isMet: evidence.integrity === 'verified', shown: `ROUND_INTEGRITY=${evidence.integrity}` },
    { isMet: result === 'GREEN', shown: `COLD_START_RESULT=${result}` },
    { isMet: (pass ?? 0) > 0, shown: `COLD_START_PASS=${pass ?? 'unknown'}` },
    { isMet: warn === 0, shown: `COLD_START_WARN=${warn ?? 'unknown'}` },
    { isMet: blocked === 0, shown: `COLD_START_BLOCKED=${blocked ?? 'unknown'}` },
    ...gates.map((gate) => ({ isMet: gate.status === 'GREEN', shown: `${gate.id}=${gate.status}` })),
  ]
}

/** At least one check of the kind, and every one of them PASS. */
function ofKind({ checks }: Snapshot, kind: string): Condition {
  const own = checks.filter((check) => check.kind === kind && check.counted)
  const open = own.filter((check) => check.status !== 'PASS').map((check) => `${check.id}:${check.status}`)
  return { isMet: own.length > 0 && open.length === 0, shown: `${kind}=${own.length === 0 ? 'not_in_estate' : open.length === 0 ? 'PASS' : open.join(',')}` }
}

function toRelease(phase: Release['phase'], conditions: readonly Condition[]): Release {
  const unmet = conditions.filter(({ isMet }) => !isMet)
  return { phase, status: unmet.length === 0 ? 'conditions_met' : 'forbidden', because: (unmet.length > 0 ? unmet : conditions).map(({ shown }) => shown) }
}
