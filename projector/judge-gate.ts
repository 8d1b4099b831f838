import type { EncodedEvent } from '../schemas/event.ts'
import { emptyFold, foldEvents } from './fold.ts'
import { isGateBlocked } from './gates.ts'
import { judgeRound } from './judged-round.ts'
import { findPolicy } from './policies.ts'
import { readRoundEvidence } from './round-evidence.ts'

/**
 * Whether a gate stops the gates behind it, asked while the round still runs. `events`: round.opened and all evidence of
 * the gates the asked one depends on and its own. Gates that were not looked at yet are left out of the judging, or a
 * host check that comes later would make everything before it look unbound to the current boot.
 */
export function judgeGate(roundId: string, gateId: string, events: readonly EncodedEvent[]): boolean {
  const fold = foldEvents(
    emptyFold(),
    events.map((event) => Buffer.from(event.bytes).toString('utf8')),
  )
  const round = readRoundEvidence(roundId, fold)
  const seen = new Set([...round.byCheck.keys()])
  const gates = new Set(round.estate.checks.filter((check) => seen.has(check.id)).map((check) => check.gate))
  const checks = round.estate.checks.filter((check) => gates.has(check.gate))
  const { id, version } = round.opened.data.policy
  return isGateBlocked(judgeRound({ ...round, estate: { ...round.estate, checks } }, findPolicy(`${id}@${version}`)), gateId)
}
