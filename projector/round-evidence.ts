import { roundRoot } from '../ledger/round-root.ts'
import { compiled } from '../schemas/compiled.ts'
import { canonicalDigest } from '../schemas/digest.ts'
import { EvidenceError } from '../schemas/errors.ts'
import { Estate } from '../schemas/estate.ts'
import { type EventData, type EventOf, type EvidenceEvent, isRootedType, parseEvent } from '../schemas/event.ts'
import type { RoundIntegrity } from '../schemas/summary.ts'
import type { Fold, FoldedEvent } from './fold.ts'

export type Opened = EventOf<'round.opened.v1'>

/** A fold read as a round: what it declared, what was seen, and how far it can be trusted. */
export type RoundEvidence = {
  roundId: string
  opened: Opened
  estate: Estate
  sealedAt: string | null
  /** Root and leaf count over exactly what was folded. */
  root: string
  count: number
  integrity: RoundIntegrity
  /** Why the integrity is not better; empty when verified. */
  integrityReasons: string[]
  /** Evidence by check id, each list ordered by event id. */
  byCheck: ReadonlyMap<string, readonly EvidenceEvent[]>
  /** Ids of checks that sent evidence although the round never declared them. */
  undeclared: string[]
}

/**
 * Verifies a fold against its seal (contract §2): the root is recomputed over exactly what was folded, and everything
 * that could make two readers disagree is a mismatch. Throws `round_unknown` where there is no `round.opened`.
 */
export function readRoundEvidence(roundId: string, fold: Fold): RoundEvidence {
  const all = [...fold.events.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
  const rooted = all.filter((one) => isRootedType(one.type))
  const valid = rooted.filter(fitsSchema)
  const openings = rooted.filter((one) => one.type === 'round.opened.v1')
  const opened = openings[0]?.event
  if (opened?.type !== 'round.opened.v1') {
    throw new EvidenceError('round_unknown', `round ${roundId} has no round.opened event`, { remedy: 'see `evidence round list`' })
  }
  if (!valid.includes(openings[0] as FoldedEvent)) {
    throw new EvidenceError('ledger_corrupt', `round.opened of ${roundId} does not fit its schema`, { remedy: 'run `evidence ledger verify`' })
  }
  const seals = all.flatMap((one) => (one.event.type === 'round.sealed.v1' ? [one.event] : []))
  const { root, count } = roundRoot(rooted)
  const reasons = [
    ...(valid.length < rooted.length ? ['an event does not fit its schema'] : []),
    ...tampering(rooted, openings.length, fold),
    ...sealProblems(seals, root, count),
    ...declarationProblems(opened.data),
  ]
  const byCheck = groupByCheck(valid)
  const declared = new Set(opened.data.expected.map((check) => check.id))
  return {
    roundId,
    opened,
    estate: compiled(Estate).parse(opened.data.estate.document),
    sealedAt: seals[0]?.time ?? null,
    root,
    count,
    integrity: integrityOf(reasons, seals.length, opened.data.recorded !== null),
    integrityReasons: reasons.length === 0 && seals.length === 0 ? ['the round was never sealed'] : reasons,
    byCheck,
    undeclared: [...byCheck.keys()].filter((id) => !declared.has(id)).sort(),
  }
}

function integrityOf(reasons: string[], seals: number, recorded: boolean): RoundIntegrity {
  if (reasons.length > 0) return 'mismatch'
  if (seals === 0) return 'unsealed'
  // A transcript is sealed by us but was observed by nobody here.
  return recorded ? 'legacy_unverified' : 'verified'
}

function tampering(rooted: readonly FoldedEvent[], openings: number, fold: Fold): string[] {
  const reasons: string[] = []
  if (openings > 1) reasons.push('more than one round.opened')
  if (fold.contradictory.size > 0) reasons.push('an event came with two different contents or is unreadable')
  if (new Set(rooted.map((one) => one.event.subject)).size > 1) reasons.push('events of several rounds')
  return reasons
}

function sealProblems(seals: readonly EventOf<'round.sealed.v1'>[], root: string, count: number): string[] {
  if (new Set(seals.map((seal) => `${seal.data.root} ${seal.data.count}`)).size > 1) return ['seals disagree']
  const seal = seals[0]
  if (seal === undefined || (seal.data.root === root && seal.data.count === count)) return []
  return [`the seal says ${seal.data.count} events under ${seal.data.root.slice(0, 12)}, folded were ${count} under ${root.slice(0, 12)}`]
}

/** The denominator must be the estate's own; only a transcript may account for fewer checks than the estate has. */
function declarationProblems(data: EventData<'round.opened.v1'>): string[] {
  const reasons: string[] = []
  if (canonicalDigest(data.estate.document) !== data.estate.digest) reasons.push('the estate is not the one its digest names')
  const inEstate = new Map(data.estate.document.checks.map((check) => [check.id, check]))
  const declared = new Set(data.expected.map((check) => check.id))
  if (declared.size !== data.expected.length) reasons.push('a check is expected twice')
  const agree = data.expected.every((one) => {
    const check = inEstate.get(one.id)
    return (
      check !== undefined && check.gate === one.gate && check.kind === one.kind && check.severity === one.severity && check.warning_class === one.warning_class
    )
  })
  if (!agree) reasons.push('an expected check is not one of the estate')
  if (data.recorded === null && declared.size < inEstate.size) reasons.push('the round expects fewer checks than the estate has')
  return reasons
}

/** Asked of everything that is judged; what was checked when it was read, from the same text, is not asked twice. */
function fitsSchema({ event, isChecked }: FoldedEvent): boolean {
  if (isChecked) return true
  try {
    parseEvent(event)
    return true
  } catch {
    return false
  }
}

function groupByCheck(valid: readonly FoldedEvent[]): Map<string, EvidenceEvent[]> {
  const byCheck = new Map<string, EvidenceEvent[]>()
  for (const { checkId, event } of valid) {
    if (checkId === null) continue
    const list = byCheck.get(checkId)
    if (list) list.push(event)
    else byCheck.set(checkId, [event])
  }
  return byCheck
}
