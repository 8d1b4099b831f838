import type { EventType, EvidenceEvent } from '../schemas/event.ts'

/** One event of a round, parsed, with the exact text its leaf is made of. */
export type FoldedEvent = {
  readonly id: string
  readonly type: EventType
  readonly checkId: string | null
  readonly text: string
  readonly event: EvidenceEvent
  /** The event was read from this very text and fits its schema; false where nobody looked. */
  readonly isChecked: boolean
}

/**
 * Everything known about one round, as a set keyed by event id: a second copy changes nothing, order of arrival changes
 * nothing, and folding a prefix and then the rest equals folding the whole (contract §2).
 */
export type Fold = {
  readonly events: Map<string, FoldedEvent>
  /** Ids that came with two different contents, and `unreadable` for bytes that are no event: somebody tampered. */
  readonly contradictory: Set<string>
}

export function emptyFold(): Fold {
  return { events: new Map(), contradictory: new Set() }
}

/** Adds events (canonical texts, as a ledger returns them) to a fold in place, and returns it. */
export function foldEvents(fold: Fold, batch: Iterable<string>): Fold {
  for (const text of batch) addToFold(fold, toFoldedEvent(text))
  return fold
}

/** Adds one event; null is what is left of an unreadable one. */
export function addToFold(fold: Fold, folded: FoldedEvent | null): void {
  if (folded === null) {
    fold.contradictory.add('unreadable')
    return
  }
  const known = fold.events.get(folded.id)
  if (known === undefined) {
    fold.events.set(folded.id, folded)
    return
  }
  if (folded.text !== known.text) fold.contradictory.add(folded.id)
  // Keeping the lower text makes the choice independent of order; the round is a mismatch either way.
  if (folded.text < known.text) fold.events.set(folded.id, folded)
}

/** Not checked: events were when they were appended, and are again when they are judged. Null where a text is no longer one. */
export function toFoldedEvent(text: string): FoldedEvent | null {
  try {
    const event = JSON.parse(text) as EvidenceEvent
    return typeof event.id === 'string' && typeof event.type === 'string'
      ? { id: event.id, type: event.type, checkId: event.checkid ?? null, text, event, isChecked: false }
      : null
  } catch {
    return null
  }
}
