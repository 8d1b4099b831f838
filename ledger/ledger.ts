import type { EncodedEvent } from '../schemas/event.ts'

/** One event as the ledger holds it. The UTF-8 of `text` is exactly the bytes that were appended. */
export type StoredEvent = { readonly position: number; readonly id: string; readonly text: string }

/** `appended`: new events of this call; `duplicates`: events that were already there with the same bytes. */
export type AppendResult = { appended: number; duplicates: number; lastPosition: number }

/**
 * What reads one round: all its events and the decisions beside it, by their texts, in pages. A ledger is one; a store of
 * history is another, whose order may differ: a round does not depend on it.
 *
 * `version`, where it can be told cheaply: a text that is another one whenever anything may have been committed since, by
 * whomever. While it is the same, reading again gives the same.
 */
export type RoundReader = {
  readRound(roundId: string): AsyncIterable<readonly Pick<StoredEvent, 'id' | 'text'>[]>
  version?(): Promise<string>
}

/** `rounds` counts subjects that were opened. */
export type LedgerStats = { events: number; rounds: number; sealedRounds: number; lastPosition: number; bytes: number }

/**
 * The append-only log of all events. Every adapter promises, and `test/ledger/ledger-suite.ts` checks on each:
 *
 * - **Durability.** When `append` resolves, its events survive `kill -9` and power loss.
 * - **Atomicity.** A batch is there whole or not at all; a rejected batch changed nothing.
 * - **Order.** Positions start at 1, are contiguous, follow append order and are never reissued.
 * - **Idempotency.** An id that is already there with the same bytes is a quiet success (a `duplicate`); with other
 *   bytes the batch is refused with `event_conflict`. After an unclear failure the caller appends the same batch again.
 *   Duplicates are looked at before the rules of rounds, so they stay a success after the seal.
 * - **Open rounds.** `round.opened` comes once (`round_exists`) and before the evidence and the seal of its round, in an
 *   earlier batch or earlier in the same one (`event_invalid`). Decisions are taken for any round.
 * - **Closed rounds.** After `round.sealed` a round takes no more rooted events and no second seal: `round_sealed`.
 *   Decisions (guard, packets, preflight, review, escrow) are still taken. A seal that does not fit its round is kept:
 *   it is evidence too, and the projector and `verifyLedger` say so.
 * - **Consistency.** A read that starts after an `append` resolved sees it. Readers never see part of a batch.
 * - **Concurrency.** Several processes may append and read at once; writers wait for each other. Appends on one handle
 *   take effect in the order of their calls, awaited or not.
 * - **Errors.** `event_conflict`, `round_sealed`, `round_exists`, `event_invalid` (the caller's fault, exit 2);
 *   `ledger_unavailable`, `ledger_full`, `ledger_corrupt`, `ledger_newer` (exit 3). Nothing is retried silently.
 */
export interface Ledger {
  append(events: readonly EncodedEvent[]): Promise<AppendResult>
  /** All events of one round and the decisions beside it, in position order, in pages. Empty where there are none. */
  readRound(roundId: string): AsyncIterable<readonly StoredEvent[]>
  /**
   * All events of `REVIEW_TYPES`, of whatever round, in position order, in pages, up to what was there at the call. An
   * adapter that is not sure to have all of them throws `ledger_corrupt`. An index may make it cheap; who rests a verdict on
   * what is not among them looks into the round as well (docs/decisions/0046).
   */
  readReviews(): AsyncIterable<readonly StoredEvent[]>
  /** All events after a position (0: from the start), in position order, in pages, up to what was there at the call. */
  readAll(afterPosition: number): AsyncIterable<readonly StoredEvent[]>
  /** As `readAll`, then waits for more until the signal aborts. */
  follow(afterPosition: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]>
  /** Ids of rounds in order of their first event, newest last. A subject that was never opened is no round (escrow markers). */
  roundIds(): Promise<readonly string[]>
  stats(): Promise<LedgerStats>
  /** See `RoundReader`. */
  version?(): Promise<string>
  close(): Promise<void>
}
