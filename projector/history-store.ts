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
export type EventRow = { id: string; roundId: string; type: string; checkId: string | null; time: string; text: string }
export type Change = { artifactId: string; openedAt: string; value: string }
export type DeclarationRow = { declaration: string; policyVersion: string; firstAllowedAt: string; lastAllowedAt: string; rounds: number }
export type CheckRow = { artifactId: string; openedAt: string; checkId: string; status: string; warningClass: string | null; reasons: readonly string[] }
export type DayCount = { day: string; type: string; count: number }
/** `after`: the cursor of the page before; `next`: null on the last page. */
export type Page<T> = { rows: readonly T[]; next: string | null }
export type PageRequest = { limit: number; after: string | null }

/**
 * Questions about many rounds. The same questions give the same answers on every store, byte for byte in canonical JSON;
 * `test/projector/history-suite.ts` asks them of each. Answers come from final snapshots under the policy each round was
 * opened with, unless a policy is named, and from events. Order is part of every answer and never depends on arrival.
 * Throws `ledger_unavailable`, and `usage` for a cursor that is none of its own.
 */
export interface HistoryStore {
  /** Newest first, then by id. */
  rounds(filter: Partial<TimeRange> & { estate?: string; overall?: string }, page: PageRequest): Promise<Page<RoundRow>>
  /** In (time, id) order. */
  eventsOf(roundId: string, page: PageRequest): Promise<Page<EventRow>>
  /** One summary key over time, only its changes, oldest first. */
  keyChanges(estate: string, key: string, range: TimeRange): Promise<readonly Change[]>
  /** One check's status over time, only its changes, oldest first. */
  checkChanges(estate: string, checkId: string, range: TimeRange): Promise<readonly Change[]>
  /** Declarations that were ever allowed, and under which policy version. */
  everAllowed(estate: string, range: TimeRange): Promise<readonly DeclarationRow[]>
  /** The last round of an estate that was opened at or before a moment; null where there is none. */
  asOf(estate: string, moment: string): Promise<Snapshot | null>
  /** Every round in which a check was not PASS, newest first. */
  notPassed(estate: string, checkId: string, range: TimeRange, page: PageRequest): Promise<Page<CheckRow>>
  /** Events whose text holds these words (case-sensitive substring), newest first. */
  search(text: string, range: TimeRange, page: PageRequest): Promise<Page<EventRow>>
  /** Events by type and UTC day, by day and then type. */
  countsByDay(range: TimeRange): Promise<readonly DayCount[]>
}
