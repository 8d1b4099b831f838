import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { EvidenceError } from '../schemas/errors.ts'
import { assertMigrated, openLedgerFile } from './ledger-file.ts'
import { type EventRow, type Finding, type FindingCode, LedgerScan, type RoundRow, type RunRow } from './ledger-scan.ts'
import { sqliteCode, toLedgerError } from './sqlite-error.ts'
import { LEDGER_COMPONENT, LEDGER_MIGRATIONS, OLDEST_READABLE } from './sqlite-schema.ts'

/**
 * `head`: position and chain (hex) after the last event. Whoever can rewrite every hash in the file can rewrite the file:
 * compare the head with one noted elsewhere to know that this is the ledger it was. `unsealed`: rounds that were opened
 * and not sealed, which is no fault.
 */
export type LedgerProof = { ok: true; events: number; rounds: number; sealed: number; unsealed: readonly string[]; head: { position: number; chain: string } }
/**
 * `first`: the first thing wrong, in position order, where a seal that does not fit its evidence comes after all else: any producer can
 * send one, and it must not hide a damaged file behind it. `events`: how many before it are right.
 */
export type LedgerFault = { ok: false; first: Finding; events: number }
export type VerifyOptions = { onProgress?: (checked: number, total: number) => void }

const PROGRESS_ROWS = 1000
/** Generic code of SQLite, here for a statement that does not fit the tables. */
const SQLITE_ERROR = 1

/**
 * Proves a ledger file, or names the first thing wrong with it: every payload is hashed again, every row compared with
 * what its payload says, every seal with the evidence of its round, then head, tables and file as such. Reads one
 * consistent state, never writes to the ledger (SQLite may leave an empty -wal and a -shm file beside it), and keeps in memory only the leaf hashes of open rounds.
 * Throws only where it could not look: `ledger_missing`, `ledger_unavailable`, `ledger_newer`.
 */
export async function verifyLedger(path: string, options: VerifyOptions = {}): Promise<LedgerProof | LedgerFault> {
  let scan: LedgerScan | null = null
  let db: DatabaseSync | null = null
  try {
    db = openLedgerFile({ path, mode: 'readonly' })
    const version = assertMigrated(db, LEDGER_COMPONENT, LEDGER_MIGRATIONS, OLDEST_READABLE)
    db.exec('BEGIN')
    scan = new LedgerScan(runReader(db))
    const { damage, seal } = await scanEvents(db, scan, options)
    const first = damage ?? checkHead(db, scan) ?? checkRounds(db, scan) ?? checkFile(db) ?? checkSchema(db, version)
    if (first !== null) return { ok: false, first, events: scan.events }
    return seal === null ? toProof(scan) : { ok: false, first: seal, events: (seal.position ?? 1) - 1 }
  } catch (error) {
    return { ok: false, first: toFinding(error, path, scan === null ? null : scan.events + 1), events: scan?.events ?? 0 }
  } finally {
    db?.close()
  }
}

/** `damage` ends the scan; `seal`: the first one that does not fit its evidence. */
type Scanned = { damage: Finding | null; seal: Finding | null }

async function scanEvents(db: DatabaseSync, scan: LedgerScan, { onProgress }: VerifyOptions): Promise<Scanned> {
  const total = Number(db.prepare('SELECT events FROM head').get()?.events ?? 0)
  let seal: Finding | null = null
  for (const row of db.prepare('SELECT position, id, chain, payload FROM events ORDER BY position').iterate()) {
    const finding = scan.check(row as EventRow)
    if (finding !== null && finding.code !== 'round_root') return { damage: finding, seal }
    seal ??= finding
    if (scan.events % PROGRESS_ROWS !== 0) continue
    onProgress?.(scan.events, total)
    await nextTurn()
  }
  return { damage: null, seal }
}

function runReader(db: DatabaseSync): () => RunRow | null {
  const rows = db.prepare('SELECT first, round FROM runs ORDER BY first').iterate()
  return () => (rows.next().value as RunRow | undefined) ?? null
}

function checkHead(db: DatabaseSync, scan: LedgerScan): Finding | null {
  const [head, ...more] = db.prepare('SELECT events, chain, bytes FROM head').all()
  if (!head || more.length > 0) return toTableFinding('head', 'there is not one head')
  const { events, chain, bytes } = head
  if (events !== scan.events)
    return toTableFinding('head', `the head counts ${String(events)} events, the ledger holds ${scan.events}: the last ones are missing`)
  if (!(chain instanceof Uint8Array) || Buffer.compare(chain, scan.chain) !== 0)
    return toTableFinding('head', 'the hash in the head is not that of the last event')
  if (bytes !== scan.bytes) return toTableFinding('head', `the head counts ${String(bytes)} bytes, the events have ${scan.bytes}`)
  return null
}

function checkRounds(db: DatabaseSync, scan: LedgerScan): Finding | null {
  return scan.checkRounds(db.prepare('SELECT round, subject, opened, sealed FROM rounds ORDER BY round').all() as RoundRow[])
}

/** Indexes that lost an entry would hide events from readers; SQLite compares them with the tables. */
function checkFile(db: DatabaseSync): Finding | null {
  const result = db.prepare('PRAGMA integrity_check(1)').get()?.integrity_check
  return result === 'ok' ? null : toTableFinding('file', `SQLite finds the file malformed: ${String(result)}`)
}

const SCHEMA_SQL = "SELECT type, name, sql FROM sqlite_schema WHERE tbl_name IN ('events', 'rounds', 'runs', 'head') ORDER BY type, name"

/** A guard that was dropped says that somebody was at the file, though the events are right. */
function checkSchema(db: DatabaseSync, version: number): Finding | null {
  const model = new DatabaseSync(':memory:')
  for (const sql of LEDGER_MIGRATIONS.slice(0, version)) model.exec(sql)
  const wanted = model.prepare(SCHEMA_SQL).all()
  model.close()
  const has = db.prepare(SCHEMA_SQL).all()
  const at = [...wanted.keys(), wanted.length].find((i) => JSON.stringify(wanted[i]) !== JSON.stringify(has[i]))
  if (at === undefined) return null
  return toTableFinding('schema', `the file's tables, indexes or triggers are not those of a ledger: ${String((wanted[at] ?? has[at])?.name)}`)
}

function toProof(scan: LedgerScan): LedgerProof {
  const rounds = [...scan.rounds.values()].filter((round) => round.opened !== null)
  const unsealed = rounds.filter((round) => round.sealed === null).map((round) => round.subject)
  const sealed = rounds.filter((round) => round.sealed !== null).length
  return { ok: true, events: scan.events, rounds: rounds.length, sealed, unsealed, head: { position: scan.events, chain: scan.chain.toString('hex') } }
}

function toTableFinding(code: FindingCode, message: string): Finding {
  return { position: null, roundId: null, code, message }
}

/** A file that SQLite cannot read is a finding; a file that we may not look at is an error. */
function toFinding(error: unknown, path: string, position: number | null): Finding {
  const ours = toLedgerError(error, path)
  const isDamage = ours instanceof EvidenceError && ours.code === 'ledger_corrupt'
  // Numbers beyond 2^53, columns or tables that are gone: nothing that this program ever writes.
  const isForeign = sqliteCode(error) === SQLITE_ERROR || (error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE')
  if (!isDamage && !isForeign) throw ours
  return { position, roundId: null, code: 'file', message: error instanceof Error ? error.message : String(error) }
}
