import { assertMigrated, inTransaction, type LedgerFile, migrate, openLedgerFile } from '../ledger/ledger-file.ts'
import { toLedgerError } from '../ledger/sqlite-error.ts'
import { canonicalJson } from '../schemas/canonical-json.ts'
import { canonicalDigest } from '../schemas/digest.ts'
import { Snapshot } from '../schemas/snapshot.ts'
import type { SnapshotRow, SnapshotStore } from './snapshot-store.ts'

const COMPONENT = 'snapshots'
const MIGRATIONS = [
  `CREATE TABLE snapshots(
    artifact_id TEXT NOT NULL, policy_version TEXT NOT NULL, opened_at TEXT NOT NULL, integrity TEXT NOT NULL,
    overall TEXT NOT NULL, digest TEXT NOT NULL, snapshot TEXT NOT NULL, PRIMARY KEY (artifact_id, policy_version)) STRICT;
  CREATE INDEX snapshots_by_time ON snapshots(opened_at DESC, artifact_id)`,
]

const LIST = `SELECT artifact_id AS artifactId, policy_version AS policyVersion, opened_at AS openedAt, integrity, overall, digest AS snapshotDigest
  FROM snapshots ORDER BY opened_at DESC, artifact_id, policy_version LIMIT ?`

/** The snapshot store in the ledger's own SQLite file, in tables of its own. Throws as `SnapshotStore` says. */
export function openSqliteSnapshotStore(file: LedgerFile): SnapshotStore & { close(): void } {
  const db = openLedgerFile(file)
  const guarded = <T>(work: () => T): T => {
    try {
      return work()
    } catch (error) {
      throw toLedgerError(error, file.path)
    }
  }
  guarded(() => (file.mode === 'readonly' ? assertMigrated(db, COMPONENT, MIGRATIONS) : migrate(db, COMPONENT, MIGRATIONS)))
  return {
    async save(snapshot) {
      const row = [
        snapshot.opened_at,
        snapshot.evidence.integrity,
        snapshot.summary.OVERALL_DECLARATION ?? 'unknown',
        canonicalDigest(snapshot),
        canonicalJson(snapshot),
      ]
      guarded(() =>
        inTransaction(db, () =>
          db.prepare('INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?)').run(snapshot.artifact_id, snapshot.policy_version, ...row),
        ),
      )
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
