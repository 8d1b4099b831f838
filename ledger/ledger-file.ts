import { accessSync, closeSync, constants, fsyncSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { EvidenceError } from '../schemas/errors.ts'
import { isBusy, ledgerCorrupt, sqliteCode, toLedgerError } from './sqlite-error.ts'

/** `create`: made where it is missing; `existing`: must be there; `readonly`: must be there and is not written. */
export type LedgerFileMode = 'create' | 'existing' | 'readonly'
export type LedgerFile = { path: string; mode: LedgerFileMode }

/** How long a reader or a writer waits for another process's lock. */
export const BUSY_TIMEOUT_MS = 5000

/** `EVLG` in PRAGMA application_id marks our files, so that another program's database is never written to. */
const APPLICATION_ID = 0x45564c47
const WAL_RETRY_MS = 5
const CANTOPEN = 14
const NEW_FILE_MODE = 0o600

const COMPONENTS_SQL = `CREATE TABLE schema_version(component TEXT PRIMARY KEY, version INTEGER NOT NULL) STRICT, WITHOUT ROWID;
PRAGMA application_id = ${APPLICATION_ID}`

/**
 * Opens the SQLite file that holds a ledger and what was derived from it; each owner of tables then calls `migrate`
 * (or `assertMigrated` on a `readonly` file). A new file is readable by its owner only (0600).
 *
 * WAL with `synchronous = FULL`: a commit that returned survives power loss. `recursive_triggers`: a REPLACE on this
 * connection fires the triggers that refuse deletes.
 * Throws `ledger_missing`, `ledger_unavailable`, `ledger_corrupt` (also: not our file) or `ledger_full`.
 */
export function openLedgerFile(file: LedgerFile): DatabaseSync {
  const path = resolve(file.path)
  try {
    if (file.mode === 'create') createIfMissing(path)
    else assertHoldsSomething(path)
    return file.mode === 'readonly' ? openForReading(path) : openForWriting(path)
  } catch (error) {
    throw toLedgerError(error, path)
  }
}

function createIfMissing(path: string): void {
  try {
    closeSync(openSync(path, 'wx', NEW_FILE_MODE))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw error
  }
  // The name of the new file must survive power loss as well as its contents.
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** An empty file is what a creation leaves that was killed at once; there is no ledger in it. */
function assertHoldsSomething(path: string): void {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size > 0) return
  throw new EvidenceError('ledger_missing', `there is no ledger at ${path}`, {
    remedy: 'name the ledger with --ledger FILE or EVIDENCE_LEDGER; "evidence round run" and "evidence round import" make a new one',
  })
}

function openForWriting(path: string): DatabaseSync {
  // SQLite would open it for reading in silence.
  accessSync(path, constants.W_OK)
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false })
  return closedOnError(db, () => {
    db.exec('PRAGMA synchronous = FULL; PRAGMA recursive_triggers = ON')
    markAsOurs(db, path)
    enterWal(db)
  })
}

function openForReading(path: string): DatabaseSync {
  const options = { readOnly: true, timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: false }
  try {
    const db = new DatabaseSync(path, options)
    return closedOnError(db, () => assertOurs(db, path))
  } catch (error) {
    // In a folder that cannot be written (an auditor's copy) SQLite cannot make its -shm file. Without a -wal file
    // nobody is writing and nothing is missing, so the file can be read as it lies there.
    if (((sqliteCode(error) ?? 0) & 0xff) !== CANTOPEN || statSync(`${path}-wal`, { throwIfNoEntry: false }) !== undefined) throw error
    const url = pathToFileURL(path)
    url.search = '?immutable=1'
    const db = new DatabaseSync(url, options)
    return closedOnError(db, () => assertOurs(db, path))
  }
}

function closedOnError(db: DatabaseSync, prepare: () => void): DatabaseSync {
  try {
    prepare()
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function isOurs(db: DatabaseSync): boolean {
  return db.prepare('PRAGMA application_id').get()?.application_id === APPLICATION_ID
}

function assertOurs(db: DatabaseSync, path: string): void {
  if (!isOurs(db)) throw ledgerCorrupt(path, 'it is the database of another program, or its header was changed')
}

/** A fresh file gets the mark and the version table in one transaction; two processes may try at once. */
function markAsOurs(db: DatabaseSync, path: string): void {
  if (isOurs(db)) return
  inTransaction(db, () => {
    const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema').get() === undefined
    if (isEmpty) db.exec(COMPONENTS_SQL)
    else assertOurs(db, path)
  })
}

/** WAL mode stays in the file. SQLite does not wait for other openers here, so we do. */
function enterWal(db: DatabaseSync): void {
  const deadline = performance.now() + BUSY_TIMEOUT_MS
  for (;;) {
    try {
      if (db.prepare('PRAGMA journal_mode').get()?.journal_mode !== 'wal') db.exec('PRAGMA journal_mode = WAL')
      return
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAL_RETRY_MS)
    }
  }
}

/** Runs `work` under the write lock, whole or not at all. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  return commitOrRollback(db, work)
}

/** As `inTransaction`, where the transaction was begun already. */
export function commitOrRollback<T>(db: DatabaseSync, work: () => T): T {
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    // SQLite has already rolled back after some errors (a full disk among them).
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/**
 * Brings the tables of one component (`ledger`, `snapshots`, …) up to the newest version: entry n of `migrations` leads
 * from version n to n + 1. Entries are never edited once released. Throws `ledger_newer` where the file is ahead.
 */
export function migrate(db: DatabaseSync, component: string, migrations: readonly string[]): void {
  if (versionOf(db, component, migrations) === migrations.length) return
  inTransaction(db, () => {
    // Asked again under the lock: another process may have migrated meanwhile.
    for (const sql of migrations.slice(versionOf(db, component, migrations))) db.exec(sql)
    db.prepare('INSERT INTO schema_version VALUES (?, ?) ON CONFLICT DO UPDATE SET version = excluded.version').run(component, migrations.length)
  })
}

/**
 * For a file opened `readonly`: gives the version of its tables. `oldest`: the least that can be read as it is.
 * Throws `ledger_newer`, or `ledger_unavailable` where it must be migrated first.
 */
export function assertMigrated(db: DatabaseSync, component: string, migrations: readonly string[], oldest = migrations.length): number {
  const version = versionOf(db, component, migrations)
  if (version >= oldest) return version
  throw new EvidenceError('ledger_unavailable', `the ledger file has not got this program's ${component} tables yet`, {
    remedy: 'open it once with a command that writes, such as "evidence round run"',
  })
}

function versionOf(db: DatabaseSync, component: string, migrations: readonly string[]): number {
  const version = Number(db.prepare('SELECT version FROM schema_version WHERE component = ?').get(component)?.version ?? 0)
  if (version <= migrations.length) return version
  throw new EvidenceError('ledger_newer', `the ledger file has ${component} tables of version ${version}; this program knows ${migrations.length}`, {
    remedy: 'use the newer program that wrote it; nothing was changed',
  })
}
