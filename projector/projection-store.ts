import type { ErrorCode } from '../schemas/errors.ts'
import type { Snapshot } from '../schemas/snapshot.ts'

/** One event as it came from the topic: its canonical text and where it was; partition -1, offset "0": from a rebuild without the topic. */
export type RawEvent = {
  readonly id: string
  readonly roundId: string
  readonly type: string
  readonly checkId: string | null
  readonly time: string
  readonly text: string
  readonly partition: number
  readonly offset: string
}

/** A message that could not be taken. Never holds the message itself: it may be what must not be stored. */
export type RejectedMessage = {
  readonly partition: number
  readonly offset: string
  readonly reason: ErrorCode | 'not_json'
  readonly detail: string
  readonly digest: string
  readonly eventId: string | null
  readonly roundId: string | null
  readonly at: string
}

/**
 * Where the projector service keeps what it took from the topic and what it concluded.
 *
 * - **Durable** when a call resolves: it survives `kill -9` of the store.
 * - **Idempotent**: saving the same events (by id and text), rejections (by partition and offset) or snapshots (by round,
 *   policy version and digest) again changes no answer, also when the first call was done but reported as failed.
 *   Deduplication never waits for a background merge.
 * - **Contradictions are kept**: an id that comes with other text is stored beside the first one, so that folding the
 *   round finds it.
 * - **Order**: the caller saves events, then rejections, then snapshots, and only then commits offsets.
 * - Throws `ledger_unavailable` where the store cannot be reached or answers too late; nothing is retried silently.
 */
export interface ProjectionTables {
  saveEvents(events: readonly RawEvent[]): Promise<void>
  saveRejected(messages: readonly RejectedMessage[]): Promise<void>
  /** All events of a round, decisions included, each content once, in pages; nothing is promised about their order. */
  readRound(roundId: string): AsyncIterable<readonly string[]>
  /** As `readRound`, for up to 100 rounds in one question: the texts of all of them, mixed. */
  readRounds(roundIds: readonly string[]): AsyncIterable<readonly string[]>
  /** `isFinal`: the round is sealed and its root was proved. A final snapshot is never replaced by one that is not. */
  saveSnapshots(snapshots: readonly { snapshot: Snapshot; isFinal: boolean }[]): Promise<void>
  roundIds(): Promise<readonly string[]>
  close(): Promise<void>
}

export interface ProjectionStore extends ProjectionTables {
  /**
   * Empty tables of events and of everything concluded from them, beside the ones in use (`evidence project --rebuild`).
   * What an unfinished rebuild left is dropped first. Rejections cannot be made again without the topic: `saveRejected`
   * of a rebuild adds to the ones in use. The caller sees to it that nothing else writes meanwhile.
   */
  startRebuild(): Promise<ProjectionRebuild>
}

/** `close` without `swap` drops the new tables and leaves the ones in use as they were. */
export interface ProjectionRebuild extends ProjectionTables {
  /** Puts the new tables in the place of the ones in use. A crash during it leaves the old or the new ones, per table, and `startRebuild` again is the cure. */
  swap(): Promise<void>
}
