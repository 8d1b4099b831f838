import { resolve } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { EvidenceError } from '../schemas/errors.ts'
import type { EncodedEvent } from '../schemas/event.ts'
import { BatchWriter } from './batch-writer.ts'
import type { AppendResult, Ledger, LedgerStats, StoredEvent } from './ledger.ts'
import { assertMigrated, BUSY_TIMEOUT_MS, commitOrRollback, type LedgerFile, migrate, openLedgerFile } from './ledger-file.ts'
import { retryBusy } from './retry-busy.ts'
import { onlyReviews } from './review-event.ts'
import { ReviewIndex } from './review-index.ts'
import { isBusy, ledgerBusy, toLedgerError } from './sqlite-error.ts'
import { APPEND_GUARD, HAS_REVIEW_INDEX, LEDGER_COMPONENT, LEDGER_MIGRATIONS, OLDEST_READABLE } from './sqlite-schema.ts'

const PAGE_ROWS = 1000
const FOLLOW_POLL_MS = 200
const MAX_RETRY_MS = 10

export type SqliteLedgerOptions = LedgerFile & {
  /** Called once for each append that finds another writer at work and waits. */
  onWait?: () => void
}

/**
 * Opens the embedded ledger (see `Ledger` for its promises and `openLedgerFile` for the file).
 * Throws `ledger_missing`, `ledger_unavailable`, `ledger_newer`, `ledger_corrupt` or `ledger_full`.
 */
export function openSqliteLedger(options: SqliteLedgerOptions): Ledger {
  const db = openLedgerFile(options)
  try {
    if (options.mode !== 'readonly') migrate(db, LEDGER_COMPONENT, LEDGER_MIGRATIONS)
    const version = assertMigrated(db, LEDGER_COMPONENT, LEDGER_MIGRATIONS, OLDEST_READABLE)
    return new SqliteLedger(db, options, version)
  } catch (error) {
    db.close()
    throw toLedgerError(error, options.path)
  }
}

const RUNS_SQL = `SELECT first, coalesce((SELECT min(later.first) - 1 FROM runs AS later WHERE later.first > runs.first), head.events) AS last
  FROM runs CROSS JOIN head WHERE round = (SELECT round FROM rounds WHERE subject = ?) ORDER BY first`

/** Positions of events that are read together. */
type Run = { first: number; last: number }
/** The next events behind one position, up to another. */
type ReadPage = (after: number, last: number) => readonly StoredEvent[]

class SqliteLedger implements Ledger {
  readonly #db: DatabaseSync
  readonly #path: string
  readonly #isWritable: boolean
  readonly #onWait: () => void
  readonly #writer: BatchWriter
  readonly #beginStatement: StatementSync
  readonly #page: StatementSync
  readonly #runs: StatementSync
  readonly #head: StatementSync
  readonly #version: StatementSync
  readonly #last: StatementSync
  /** Null for a file of older tables, which is open for reading only. */
  readonly #reviews: ReviewIndex | null
  /** Settles when the append before is done: appends of one process keep the order of their calls. */
  #turn: Promise<unknown> = Promise.resolve()
  #writes = 0

  constructor(db: DatabaseSync, options: SqliteLedgerOptions, version: number) {
    this.#db = db
    this.#path = resolve(options.path)
    this.#isWritable = options.mode !== 'readonly'
    this.#onWait = options.onWait ?? (() => {})
    db.function(APPEND_GUARD, () => 1)
    this.#beginStatement = db.prepare('BEGIN IMMEDIATE')
    this.#writer = new BatchWriter(db, this.#path)
    this.#page = db.prepare(
      `SELECT position, id, CAST(payload AS TEXT) AS text FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ${PAGE_ROWS}`,
    )
    this.#runs = db.prepare(RUNS_SQL)
    this.#head = db.prepare('SELECT events, bytes, (SELECT count(opened) FROM rounds) AS rounds, (SELECT count(sealed) FROM rounds) AS sealed FROM head')
    this.#version = db.prepare('PRAGMA data_version')
    this.#last = db.prepare('SELECT events FROM head')
    this.#reviews = version < HAS_REVIEW_INDEX ? null : new ReviewIndex(db, this.#path)
    // From here on the writer waits by itself (see #begin), and readers as retryBusy says.
    db.exec('PRAGMA busy_timeout = 0')
  }

  async append(events: readonly EncodedEvent[]): Promise<AppendResult> {
    if (!this.#isWritable) throw new EvidenceError('ledger_unavailable', `the ledger ${this.#path} was opened for reading`)
    const result = this.#turn.then(() => this.#appendNow(events))
    this.#turn = result.catch(() => undefined)
    return result
  }

  async #appendNow(events: readonly EncodedEvent[]): Promise<AppendResult> {
    try {
      await this.#begin()
      // From here to the commit nothing is awaited, so no read of this process sees the middle.
      return commitOrRollback(this.#db, () => this.#writer.write(events))
    } catch (error) {
      throw toLedgerError(error, this.#path)
    } finally {
      // After the commit and before anybody else runs: who asked for the version earlier must find it changed.
      this.#writes++
    }
  }

  /** Takes the write lock without blocking the process while another one holds it (probes may be running). */
  async #begin(): Promise<void> {
    const deadline = performance.now() + BUSY_TIMEOUT_MS
    for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, MAX_RETRY_MS)) {
      const busy = this.#tryBegin()
      if (busy === null) return
      if (performance.now() > deadline) throw ledgerBusy(this.#path, busy)
      if (pauseMs === 1) this.#onWait()
      await sleep(pauseMs)
    }
  }

  #tryBegin(): unknown {
    try {
      this.#beginStatement.get()
      return null
    } catch (error) {
      if (!isBusy(error)) throw error
      return error
    }
  }

  readRound(roundId: string): AsyncIterable<readonly StoredEvent[]> {
    return this.#pages(this.#try(() => this.#runs.all(roundId)) as Run[])
  }

  readReviews(): AsyncIterable<readonly StoredEvent[]> {
    const reviews = this.#reviews
    if (reviews === null) return onlyReviews(this.readAll(0))
    return this.#pages([{ first: 1, last: this.#lastPosition() }], (after, last) => reviews.page(after, last))
  }

  readAll(afterPosition: number): AsyncIterable<readonly StoredEvent[]> {
    return this.#pages([{ first: afterPosition + 1, last: this.#lastPosition() }])
  }

  async *follow(afterPosition: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]> {
    let after = afterPosition
    while (!signal.aborted) {
      for await (const page of this.readAll(after)) {
        yield page
        if (signal.aborted) return
        after = page.at(-1)?.position ?? after
      }
      // Rejects on abort, which the loop's condition then sees.
      await sleep(FOLLOW_POLL_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  readonly #readPage: ReadPage = (after, last) => this.#page.all(after, last) as StoredEvent[]

  /** Each page is a read of its own: no read transaction is open while the reader works, or WAL could not be emptied. */
  async *#pages(runs: readonly Run[], read: ReadPage = this.#readPage): AsyncIterable<readonly StoredEvent[]> {
    for (const { first, last } of runs) {
      for (let after = first - 1; after < last; ) {
        const page = this.#try(() => read(after, last))
        if (page.length === 0) break
        yield page
        after = page.at(-1)?.position ?? last
      }
    }
  }

  async roundIds(): Promise<readonly string[]> {
    return this.#try(() => this.#db.prepare('SELECT subject FROM rounds WHERE opened IS NOT NULL ORDER BY round').all()).map((row) => String(row.subject))
  }

  async stats(): Promise<LedgerStats> {
    const head = this.#try(() => this.#head.get())
    const events = Number(head?.events)
    return { events, rounds: Number(head?.rounds), sealedRounds: Number(head?.sealed), lastPosition: events, bytes: Number(head?.bytes) }
  }

  /** SQLite counts the commits of all other connections to the file; our own are appends, which are counted here. */
  async version(): Promise<string> {
    return `${String(this.#try(() => this.#version.get())?.data_version)}-${this.#writes}`
  }

  async close(): Promise<void> {
    await this.#turn
    if (this.#db.isOpen) this.#db.close()
  }

  #lastPosition(): number {
    return this.#try(() => Number(this.#last.get()?.events))
  }

  /** Readers hardly ever meet a lock in WAL mode; where they do, SQLite waits for it. */
  #try<T>(read: () => T): T {
    try {
      return retryBusy(this.#db, read)
    } catch (error) {
      throw toLedgerError(error, this.#path)
    }
  }
}
