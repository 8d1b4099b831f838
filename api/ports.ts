import type { Ledger, RoundReader } from '../ledger/ledger.ts'
import type { HistoryStore } from '../projector/history-store.ts'
import type { SnapshotStore } from '../projector/snapshot-store.ts'
import type { AccessPort } from './access/access-port.ts'
import type { AuditTrail } from './access/audit-trail.ts'
import type { ApiMetrics } from './metrics.ts'

/** An estate that was named at the start (`--estate FILE`); it is read anew for each round. */
export type NamedEstate = { readonly id: string; readonly file: string }

/**
 * Everything the service works on; `open-ports.ts` chooses the adapters, tests may put in others.
 *
 * - `ledger`: where events are appended, and what live readers follow;
 * - `rounds`, `snapshots`, `history`: where questions are answered from. On the local file that is the ledger itself, and
 *   `history` is brought up to it before each question; else ClickHouse, which the projector brings up to date;
 * - `ledgerFile`: the SQLite file under `ledger`, for proofs over the whole of it; null where that is Kafka;
 * - `source`: URI of this process as a producer of events.
 */
export type ApiPorts = {
  readonly ledger: Ledger
  readonly rounds: RoundReader
  readonly snapshots: SnapshotStore
  readonly history: HistoryStore
  readonly ledgerFile: string | null
  readonly estates: readonly NamedEstate[]
  readonly access: AccessPort
  readonly audit: AuditTrail
  readonly metrics: ApiMetrics
  readonly source: string
  readonly now: () => Date
  readonly newId: () => string
}
