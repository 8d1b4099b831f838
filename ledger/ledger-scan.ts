import { canonicalJson } from '../schemas/canonical-json.ts'
import { isRootedType } from '../schemas/event.ts'
import { CHAIN_START, Chain } from './chain.ts'
import { leafHash } from './merkle.ts'
import { type RoundLeafKey, roundRootOfHashes } from './round-root.ts'

/**
 * What can be wrong with a ledger:
 * `position` a position is missing, doubled or out of place; `chain` a row's bytes or hash were changed, or rows moved;
 * `payload` the bytes are not the canonical JSON of an event; `id` the id beside them is not the event's;
 * `round_order` opening, evidence and seal of a round are out of order; `round_root` a seal does not fit its evidence;
 * `rounds` the tables of rounds contradict the events; `head` the head does not describe the last event;
 * `file` SQLite itself finds the file malformed; `schema` tables, indexes or guarding triggers are not ours.
 */
export type FindingCode = 'position' | 'chain' | 'payload' | 'id' | 'round_order' | 'round_root' | 'rounds' | 'head' | 'file' | 'schema'
export type Finding = { position: number | null; roundId: string | null; code: FindingCode; message: string }

export type EventRow = { position: number; id: string; chain: Uint8Array; payload: Uint8Array }
export type RoundRow = { round: number; subject: string; opened: number | null; sealed: number | null }
export type RunRow = { first: number; round: number }

type Leaf = RoundLeafKey & { leafHash: string }
/** `leaves` is emptied at the seal: only open rounds cost memory. */
type RoundState = RoundRow & { leaves: Leaf[] }
type EventFields = { id: string; type: string; subject: string; checkId: string | null; data: unknown }

/** Re-derives everything a ledger says beside its payloads, event by event; pure, so it knows nothing of SQLite. */
export class LedgerScan {
  readonly rounds = new Map<string, RoundState>()
  readonly chain = Buffer.from(CHAIN_START)
  events = 0
  bytes = 0
  readonly #chain = new Chain(CHAIN_START)
  readonly #nextRun: () => RunRow | null
  #lastRound = 0

  /** `nextRun` gives the rows of `runs` in order, then null. */
  constructor(nextRun: () => RunRow | null) {
    this.#nextRun = nextRun
  }

  /** Checks the next row in position order: the first thing wrong with it, or null. Behind `round_root` the scan may go on. */
  check(row: EventRow): Finding | null {
    const position = this.events + 1
    const found = (code: FindingCode, message: string, roundId: string | null = null): Finding => ({ position, roundId, code, message })
    if (row.position !== position) return found('position', `the row at position ${row.position} follows position ${this.events}`)
    if (!(row.payload instanceof Uint8Array) || !(row.chain instanceof Uint8Array)) return found('payload', 'the payload or the chain is not a blob')
    this.#chain.push(row.payload, this.chain)
    if (Buffer.compare(row.chain, this.chain) !== 0) return found('chain', 'the bytes of this event or the hash beside them were changed, or rows were moved')
    const event = readFields(row.payload)
    if (event === null) return found('payload', 'the payload is not the canonical JSON of an event')
    if (event.id !== row.id) return found('id', 'the id beside the payload is not the id of the event', event.subject)
    const problem = this.#checkRun(event, position) ?? this.#checkRound(event, row.payload, position)
    const finding = problem && found(problem[0], problem[1], event.subject)
    // A wrong seal is a matter of its round: the row is right, and the scan may go on behind it.
    if (finding && finding.code !== 'round_root') return finding
    this.events = position
    this.bytes += row.payload.length
    return finding
  }

  /** What `rounds` and `runs` must hold after the last event. */
  checkRounds(rows: readonly RoundRow[]): Finding | null {
    if (this.#nextRun() !== null) return { position: null, roundId: null, code: 'rounds', message: 'the table of runs goes on after the last event' }
    const wanted = [...this.rounds.values()]
    for (let i = 0; i < Math.max(rows.length, wanted.length); i++) {
      const [has, wants] = [rows[i], wanted[i]]
      const fits = has && wants && (['round', 'subject', 'opened', 'sealed'] as const).every((key) => has[key] === wants[key])
      const roundId = wants?.subject ?? null
      if (!fits) return { position: null, roundId, code: 'rounds', message: `row ${i + 1} of the table of rounds contradicts the events` }
    }
    return null
  }

  #checkRun(event: EventFields, position: number): [FindingCode, string] | null {
    const round = this.#roundOf(event.subject).round
    if (round === this.#lastRound) return null
    this.#lastRound = round
    const run = this.#nextRun()
    return run?.first === position && run.round === round ? null : ['rounds', 'the table of runs contradicts the events']
  }

  #checkRound(event: EventFields, bytes: Uint8Array, position: number): [FindingCode, string] | null {
    const round = this.#roundOf(event.subject)
    const isSeal = event.type === 'round.sealed.v1'
    if (!isSeal && !isRootedType(event.type)) return null
    const isOpening = event.type === 'round.opened.v1'
    if (round.sealed !== null) return ['round_order', `${event.type} after the seal of its round`]
    if (isOpening !== (round.opened === null)) return ['round_order', isOpening ? 'the round is opened twice' : `${event.type} in a round that is not open`]
    if (isSeal) return checkSeal(event, round, position)
    if (isOpening) round.opened = position
    round.leaves.push({ type: event.type, checkId: event.checkId, id: event.id, leafHash: leafHash(bytes) })
    return null
  }

  #roundOf(subject: string): RoundState {
    const known = this.rounds.get(subject)
    if (known) return known
    const round: RoundState = { round: this.rounds.size + 1, subject, opened: null, sealed: null, leaves: [] }
    this.rounds.set(subject, round)
    return round
  }
}

function checkSeal(event: EventFields, round: RoundState, position: number): [FindingCode, string] | null {
  const seal = event.data as { root?: unknown; count?: unknown } | null
  const held = roundRootOfHashes(round.leaves)
  round.leaves = []
  round.sealed = position
  if (seal?.count !== held.count) return ['round_root', `the seal counts ${String(seal?.count)} events, the ledger holds ${held.count}`]
  if (seal.root !== held.root) return ['round_root', `the seal has the root ${String(seal.root)}, the evidence has ${held.root}`]
  return null
}

/** The fields that the ledger reads, or null where the bytes are not the canonical JSON of something that has them. */
function readFields(bytes: Uint8Array): EventFields | null {
  try {
    const value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) as Record<string, unknown>
    if (Buffer.compare(Buffer.from(canonicalJson(value), 'utf8'), bytes) !== 0) return null
    const { id, type, subject, checkid, data } = value
    if (typeof id !== 'string' || typeof type !== 'string' || typeof subject !== 'string') return null
    return { id, type, subject, checkId: typeof checkid === 'string' ? checkid : null, data }
  } catch {
    return null
  }
}
