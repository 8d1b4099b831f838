import type { CheckVerdict, Snapshot } from '../schemas/snapshot.ts'
import { delegatedFindings } from './delegated-report.ts'
import type { JudgedRound } from './judged-round.ts'

type GateStatus = Snapshot['gates'][number]['status']
const BADNESS: Readonly<Record<GateStatus, number>> = { unknown: 0, GREEN: 1, WARN: 2, BLOCKED: 3 }

/**
 * Status of every gate in the estate's order (contract §3): BLOCKED if any of its checks is, else WARN, else GREEN;
 * `unknown` where a transcript has no evidence for it. Blockers of a delegated report count at the gate they name.
 */
export function judgeGates(judged: JudgedRound): Snapshot['gates'] {
  const statuses = new Map<string, GateStatus>(judged.estate.gates.map((gate) => [gate.id, 'unknown']))
  const raise = (gate: string, status: GateStatus): void => {
    if (BADNESS[status] > BADNESS[statuses.get(gate) ?? 'unknown']) statuses.set(gate, status)
  }
  for (const verdict of judged.verdicts.values()) {
    if (verdict.counted) for (const [gate, status] of contributions(judged, verdict)) raise(gate, status)
  }
  return judged.estate.gates.map((gate) => ({ id: gate.id, status: statuses.get(gate.id) ?? 'unknown' }))
}

function contributions(judged: JudgedRound, verdict: CheckVerdict): [string, GateStatus][] {
  const reports = judged.reports.filter((one) => one.check.id === verdict.id)
  if (verdict.status !== 'BLOCKED' || reports.length === 0) return [[verdict.gate, toGateStatus(verdict)]]
  return reports.flatMap(({ report }) => {
    const named = report.blockers.map((blocker): [string, GateStatus] => [blocker.gate ?? verdict.gate, 'BLOCKED'])
    const isAllNamed = named.length > 0 && named.length === delegatedFindings(report).blocked
    return isAllNamed ? named : [...named, [verdict.gate, 'BLOCKED'] as [string, GateStatus]]
  })
}

function toGateStatus({ status }: CheckVerdict): GateStatus {
  return status === 'BLOCKED' ? 'BLOCKED' : status === 'PASS' ? 'GREEN' : 'WARN'
}

/**
 * Whether a gate blocks the gates that depend on it, judged while a round runs from the evidence so far
 * (`run-round.ts` asks this before it starts a gate).
 */
export function isGateBlocked(judged: JudgedRound, gateId: string): boolean {
  return [...judged.verdicts.values()].some((verdict) => verdict.gate === gateId && verdict.counted && verdict.status === 'BLOCKED')
}
