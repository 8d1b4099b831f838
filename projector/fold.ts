import type { EventType, EvidenceEvent } from '../schemas/event.ts'

/** One event of a round, parsed, with the exact bytes its leaf is made of. */
export type FoldedEvent = {
  readonly id: string
  readonly type: EventType
  readonly checkId: string | null
  readonly bytes: Uint8Array
  readonly event: EvidenceEvent
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

/** Adds events (canonical bytes, as a ledger returns them) to a fold in place, and returns it. */
export function foldEvents(fold: Fold, batch: Iterable<Uint8Array>): Fold {
  for (const bytes of batch) {
    const folded = toFoldedEvent(bytes)
    if (folded === null) {
      fold.contradictory.add('unreadable')
      continue
    }
    const known = fold.events.get(folded.id)
    if (known === undefined) {
      fold.events.set(folded.id, folded)
      continue
    }
    const order = Buffer.compare(folded.bytes, known.bytes)
    if (order !== 0) fold.contradictory.add(folded.id)
    // Keeping the lower bytes makes the choice independent of order; the round is a mismatch either way.
    if (order < 0) fold.events.set(folded.id, folded)
  }
  return fold
}

/** Bytes were validated when they were appended; null where they are no longer an event. */
function toFoldedEvent(bytes: Uint8Array): FoldedEvent | null {
  try {
    const event = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')) as EvidenceEvent
    return typeof event.id === 'string' && typeof event.type === 'string'
      ? { id: event.id, type: event.type, checkId: event.checkid ?? null, bytes, event }
      : null
  } catch {
    return null
  }
}
