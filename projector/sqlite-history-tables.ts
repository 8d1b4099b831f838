import type { DatabaseSync } from 'node:sqlite'
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import { Snapshot } from '../schemas/snapshot.ts'
import { toSnapshotRows } from './snapshot-rows.ts'

export const HISTORY_COMPONENT = 'history'

/**
 * The rows of final snapshots under each round's own policy. All of it can be made again from the events
 * (`fillHistory`). `snapshot` is its canonical JSON, compressed with zstd. Keys start with what a question names, then time, then the round.
 */
export const HISTORY_MIGRATIONS: readonly string[] = [
  `CREATE TABLE history_rounds(
    artifact_id TEXT PRIMARY KEY, estate TEXT NOT NULL, opened_at TEXT NOT NULL, sealed_at TEXT, policy_version TEXT NOT NULL,
    overall TEXT NOT NULL, integrity TEXT NOT NULL, digest TEXT NOT NULL, snapshot BLOB NOT NULL) STRICT;
  CREATE INDEX history_rounds_by_time ON history_rounds(opened_at DESC, artifact_id);
  CREATE INDEX history_rounds_by_estate ON history_rounds(estate, opened_at DESC, artifact_id);
  CREATE TABLE history_checks(
    estate TEXT NOT NULL, check_id TEXT NOT NULL, opened_at TEXT NOT NULL, artifact_id TEXT NOT NULL,
    status TEXT NOT NULL, warning_class TEXT, reasons TEXT NOT NULL,
    PRIMARY KEY (estate, check_id, opened_at, artifact_id)) STRICT, WITHOUT ROWID;
  CREATE INDEX history_checks_of_round ON history_checks(artifact_id);
  CREATE TABLE history_keys(
    estate TEXT NOT NULL, key TEXT NOT NULL, opened_at TEXT NOT NULL, artifact_id TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (estate, key, opened_at, artifact_id)) STRICT, WITHOUT ROWID;
  CREATE INDEX history_keys_of_round ON history_keys(artifact_id);
  CREATE TABLE history_declarations(
    estate TEXT NOT NULL, declaration TEXT NOT NULL, policy_version TEXT NOT NULL, opened_at TEXT NOT NULL, artifact_id TEXT NOT NULL,
    PRIMARY KEY (estate, declaration, policy_version, opened_at, artifact_id)) STRICT, WITHOUT ROWID;
  CREATE INDEX history_declarations_of_round ON history_declarations(artifact_id)`,
]

export const HISTORY_TABLES = ['history_rounds', 'history_checks', 'history_keys', 'history_declarations']

/** Puts a final snapshot's rows in the place of those its round had. The caller holds the transaction. */
export function writeHistoryRows(db: DatabaseSync, snapshot: Snapshot, text: string): void {
  const { round, checks, keys, allowed } = toSnapshotRows(snapshot)
  const { artifactId, estate, openedAt } = round
  const known = db.prepare('SELECT digest FROM history_rounds WHERE artifact_id = ?').get(artifactId)
  if (known?.digest === round.snapshotDigest) return
  if (known !== undefined) removeHistoryRows(db, artifactId)
  db.prepare('INSERT INTO history_rounds VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)').run(
    artifactId,
    estate,
    openedAt,
    round.sealedAt,
    round.policyVersion,
    round.overall,
    round.integrity,
    round.snapshotDigest,
    zstdCompressSync(text),
  )
  const insertCheck = db.prepare('INSERT INTO history_checks VALUES (?, ?, ?, ?, ?, ?, ?)')
  for (const one of checks) insertCheck.run(estate, one.checkId, openedAt, artifactId, one.status, one.warningClass, JSON.stringify(one.reasons))
  const insertKey = db.prepare('INSERT INTO history_keys VALUES (?, ?, ?, ?, ?)')
  for (const { key, value } of keys) insertKey.run(estate, key, openedAt, artifactId, value)
  const insertDeclaration = db.prepare('INSERT INTO history_declarations VALUES (?, ?, ?, ?, ?)')
  for (const name of allowed) insertDeclaration.run(estate, name, round.policyVersion, openedAt, artifactId)
}

/** The caller holds the transaction. */
export function removeHistoryRows(db: DatabaseSync, artifactId: string): void {
  for (const table of HISTORY_TABLES) db.prepare(`DELETE FROM ${table} WHERE artifact_id = ?`).run(artifactId)
}

/** The snapshot of a row of `history_rounds`. */
export function readHistorySnapshot(compressed: Uint8Array): Snapshot {
  return Snapshot.parse(JSON.parse(zstdDecompressSync(compressed).toString('utf8')))
}
