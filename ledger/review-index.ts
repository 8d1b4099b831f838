import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { StoredEvent } from './ledger.ts'
import { isReviewText } from './review-event.ts'
import { ledgerCorrupt, sqliteCode } from './sqlite-error.ts'
import { REVIEWS_WHERE } from './sqlite-schema.ts'

const PAGE_ROWS = 1000
/** Generic code of SQLite, here for `no such index` and `no query solution`. */
const SQLITE_ERROR = 1

/** INDEXED BY: without the index, or with one that could leave a review out, this is an error and not an answer. */
const PAGE_SQL = `SELECT position, id, CAST(payload AS TEXT) AS text FROM events INDEXED BY events_reviews
  WHERE ${REVIEWS_WHERE} AND position > ? AND position <= ? ORDER BY position LIMIT ${PAGE_ROWS}`

/** Reads reviews by the index `events_reviews`, and believes it only where what it names fits. */
export class ReviewIndex {
  readonly #db: DatabaseSync
  readonly #path: string
  #page: StatementSync | null = null

  constructor(db: DatabaseSync, path: string) {
    this.#db = db
    this.#path = path
  }

  /** The next reviews behind one position, up to another; none: there are no more. Throws `ledger_corrupt`, and SQLite's errors. */
  page(after: number, last: number): readonly StoredEvent[] {
    const page = this.#ask(after, last)
    let before = after
    for (const { position, text } of page) {
      // SQLite does not look again whether a row is what a partial index says; entries that were changed show here.
      if (position <= before || !isReviewText(text)) throw this.#damaged()
      before = position
    }
    return page
  }

  #ask(after: number, last: number): StoredEvent[] {
    try {
      // Not before it is asked for: a ledger that lost its index can still be exported.
      this.#page ??= this.#db.prepare(PAGE_SQL)
      return this.#page.all(after, last) as StoredEvent[]
    } catch (error) {
      throw sqliteCode(error) === SQLITE_ERROR ? this.#damaged(error) : error
    }
  }

  #damaged(cause?: unknown): Error {
    return ledgerCorrupt(this.#path, 'its index of reviews is missing or does not fit its events', cause)
  }
}
