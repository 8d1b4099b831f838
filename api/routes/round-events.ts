import { z } from 'zod'
import { readPageRequest, toPage } from '../../projector/history-page.ts'
import type { Page, PageRequest, EventRow as StoredEventRow } from '../../projector/history-store.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { DECISION_TYPES, type EvidenceEvent } from '../../schemas/event.ts'
import { RoundId, Uuid7 } from '../../schemas/primitives.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { proveInclusion } from '../actions/prove-inclusion.ts'
import { toRendered } from '../actions/round-cache.ts'
import { answers, NDJSON_TYPE, sendTagged, taggedAnswers } from '../answers.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import type { ApiPorts } from '../ports.ts'
import { HttpError } from '../problem.ts'
import { NoQuery, PageQuery, RoundParams } from '../schemas/request-parts.ts'
import { Event, EventRow, Proof, rowsOf } from '../schemas/round-answers.ts'
import { sendRows } from '../send-rows.ts'

const read = { access: 'read' } as const
const EventParams = z.strictObject({ id: RoundId, event_id: Uuid7 })
export const EVENT_TYPE = 'application/cloudevents+json; charset=utf-8'

/** The events of a round, one of them as its hashed bytes, the proof that it is under the root, the decisions beside it. */
export const roundEventRoutes: EvidenceRoutes = (app, ports) => {
  const rows = {
    tags: ['events'],
    params: RoundParams,
    querystring: PageQuery,
    response: answers({ 'application/json': rowsOf(EventRow), [NDJSON_TYPE]: z.string() }),
  }
  app.get('/v1/rounds/:id/events', { config: read, schema: rows }, async (request, reply) => {
    const { id } = request.params
    return sendRows(request, reply, request.query, (page) => eventsOf(ports, id, page), { toValue: toEventValue, toLine: ({ text }) => text })
  })

  app.get('/v1/rounds/:id/decisions', { config: read, schema: rows }, async (request, reply) => {
    const { id } = request.params
    return sendRows(request, reply, request.query, (page) => decisionsOf(ports, id, page), { toValue: toEventValue, toLine: ({ text }) => text })
  })

  const event = { tags: ['events'], params: EventParams, querystring: NoQuery, response: taggedAnswers({ 'application/cloudevents+json': Event }) }
  app.get('/v1/rounds/:id/events/:event_id', { config: read, schema: event }, async (request, reply) => {
    const { id, event_id: eventId } = request.params
    return sendTagged(request, reply, toRendered(await findEvent(ports, id, eventId)), { type: EVENT_TYPE })
  })

  const proof = { tags: ['events'], params: EventParams, querystring: NoQuery, response: taggedAnswers({ 'application/json': Proof }) }
  app.get('/v1/rounds/:id/events/:event_id/proof', { config: read, schema: proof }, async (request, reply) => {
    const { id, event_id: eventId } = request.params
    const found = await proveInclusion(ports.rounds, id, eventId)
    if (found === null) throw new HttpError('not_found', 'no event of this id is under the root of this round')
    return sendTagged(request, reply, toRendered(jsonText(found)))
  })
}

async function eventsOf({ history }: ApiPorts, roundId: string, request: PageRequest): Promise<Page<StoredEventRow>> {
  const page = await history.eventsOf(roundId, request)
  if (page.rows.length === 0 && request.after === null) throw new EvidenceError('round_unknown', `no round ${roundId} in this ledger`)
  return page
}

/** In (time, id) order. They are looked for in the whole round: there are few, and a round is not large. */
async function decisionsOf({ rounds }: ApiPorts, roundId: string, page: PageRequest): Promise<Page<StoredEventRow>> {
  const question = readPageRequest('decisions', roundId, page, 2)
  const found: StoredEventRow[] = []
  let isEmpty = true
  for await (const stored of rounds.readRound(roundId)) {
    isEmpty = false
    for (const { text } of stored) {
      const { id, type, time } = JSON.parse(text) as EvidenceEvent
      if (DECISION_TYPES.has(type)) found.push({ id, roundId, type, checkId: null, time, text })
    }
  }
  if (isEmpty) throw new EvidenceError('round_unknown', `no round ${roundId} in this ledger`)
  const keyOf = ({ time, id }: StoredEventRow): string => `${time} ${id}`
  const after = question.after?.join(' ') ?? ''
  const rows = found.filter((row) => keyOf(row) > after).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  return toPage(question, rows.slice(0, question.limit + 1), ({ time, id }) => [time, id])
}

async function findEvent({ rounds }: ApiPorts, roundId: string, eventId: string): Promise<string> {
  for await (const page of rounds.readRound(roundId)) {
    const found = page.find(({ id }) => id === eventId)
    if (found !== undefined) return found.text
  }
  throw new HttpError('not_found', 'this round has no event of this id')
}

function toEventValue({ id, type, checkId, time, text }: StoredEventRow): z.infer<typeof EventRow> {
  return { id, type, check_id: checkId, time, event: JSON.parse(text) as Record<string, unknown> }
}
