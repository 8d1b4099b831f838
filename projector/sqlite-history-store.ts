import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { assertMigrated, inTransaction, type LedgerFile, migrate, openLedgerFile } from '../ledger/ledger-file.ts'
import { guardSqlite, toLedgerError } from '../ledger/sqlite-error.ts'
import { assertRange, assertSearch, assertTime, eventCursor, type Question, readPageRequest, rejectedCursor, roundCursor, toPage } from './history-page.ts'
import type {
  Change,
  CheckRow,
  DayCount,
  DeclarationRow,
  EstateRow,
  EventRow,
  HistoryStore,
  RejectedRow,
  RoundRow,
  TimeRange,
  UnfinishedRow,
} from './history-store.ts'
import { EVENT_INDEX_COMPONENT, EVENT_INDEX_MIGRATIONS, fillEventIndex } from './sqlite-event-index.ts'
import * as sql from './sqlite-history-sql.ts'
import { HISTORY_COMPONENT, HISTORY_MIGRATIONS, HISTORY_TABLES, readHistorySnapshot } from './sqlite-history-tables.ts'

/** `ledger`: the embedded ledger's own file; `projection`: the file of a projector service that runs on SQLite. */
export type HistoryFile = LedgerFile & { of: 'ledger' | 'projection' }
type Ask = <T>(statement: string, params: Readonly<Record<string, SQLInputValue>>) => T[]
/** The events of the file, as `sqlite-history-sql.ts` reads them. */
type Events = () => Promise<sql.EventSource>

/**
 * `HistoryStore` over SQLite tables that are filled as snapshots are saved (`openSqliteSnapshotStore`, projector service)
 * and can be made again from the events (`fillHistory`). The ledger must have been opened before, which makes its
 * tables; a `readonly` file must have been opened by a writer once. Errors as the port says, and those of `openLedgerFile`.
 */
export function openSqliteHistoryStore(file: HistoryFile): HistoryStore {
  const db = openLedgerFile(file)
  const guarded = guardSqlite(file.path)
  const isWritable = file.mode !== 'readonly'
  guarded(() => prepare(db, file))
  // The questions are few; preparing one takes as long as answering it.
  const prepared = new Map<string, StatementSync>()
  const ask: Ask = <T>(statement: string, params: Readonly<Record<string, SQLInputValue>>): T[] =>
    guarded(() => {
      const known = prepared.get(statement) ?? db.prepare(statement)
      prepared.set(statement, known)
      return known.all(params)
    }) as T[]
  const events: Events = async () => {
    if (file.of === 'projection') return sql.PROJECTION
    if (isWritable)
      await fillEventIndex(db).catch((error: unknown) => {
        throw toLedgerError(error, file.path)
      })
    return isWritable ? sql.LEDGER : sql.LEDGER_WITH_TAIL
  }
  return { ...roundQuestions(ask), ...eventQuestions(ask, events, file.of === 'projection'), close: async () => db.close() }
}

function prepare(db: DatabaseSync, file: HistoryFile): void {
  const bring = file.mode === 'readonly' ? assertMigrated : migrate
  bring(db, HISTORY_COMPONENT, HISTORY_MIGRATIONS)
  if (file.of === 'ledger') bring(db, EVENT_INDEX_COMPONENT, EVENT_INDEX_MIGRATIONS)
}

type EventQuestions = Pick<HistoryStore, 'unfinished' | 'eventsOf' | 'search' | 'countsByDay' | 'rejected'>

function roundQuestions(ask: Ask): Omit<HistoryStore, keyof EventQuestions | 'close'> {
  return {
    async rounds(filter, page) {
      assertRange(filter)
      const question = readPageRequest('rounds', filter, page, 2)
      const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
      const rows = ask<RoundRow>(sql.rounds(given, question.after !== null), { ...given, ...roundAfter(question.after), limit: question.limit + 1 })
      return toPage(question, rows.map(plain), roundCursor)
    },
    async estates() {
      return ask<EstateRow>(sql.ESTATES, {}).map(plain)
    },
    async keyChanges(estate, key, range) {
      assertRange(range)
      return ask<Change>(sql.KEY_CHANGES, { estate, name: key, ...range }).map(plain)
    },
    async checkChanges(estate, checkId, range) {
      assertRange(range)
      return ask<Change>(sql.CHECK_CHANGES, { estate, name: checkId, ...range }).map(plain)
    },
    async everAllowed(estate, range) {
      assertRange(range)
      return ask<DeclarationRow>(sql.EVER_ALLOWED, { estate, ...range }).map(plain)
    },
    async asOf(estate, moment) {
      assertTime(moment)
      const [row] = ask<{ snapshot: Uint8Array }>(sql.AS_OF, { estate, moment })
      return row === undefined ? null : readHistorySnapshot(row.snapshot)
    },
    async notPassed(estate, checkId, range, page) {
      assertRange(range)
      const question = readPageRequest('notPassed', [estate, checkId, range], page, 2)
      const params = { estate, name: checkId, ...range, ...roundAfter(question.after), limit: question.limit + 1 }
      const rows = ask<CheckRow & { reasons: string }>(sql.notPassed(question.after !== null), params)
      const parsed = rows.map((row) => ({ ...row, reasons: JSON.parse(row.reasons) as string[] }))
      return toPage<CheckRow>(question, parsed, roundCursor)
    },
  }
}

function eventQuestions(ask: Ask, events: Events, hasRejected: boolean): EventQuestions {
  return {
    async unfinished(page) {
      const question = readPageRequest('unfinished', null, page, 2)
      const params = { ...roundAfter(question.after), limit: question.limit + 1 }
      return toPage(question, ask<UnfinishedRow>(sql.unfinished(await events(), question.after !== null), params).map(plain), roundCursor)
    },
    async eventsOf(roundId, page) {
      const question = readPageRequest('eventsOf', roundId, page, 3)
      const params = { round: roundId, ...eventAfter(question.after), limit: question.limit + 1 }
      return toPage(question, ask<EventRow>(sql.eventsOf(await events(), question.after !== null), params).map(plain), eventCursor)
    },
    async search(text, range, page) {
      assertSearch(text)
      assertRange(range)
      const question = readPageRequest('search', [text, range], page, 3)
      return toPage(question, await searchInSlices(ask, await events(), text, range, question), eventCursor)
    },
    async countsByDay(range) {
      assertRange(range)
      return ask<DayCount>(sql.countsByDay(await events()), range).map(plain)
    },
    async rejected(page) {
      const question = readPageRequest('rejected', null, page, 2)
      const [partition, offset] = (question.after ?? ['-2147483648', '0']).map(BigInt)
      const params = { partition: partition ?? 0n, offset: offset ?? 0n, limit: question.limit + 1 }
      return toPage(question, hasRejected ? ask<RejectedRow>(sql.REJECTED, params).map(plain) : [], rejectedCursor)
    },
  }
}

const SLICE_EVENTS = 5000

/**
 * A rare word means a look at every event. SQLite looks while nothing else of this process can run, so it is asked about
 * some events at a time, newest first: some 10 ms each. Times have milliseconds, so one less is just before.
 */
async function searchInSlices(ask: Ask, source: sql.EventSource, text: string, { from, to }: TimeRange, question: Question): Promise<EventRow[]> {
  const rows: EventRow[] = []
  const { after, limit } = question
  const statement = sql.search(source, after !== null)
  for (let upTo = after === null || (after[0] ?? to) > to ? to : (after[0] as string); upTo >= from; ) {
    const [edge] = ask<{ time: string }>(sql.sliceEdge(source), { from, to: upTo, rows: SLICE_EVENTS })
    const slice = { from: edge?.time ?? from, to: upTo }
    rows.push(...ask<EventRow>(statement, { text: Buffer.from(text), ...slice, ...eventAfter(after), limit: limit + 1 - rows.length }).map(plain))
    if (edge === undefined || rows.length > limit) break
    upTo = new Date(Date.parse(edge.time) - 1).toISOString()
    await nextTurn()
  }
  return rows
}

/** SQLite's rows have no prototype, which a comparison of values would see. */
function plain<T extends object>(row: T): T {
  return { ...row }
}

function roundAfter(after: readonly string[] | null): Record<string, SQLInputValue> {
  return after === null ? {} : { afterTime: after[0] ?? '', afterRound: after[1] ?? '' }
}

function eventAfter(after: readonly string[] | null): Record<string, SQLInputValue> {
  if (after === null) return {}
  const [time = '', id = '', digest = ''] = after
  return { afterTime: time, afterId: id, afterDigest: Buffer.from(digest.slice('sha256:'.length), 'hex') }
}

/** Empties the tables of history of a ledger's file, to be filled again from its events (`fillHistory`). */
export function clearHistory(path: string): void {
  const db = openLedgerFile({ path, mode: 'existing' })
  try {
    prepare(db, { path, mode: 'existing', of: 'ledger' })
    inTransaction(db, () => {
      for (const table of [...HISTORY_TABLES, 'history_events']) db.exec(`DELETE FROM ${table}`)
    })
  } catch (error) {
    throw toLedgerError(error, path)
  } finally {
    db.close()
  }
}
