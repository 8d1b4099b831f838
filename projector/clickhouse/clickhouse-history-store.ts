import { Snapshot } from '../../schemas/snapshot.ts'
import { assertRange, assertSearch, assertTime, eventCursor, readPageRequest, rejectedCursor, roundCursor, toPage } from '../history-page.ts'
import type { Change, CheckRow, HistoryStore } from '../history-store.ts'
import type { Clickhouse, Row } from './clickhouse.ts'
import { toChange, toCheckRow, toDayCount, toDeclarationRow, toEstateRow, toEventRow, toRejectedRow, toRoundRow, toUnfinishedRow } from './history-rows.ts'
import * as sql from './history-sql.ts'

const ms = (time: string): number => Date.parse(time)

/**
 * `HistoryStore` on ClickHouse, with the promises and errors of the port; the database must be migrated. A user that
 * may only read is enough (docs/clickhouse.md). `close` closes the connection.
 */
export function buildClickhouseHistoryStore(clickhouse: Clickhouse): HistoryStore {
  return { ...roundQuestions(clickhouse), ...eventQuestions(clickhouse), close: () => clickhouse.close() }
}

type EventQuestions = Pick<HistoryStore, 'unfinished' | 'eventsOf' | 'search' | 'countsByDay' | 'rejected'>

function roundQuestions(clickhouse: Clickhouse): Omit<HistoryStore, keyof EventQuestions | 'close'> {
  return {
    async rounds(filter, page) {
      assertRange(filter)
      const question = readPageRequest('rounds', filter, page, 2)
      const { from, to, ...exact } = filter
      const params = { ...exact, ...(from === undefined ? {} : { from: ms(from) }), ...(to === undefined ? {} : { to: ms(to) }) }
      const rows = await clickhouse.query(sql.rounds(params, question.after !== null), { ...params, ...roundAfter(question.after), limit: question.limit + 1 })
      return toPage(question, rows.map(toRoundRow), roundCursor)
    },
    async estates() {
      return (await clickhouse.query(sql.ESTATES)).map(toEstateRow)
    },
    keyChanges: (estate, key, range) => changes(clickhouse, sql.KEY_CHANGES, { estate, name: key }, range),
    checkChanges: (estate, checkId, range) => changes(clickhouse, sql.CHECK_CHANGES, { estate, name: checkId }, range),
    async everAllowed(estate, range) {
      return (await clickhouse.query(sql.EVER_ALLOWED, { estate, ...between(range) })).map(toDeclarationRow)
    },
    async asOf(estate, moment) {
      assertTime(moment)
      const [row] = await clickhouse.query(sql.AS_OF, { estate, moment: ms(moment) })
      return row === undefined ? null : Snapshot.parse(JSON.parse(String(row.snapshot)))
    },
    async notPassed(estate, checkId, range, page) {
      const bounds = between(range)
      const question = readPageRequest('notPassed', [estate, checkId, range], page, 2)
      const params = { estate, name: checkId, ...bounds, ...roundAfter(question.after), limit: question.limit + 1 }
      const rows = await clickhouse.query(sql.notPassed(question.after !== null), params)
      return toPage<CheckRow>(question, rows.map(toCheckRow), roundCursor)
    },
  }
}

function eventQuestions(clickhouse: Clickhouse): EventQuestions {
  return {
    async unfinished(page) {
      const question = readPageRequest('unfinished', null, page, 2)
      const rows = await clickhouse.query(sql.unfinished(question.after !== null), { ...roundAfter(question.after), limit: question.limit + 1 })
      return toPage(question, rows.map(toUnfinishedRow), roundCursor)
    },
    async eventsOf(roundId, page) {
      const question = readPageRequest('eventsOf', roundId, page, 3)
      const params = { round: roundId, ...eventAfter(question.after), limit: question.limit + 1 }
      return toPage(question, (await clickhouse.query(sql.eventsOf(question.after !== null), params)).map(toEventRow), eventCursor)
    },
    async search(text, range, page) {
      assertSearch(text)
      const bounds = between(range)
      const question = readPageRequest('search', [text, range], page, 3)
      const params = { text, ...bounds, ...eventAfter(question.after), limit: question.limit + 1 }
      return toPage(question, (await clickhouse.query(sql.search(question.after !== null), params)).map(toEventRow), eventCursor)
    },
    async countsByDay(range) {
      return (await clickhouse.query(sql.COUNTS_BY_DAY, between(range))).map(toDayCount)
    },
    async rejected(page) {
      const question = readPageRequest('rejected', null, page, 2)
      const [partition = '', offset = ''] = question.after ?? ['-2147483648', '0']
      const rows = await clickhouse.query(sql.REJECTED, { partition, offset, limit: question.limit + 1 })
      return toPage(question, rows.map(toRejectedRow), rejectedCursor)
    },
  }
}

async function changes(clickhouse: Clickhouse, question: string, names: Row, range: { from: string; to: string }): Promise<readonly Change[]> {
  return (await clickhouse.query(question, { ...names, ...between(range) })).map(toChange)
}

function between(range: { from: string; to: string }): { from: number; to: number } {
  assertRange(range)
  return { from: ms(range.from), to: ms(range.to) }
}

function roundAfter(after: readonly string[] | null): Row {
  return after === null ? {} : { after_ms: ms(after[0] ?? ''), after_round: after[1] ?? '' }
}

function eventAfter(after: readonly string[] | null): Row {
  if (after === null) return {}
  const [time = '', id = '', digest = ''] = after
  return { after_ms: ms(time), after_id: id, after_digest: digest.slice('sha256:'.length) }
}
