import { hash } from 'node:crypto'
import { rmSync } from 'node:fs'
import type { DatabaseSync } from 'node:sqlite'
import { zstdCompressSync } from 'node:zlib'
import { inTransaction, migrate, openLedgerFile } from '../ledger/ledger-file.ts'
import { toLedgerError } from '../ledger/sqlite-error.ts'
import { canonicalDigest } from '../schemas/digest.ts'
import type { Snapshot } from '../schemas/snapshot.ts'
import type { ProjectionRebuild, ProjectionStore, ProjectionTables, RawEvent, RejectedMessage } from './projection-store.ts'
import { isUnderOwnPolicy } from './snapshot-rows.ts'
import { snapshotText } from './snapshot-text.ts'
import { HISTORY_COMPONENT, HISTORY_MIGRATIONS, writeHistoryRows } from './sqlite-history-tables.ts'

export const PROJECTION_COMPONENT = 'projection'
export const PROJECTION_MIGRATIONS: readonly string[] = [
  `CREATE TABLE projection_events(
    row INTEGER PRIMARY KEY, artifact_id TEXT NOT NULL, id TEXT NOT NULL, digest BLOB NOT NULL, type TEXT NOT NULL, check_id TEXT,
    time TEXT NOT NULL, partition INTEGER NOT NULL, "offset" TEXT NOT NULL, text TEXT NOT NULL, UNIQUE (artifact_id, id, digest)) STRICT;
  CREATE INDEX projection_events_by_time ON projection_events(time, id, digest, type);
  CREATE TABLE projection_rejected(
    partition INTEGER NOT NULL, "offset" TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL, digest TEXT NOT NULL,
    event_id TEXT, round_id TEXT, at TEXT NOT NULL, PRIMARY KEY (partition, "offset")) STRICT, WITHOUT ROWID;
  CREATE TABLE projection_snapshots(
    artifact_id TEXT NOT NULL, policy_version TEXT NOT NULL, is_final INTEGER NOT NULL, opened_at TEXT NOT NULL, digest TEXT NOT NULL,
    snapshot BLOB NOT NULL, PRIMARY KEY (artifact_id, policy_version)) STRICT`,
]

const PAGE_ROWS = 1000
const SAVE_SNAPSHOT = `INSERT INTO projection_snapshots VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET
  is_final = excluded.is_final, opened_at = excluded.opened_at, digest = excluded.digest, snapshot = excluded.snapshot
  WHERE excluded.is_final >= is_final`
const ROUND_PAGE = `SELECT id, digest, text FROM projection_events WHERE artifact_id = ? AND (id, digest) > (?, ?)
  ORDER BY id, digest LIMIT ${PAGE_ROWS}`
const REBUILT = ['projection_events', 'projection_snapshots', 'history_rounds', 'history_checks', 'history_keys', 'history_declarations']
const OPENED = `SELECT text FROM projection_events WHERE artifact_id = ? AND type = 'round.opened.v1'`

/**
 * The projector service's store in one SQLite file, for an estate that has Kafka but no ClickHouse. Promises and errors
 * as `ProjectionStore` says; the file is made where it is missing. A rebuild works in the file `<path>.rebuild`.
 */
export function openSqliteProjectionStore(path: string): ProjectionStore {
  const db = openTables(path)
  return { ...buildTables(db, db, path), startRebuild: async () => startRebuild(db, path) }
}

function openTables(path: string): DatabaseSync {
  const db = openLedgerFile({ path, mode: 'create' })
  guarded(path, () => {
    migrate(db, PROJECTION_COMPONENT, PROJECTION_MIGRATIONS)
    migrate(db, HISTORY_COMPONENT, HISTORY_MIGRATIONS)
  })
  return db
}

function guarded<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw toLedgerError(error, path)
  }
}

/** `kept`: where rejections go, which no rebuild makes again. */
function buildTables(db: DatabaseSync, kept: DatabaseSync, path: string): ProjectionTables {
  const write = (to: DatabaseSync, work: () => void): void => guarded(path, () => inTransaction(to, work))
  const readRounds = (roundIds: readonly string[]): AsyncIterable<readonly string[]> => readPages(db, roundIds, path)
  return {
    async saveEvents(events) {
      write(db, () => saveEvents(db, events))
    },
    async saveRejected(messages) {
      write(kept, () => saveRejected(kept, messages))
    },
    readRound: (roundId) => readRounds([roundId]),
    readRounds,
    async saveSnapshots(snapshots) {
      write(db, () => {
        for (const { snapshot, isFinal } of snapshots) saveSnapshot(db, snapshot, isFinal)
      })
    },
    async roundIds() {
      const rows = guarded(path, () => db.prepare('SELECT DISTINCT artifact_id FROM projection_events ORDER BY artifact_id').all())
      return rows.map((row) => String(row.artifact_id))
    },
    async close() {
      if (db.isOpen) db.close()
    },
  }
}

async function* readPages(db: DatabaseSync, roundIds: readonly string[], path: string): AsyncIterable<readonly string[]> {
  const select = guarded(path, () => db.prepare(ROUND_PAGE))
  for (const roundId of new Set(roundIds)) {
    for (let after = { id: '', digest: new Uint8Array() }; ; ) {
      const page = guarded(path, () => select.all(roundId, after.id, after.digest))
      if (page.length > 0) yield page.map((row) => String(row.text))
      if (page.length < PAGE_ROWS) break
      after = { id: String(page.at(-1)?.id), digest: page.at(-1)?.digest as Uint8Array<ArrayBuffer> }
    }
  }
}

/** Unlike ClickHouse's, this swap is whole or not at all. */
function startRebuild(db: DatabaseSync, path: string): ProjectionRebuild {
  const file = `${path}.rebuild`
  const drop = (): void => {
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true })
  }
  drop()
  const fresh = openTables(file)
  const close = (): void => {
    if (fresh.isOpen) fresh.close()
  }
  return {
    ...buildTables(fresh, db, path),
    async swap() {
      close()
      guarded(path, () => {
        db.prepare('ATTACH ? AS rebuilt').run(file)
        try {
          inTransaction(db, () => {
            for (const table of REBUILT) db.exec(`DELETE FROM main.${table}; INSERT INTO main.${table} SELECT * FROM rebuilt.${table}`)
          })
        } finally {
          db.exec('DETACH rebuilt')
        }
      })
    },
    async close() {
      close()
      drop()
    },
  }
}

function saveRejected(db: DatabaseSync, messages: readonly RejectedMessage[]): void {
  const insert = db.prepare('INSERT OR IGNORE INTO projection_rejected VALUES (?, ?, ?, ?, ?, ?, ?, ?)')
  for (const one of messages) insert.run(one.partition, one.offset, one.reason, one.detail, one.digest, one.eventId, one.roundId, one.at)
}

function saveEvents(db: DatabaseSync, events: readonly RawEvent[]): void {
  const insert = db.prepare(
    'INSERT OR IGNORE INTO projection_events(artifact_id, id, digest, type, check_id, time, partition, "offset", text) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
  )
  for (const one of events) {
    insert.run(one.roundId, one.id, hash('sha256', one.text, 'buffer'), one.type, one.checkId, one.time, one.partition, one.offset, one.text)
  }
}

function saveSnapshot(db: DatabaseSync, snapshot: Snapshot, isFinal: boolean): void {
  const { artifact_id: id, policy_version: policy } = snapshot
  const text = snapshotText(snapshot)
  db.prepare(SAVE_SNAPSHOT).run(id, policy, isFinal ? 1 : 0, snapshot.opened_at, canonicalDigest(snapshot), zstdCompressSync(text))
  if (!isFinal) return
  const opened = db.prepare(OPENED).all(id)
  const isOwn = isUnderOwnPolicy(
    snapshot,
    opened.map((row) => String(row.text)),
  )
  if (isOwn) writeHistoryRows(db, snapshot, text)
}
