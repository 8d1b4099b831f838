import type { DatabaseSync } from 'node:sqlite'
import { inTransaction, type LedgerFile, migrate, openLedgerFile } from './ledger-file.ts'
import { guardSqlite, toLedgerError } from './sqlite-error.ts'

/**
 * What the relay last saw of a partition: where it began, up to where it was written, and the hash of the message just
 * before that. A topic that was cut, emptied or made anew does not fit.
 */
export type RelayMark = { readonly partition: number; readonly low: string; readonly next: string; readonly lastHash: string }

/** How far one target is. `isVerified` is false from the moment a loss was suspected until all of it is there again. */
export type RelayProgress = { readonly position: number; readonly isVerified: boolean; readonly marks: readonly RelayMark[] }

export type RelayTarget = { readonly target: string; readonly position: number }

const COMPONENT = 'relay'
const MIGRATIONS = [
  `CREATE TABLE relay_targets(target TEXT PRIMARY KEY, position INTEGER NOT NULL, is_verified INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE relay_marks(
    target TEXT NOT NULL, partition INTEGER NOT NULL, low TEXT NOT NULL, next TEXT NOT NULL, last_hash TEXT NOT NULL,
    PRIMARY KEY (target, partition)) STRICT, WITHOUT ROWID`,
]

// Two relays may run at once; the one that is behind must not set the other one back.
const SAVE_TARGET = `INSERT INTO relay_targets VALUES (?, ?, ?)
  ON CONFLICT DO UPDATE SET position = max(position, excluded.position), is_verified = excluded.is_verified`
const SAVE_MARK = 'INSERT OR REPLACE INTO relay_marks VALUES (?, ?, ?, ?, ?)'

/** How far the relay is, in tables of its own in the ledger's file. A `save` that returned survives power loss. */
export interface RelayState {
  load(target: string): RelayProgress
  save(target: string, progress: RelayProgress): void
  close(): void
}

/** Opens an existing ledger file. Throws as `openLedgerFile`. */
export function openRelayState(path: string): RelayState {
  const db = openLedgerFile({ path, mode: 'existing' })
  const guarded = guardSqlite(path)
  guarded(() => migrate(db, COMPONENT, MIGRATIONS))
  return {
    load: (target) => guarded(() => loadProgress(db, target)),
    save: (target, progress) => guarded(() => inTransaction(db, () => saveProgress(db, target, progress))),
    close: () => db.close(),
  }
}

function loadProgress(db: DatabaseSync, target: string): RelayProgress {
  const row = db.prepare('SELECT position, is_verified FROM relay_targets WHERE target = ?').get(target)
  const marks = db.prepare('SELECT partition, low, next, last_hash AS lastHash FROM relay_marks WHERE target = ? ORDER BY partition').all(target)
  return { position: Number(row?.position ?? 0), isVerified: row === undefined || row.is_verified === 1, marks: marks as RelayMark[] }
}

function saveProgress(db: DatabaseSync, target: string, { position, isVerified, marks }: RelayProgress): void {
  db.prepare(SAVE_TARGET).run(target, position, isVerified ? 1 : 0)
  const saveMark = db.prepare(SAVE_MARK)
  for (const { partition, low, next, lastHash } of marks) saveMark.run(target, partition, low, next, lastHash)
}

/** Every target this ledger was relayed to, and how far; empty where it never was. Does not write. */
export function readRelayTargets(file: LedgerFile): readonly RelayTarget[] {
  const db = openLedgerFile({ ...file, mode: 'readonly' })
  try {
    if (db.prepare('SELECT 1 FROM schema_version WHERE component = ?').get(COMPONENT) === undefined) return []
    return db.prepare('SELECT target, position FROM relay_targets ORDER BY target').all() as RelayTarget[]
  } catch (error) {
    throw toLedgerError(error, file.path)
  } finally {
    db.close()
  }
}
