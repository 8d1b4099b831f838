import { sha256Digest } from '../schemas/digest.ts'
import { isRootedType } from '../schemas/event.ts'
import { addToFold, emptyFold, type Fold, type FoldedEvent, foldEvents } from './fold.ts'
import type { RawEvent } from './projection-store.ts'
import type { MessagePlace, ReadEvent, ReadMessage, RejectReason, Unreadable } from './projector-message.ts'

/** A round as far as it is held: its fold, and what decides whether it takes more. */
export type HeldRound = {
  readonly fold: Fold
  /** Event id of the first opening. */
  openedId: string | null
  /** Leaves the seal speaks of; null while unsealed. */
  sealCount: number | null
  /** Leaves held. */
  rooted: number
}

export type BatchPlan = {
  /** New events, in the order of the messages. */
  readonly events: readonly RawEvent[]
  readonly rejected: readonly Unreadable[]
  /**
   * Every round an event of which was in the batch, with all that is held of it then. Second copies touch their round
   * too: an earlier delivery may have ended after its events were saved and before its snapshot was.
   */
  readonly touchedRounds: ReadonlyMap<string, HeldRound>
  readonly duplicates: number
}

export function emptyRound(): HeldRound {
  return { fold: emptyFold(), openedId: null, sealCount: null, rooted: 0 }
}

/** A round from what a store holds of it; order plays no role. */
export function toHeldRound(texts: Iterable<string>): HeldRound {
  const fold = foldEvents(emptyFold(), texts)
  const held = { ...emptyRound(), fold }
  for (const event of fold.events.values()) note(held, event)
  return held
}

/**
 * Decides what of a batch is taken, by the rules of the ledger (`Ledger`: same id, open and closed rounds), and never by
 * anything but what is held and the order of the messages. Pure: `known` is not changed. Planning a batch in parts,
 * each with what the parts before it gave, equals planning it whole, and planning it again changes nothing.
 */
export function planBatch(known: ReadonlyMap<string, HeldRound>, messages: readonly ReadMessage[]): BatchPlan {
  const touched = new Map<string, HeldRound>()
  const events: RawEvent[] = []
  const rejected: Unreadable[] = []
  let duplicates = 0
  for (const message of messages) {
    if (!message.isEvent) {
      rejected.push(message)
      continue
    }
    const round = touched.get(message.roundId) ?? copy(known.get(message.roundId))
    touched.set(message.roundId, round)
    const refusal = refusalOf(round, message.folded)
    if (refusal === 'duplicate') duplicates++
    else if (refusal !== null) rejected.push(toRefused(message, refusal))
    else {
      addToFold(round.fold, message.folded)
      note(round, message.folded)
      events.push(toRawEvent(message.roundId, message.folded, message.place))
    }
  }
  return { events, rejected, touchedRounds: touched, duplicates }
}

export function toRawEvent(roundId: string, { id, type, checkId, text, event }: FoldedEvent, { partition, offset }: MessagePlace): RawEvent {
  return { id, roundId, type, checkId, time: event.time, text, partition, offset }
}

type Refusal = { reason: RejectReason; detail: string }

/**
 * A sealed round takes no more evidence once it holds as much as its seal speaks of. Until then it does: a topic that
 * lost some of it gets it again behind the seal, and the root decides whether it was the right one.
 */
function refusalOf(round: HeldRound, { id, type, text }: FoldedEvent): Refusal | 'duplicate' | null {
  const first = round.fold.events.get(id)
  if (first !== undefined) return first.text === text ? 'duplicate' : { reason: 'event_conflict', detail: 'an event of this id came before with other bytes' }
  const isSealed = round.sealCount !== null
  if (type === 'round.sealed.v1' && isSealed) return { reason: 'round_sealed', detail: 'the round has a seal' }
  if (!isRootedType(type)) return null
  if (type === 'round.opened.v1' && round.openedId !== null) return { reason: 'round_exists', detail: 'the round was opened before' }
  if (isSealed && round.rooted >= (round.sealCount ?? 0)) return { reason: 'round_sealed', detail: 'the round is sealed' }
  return null
}

function note(round: HeldRound, { id, type, event }: FoldedEvent): void {
  if (isRootedType(type)) round.rooted++
  if (type === 'round.opened.v1') round.openedId ??= id
  if (event.type === 'round.sealed.v1') round.sealCount = Math.max(round.sealCount ?? 0, event.data.count)
}

function copy(round: HeldRound | undefined): HeldRound {
  if (round === undefined) return emptyRound()
  return { ...round, fold: { events: new Map(round.fold.events), contradictory: new Set(round.fold.contradictory) } }
}

function toRefused({ place, roundId, folded }: ReadEvent, refusal: Refusal): Unreadable {
  return { isEvent: false, place, digest: sha256Digest(folded.text), ...refusal, eventId: folded.id, roundId }
}
