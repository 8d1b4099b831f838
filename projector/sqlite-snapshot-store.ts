import type { DatabaseSync } from 'node:sqlite'
import { assertMigrated, inTransaction, type LedgerFile, migrate, openLedgerFile } from '../ledger/ledger-file.ts'
import { guardSqlite } from '../ledger/sqlite-error.ts'
import { canonicalDigest } from '../schemas/digest.ts'
import { Snapshot } from '../schemas/snapshot.ts'
import { isFinalSnapshot, isUnderOwnPolicy } from './snapshot-rows.ts'
import type { SnapshotRow, SnapshotStore } from './snapshot-store.ts'
import { snapshotText } from './snapshot-text.ts'
import { HISTORY_COMPONENT, HISTORY_MIGRATIONS, removeHistoryRows, writeHistoryRows } from './sqlite-history-tables.ts'

const COMPONENT = 'snapshots'
const MIGRATIONS = [
  `CREATE TABLE snapshots(
    artifact_id TEXT NOT NULL, policy_version TEXT NOT NULL, opened_at TEXT NOT NULL, integrity TEXT NOT NULL,
    overall TEXT NOT NULL, digest TEXT NOT NULL, snapshot TEXT NOT NULL, PRIMARY KEY (artifact_id, policy_version)) STRICT;
  CREATE INDEX snapshots_by_time ON snapshots(opened_at DESC, artifact_id)`,
]

const OPENED = 'SELECT CAST(payload AS TEXT) AS text FROM events WHERE position = (SELECT opened FROM rounds WHERE subject = ?)'
const LIST = `SELECT artifact_id AS artifactId, policy_version AS policyVersion, opened_at AS openedAt, integrity, overall, digest AS snapshotDigest
  FROM snapshots ORDER BY opened_at DESC, artifact_id, policy_version LIMIT ?`

/**
 * The snapshot store in the ledger's own SQLite file, in tables of its own; saving also keeps the rows of history
 * (`sqlite-history-store.ts`). `withdraw` takes those of a round away, where it is found not to be what was sealed. Throws as
 * `SnapshotStore` says.
 */
export function openSqliteSnapshotStore(file: LedgerFile): SnapshotStore & { withdraw(roundId: string): Promise<void>; close(): void } {
  const db = openLedgerFile(file)
  const guarded = guardSqlite(file.path)
  guarded(() => {
    if (file.mode === 'readonly') return assertMigrated(db, COMPONENT, MIGRATIONS)
    migrate(db, COMPONENT, MIGRATIONS)
    migrate(db, HISTORY_COMPONENT, HISTORY_MIGRATIONS)
  })
  return {
    async save(snapshot) {
      const { artifact_id: id, policy_version: policy } = snapshot
      const text = snapshotText(snapshot)
      const row = [snapshot.opened_at, snapshot.evidence.integrity, snapshot.summary.OVERALL_DECLARATION ?? 'unknown', canonicalDigest(snapshot), text]
      guarded(() =>
        inTransaction(db, () => {
          db.prepare('INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?)').run(id, policy, ...row)
          if (countsInHistory(db, snapshot)) writeHistoryRows(db, snapshot, text)
        }),
      )
    },
    async withdraw(roundId) {
      guarded(() => inTransaction(db, () => removeHistoryRows(db, roundId)))
    },
    async load(artifactId, policyVersion) {
      const row = guarded(() => db.prepare('SELECT snapshot FROM snapshots WHERE artifact_id = ? AND policy_version = ?').get(artifactId, policyVersion))
      return row === undefined ? null : Snapshot.parse(JSON.parse(String(row.snapshot)))
    },
    async list({ limit }) {
      return guarded(() => db.prepare(LIST).all(limit)) as SnapshotRow[]
    },
    close() {
      db.close()
    },
  }
}

/** Final, and under the policy its round was opened with: what a rejudged round says stays out of history. */
function countsInHistory(db: DatabaseSync, snapshot: Snapshot): boolean {
  if (!isFinalSnapshot(snapshot)) return false
  const hasLedger = db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'rounds'`).get() !== undefined
  const opened = hasLedger ? db.prepare(OPENED).all(snapshot.artifact_id) : []
  return isUnderOwnPolicy(
    snapshot,
    opened.map((row) => String(row.text)),
  )
}
