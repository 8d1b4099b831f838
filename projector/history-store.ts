import type { Snapshot } from '../schemas/snapshot.ts'

/** An ISO time range, both ends included; RFC 3339 UTC with milliseconds. */
export type TimeRange = { readonly from: string; readonly to: string }
export type RoundRow = {
  artifactId: string
  estate: string
  openedAt: string
  sealedAt: string | null
  policyVersion: string
  overall: string
  integrity: string
  snapshotDigest: string
}
/** `lastOpenedAt`, `lastOverall`: of the round that `rounds` lists first. */
export type EstateRow = { id: string; lastOpenedAt: string; lastOverall: string; rounds: number }
/** A round that no final snapshot tells of: it is open, or its root is a mismatch. */
export type UnfinishedRow = { artifactId: string; openedAt: string }
export type EventRow = { id: string; roundId: string; type: string; checkId: string | null; time: string; text: string }
export type Change = { artifactId: string; openedAt: string; value: string }
export type DeclarationRow = { declaration: string; policyVersion: string; firstAllowedAt: string; lastAllowedAt: string; rounds: number }
export type CheckRow = { artifactId: string; openedAt: string; checkId: string; status: string; warningClass: string | null; reasons: readonly string[] }
export type DayCount = { day: string; type: string; count: number }
export type RejectedRow = {
  partition: number
  offset: string
  reason: string
  detail: string
  digest: string
  eventId: string | null
  roundId: string | null
  at: string
}
/** `after`: the cursor of the page before, with the same arguments; `next`: null on the last page. `limit`: 1 to 10,000. */
export type Page<T> = { rows: readonly T[]; next: string | null }
export type PageRequest = { limit: number; after: string | null }

/**
 * Questions about many rounds. The same questions give the same answers on every store, byte for byte in canonical JSON;
 * `test/projector/history-suite.ts` asks them of each.
 *
 * - **From what.** Final snapshots (sealed, and the root proved) under the policy each round was opened with, and events.
 *   Of several such snapshots of one round the one saved last. A round that is still open, or whose root is a mismatch,
 *   is only in `unfinished`, in no other answer about rounds, keys, checks and declarations; its events are in the answers about events.
 * - **Order** is part of every answer and never depends on arrival: ids by their bytes, rounds opened at the same
 *   moment by id, an event id that came with two contents by the SHA-256 of its text.
 * - **Pages** go on where the one before ended, whatever was saved meanwhile: nothing twice, nothing left out that was
 *   there before the first.
 * - **Consistency.** A question asked after a save resolved sees it.
 * - Throws `ledger_unavailable`; `usage` for a cursor that is none of this question's, a limit out of range, a time that
 *   is not RFC 3339 UTC with milliseconds, or an empty search.
 */
export interface HistoryStore {
  /** Newest first, then by id. Both ends of the range count, as everywhere. */
  rounds(filter: Partial<TimeRange> & { estate?: string; overall?: string; integrity?: string }, page: PageRequest): Promise<Page<RoundRow>>
  /** Estates that `rounds` tells of, by id. */
  estates(): Promise<readonly EstateRow[]>
  /** Rounds that were opened and are not in `rounds`, newest first, then by id. */
  unfinished(page: PageRequest): Promise<Page<UnfinishedRow>>
  /** In (time, id) order. */
  eventsOf(roundId: string, page: PageRequest): Promise<Page<EventRow>>
  /** One summary key over time, only its changes, oldest first: the first value in the range, then each that differs from the round before. */
  keyChanges(estate: string, key: string, range: TimeRange): Promise<readonly Change[]>
  /** One check's status over time, only its changes, oldest first, as `keyChanges`. */
  checkChanges(estate: string, checkId: string, range: TimeRange): Promise<readonly Change[]>
  /** Declarations that were ever allowed, and under which policy version; by name and then version. */
  everAllowed(estate: string, range: TimeRange): Promise<readonly DeclarationRow[]>
  /** The last round of an estate that was opened at or before a moment (of several, the one `rounds` lists first); null where there is none. */
  asOf(estate: string, moment: string): Promise<Snapshot | null>
  /** Every round in which a check was not PASS, newest first, then by id. */
  notPassed(estate: string, checkId: string, range: TimeRange, page: PageRequest): Promise<Page<CheckRow>>
  /** Events whose canonical text holds these words (case-sensitive substring, no wildcards), newest first, then by id downwards. */
  search(text: string, range: TimeRange, page: PageRequest): Promise<Page<EventRow>>
  /** Events by type and UTC day, by day and then type. */
  countsByDay(range: TimeRange): Promise<readonly DayCount[]>
  /** Messages of the topic that could not be taken, by partition and offset. A ledger on its own has none. */
  rejected(page: PageRequest): Promise<Page<RejectedRow>>
  close(): Promise<void>
}
