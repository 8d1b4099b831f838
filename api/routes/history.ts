import { z } from 'zod'
import { jsonText } from '../actions/guard-answer.ts'
import { toJsonRow, toTime, toTimeRange } from '../actions/history-json.ts'
import { answers, NDJSON_TYPE, sendFresh } from '../answers.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import * as rows from '../schemas/history-answers.ts'
import * as parts from '../schemas/request-parts.ts'
import { rowsOf, Snapshot } from '../schemas/round-answers.ts'
import { sendRows } from '../send-rows.ts'

const config = { access: 'read', cached: true } as const
const tags = ['history']
const paged = (row: z.ZodType) => answers({ 'application/json': rowsOf(row), [NDJSON_TYPE]: z.string() })

/** The questions of `HistoryStore`. Those without pages answer whole: `next` is null. */
export const historyRoutes: EvidenceRoutes = (app, { history }) => {
  /** A whole list as its one page. */
  const whole = async <T extends object>(ask: Promise<readonly T[]>) => ({ rows: await ask, next: null })
  const all = { limit: 1000 }

  app.get('/v1/history/keys', { config, schema: { tags, querystring: parts.KeysQuery, response: paged(rows.Change) } }, async (request, reply) => {
    const { estate, key, ...range } = request.query
    return sendRows(request, reply, all, () => whole(history.keyChanges(estate, key, toTimeRange(range))), { toValue: toJsonRow })
  })

  app.get('/v1/history/checks', { config, schema: { tags, querystring: parts.ChecksQuery, response: paged(rows.Change) } }, async (request, reply) => {
    const { estate, check, ...range } = request.query
    return sendRows(request, reply, all, () => whole(history.checkChanges(estate, check, toTimeRange(range))), { toValue: toJsonRow })
  })

  app.get(
    '/v1/history/declarations',
    { config, schema: { tags, querystring: parts.DeclarationsQuery, response: paged(rows.Declaration) } },
    async (request, reply) => {
      const { estate, ...range } = request.query
      return sendRows(request, reply, all, () => whole(history.everAllowed(estate, toTimeRange(range))), { toValue: toJsonRow })
    },
  )

  app.get(
    '/v1/history/as-of',
    { config, schema: { tags, querystring: parts.AsOfQuery, response: answers({ 'application/json': Snapshot.nullable() }) } },
    async (request, reply) => {
      const { estate, moment } = request.query
      const snapshot = await history.asOf(estate, toTime(moment, 'end'))
      return sendFresh(reply, jsonText(snapshot), { isYes: snapshot !== null })
    },
  )

  app.get(
    '/v1/history/not-passed',
    { config, schema: { tags, querystring: parts.NotPassedQuery, response: paged(rows.NotPassed) } },
    async (request, reply) => {
      const { estate, check, limit, cursor, ...range } = request.query
      return sendRows(request, reply, { limit, cursor }, (page) => history.notPassed(estate, check, toTimeRange(range), page), { toValue: toJsonRow })
    },
  )

  app.get('/v1/history/search', { config, schema: { tags, querystring: parts.SearchQuery, response: paged(rows.Found) } }, async (request, reply) => {
    const { q, limit, cursor, ...range } = request.query
    return sendRows(request, reply, { limit, cursor }, (page) => history.search(q, toTimeRange(range), page), { toValue: toJsonRow })
  })

  app.get('/v1/history/counts', { config, schema: { tags, querystring: parts.RangeQuery, response: paged(rows.DayCount) } }, async (request, reply) =>
    sendRows(request, reply, all, () => whole(history.countsByDay(toTimeRange(request.query))), { toValue: toJsonRow }),
  )

  app.get('/v1/history/rejected', { config, schema: { tags, querystring: parts.PageQuery, response: paged(rows.Rejected) } }, async (request, reply) =>
    sendRows(request, reply, request.query, (page) => history.rejected(page), { toValue: toJsonRow }),
  )
}
