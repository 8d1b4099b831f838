import type { FastifyRequest } from 'fastify'
import { z } from 'zod'
import { EvidenceError } from '../../schemas/errors.ts'
import { type EncodedEvent, encodeEvent } from '../../schemas/event.ts'
import { Count } from '../../schemas/primitives.ts'
import { assertSource } from '../access/source-prefix.ts'
import { assertEmittable } from '../actions/emit-events.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { answers, sendFresh } from '../answers.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import { HttpError } from '../problem.ts'
import type { ApiInstance } from '../route-group.ts'
import { NoQuery } from '../schemas/request-parts.ts'
import { parseStrictJson, takeOnly } from '../strict-body.ts'

const STRUCTURED = 'application/cloudevents+json'
const BATCH = 'application/cloudevents-batch+json'
const BINARY = 'application/json'

const Appended = z.strictObject({ appended: Count, duplicates: Count, last_position: Count })

/**
 * Events in (CloudEvents 1.0, HTTP binding): structured, batch and binary mode. What is kept is the canonical form, the
 * same as `evidence emit` keeps. The answer comes when all of it is durable; a batch is there whole or not at all.
 */
export const eventsInRoutes: EvidenceRoutes = (app, { ledger }, _services, config) => {
  app.register(async (plain) => {
    takeOnly(plain, [STRUCTURED, BATCH, BINARY], async (_request, body) => parseStrictJson(body, true))
    const scope = plain as unknown as ApiInstance
    const response = { ...answers({ 'application/json': Appended }), ...answers({ 'application/json': Appended }, 201) }
    const schema = {
      tags: ['events'],
      querystring: NoQuery,
      consumes: [STRUCTURED, BATCH, BINARY],
      body: z.unknown().describe('an event of schemas/json/events, an array of them, or in binary mode the data of one'),
      response,
    }
    scope.post('/v1/events', { config: { access: 'append' }, bodyLimit: config.max_body_bytes, schema }, async (request, reply) => {
      const given = toValues(request)
      const events = given.map(({ value, pointer }) => encode(value, pointer))
      for (const { value } of given) assertSource(request.principal, (value as { source: string }).source)
      const { appended, duplicates, lastPosition } = await ledger.append(events).catch((error: unknown) => {
        throw toUnknownRound(error)
      })
      return sendFresh(reply, jsonText({ appended, duplicates, last_position: lastPosition }), { status: appended > 0 ? 201 : 200 })
    })
  })
}

/** An event as it came, and where in the body it stood. */
type Given = { value: unknown; pointer: string }

function toValues(request: FastifyRequest): Given[] {
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
  if (type === STRUCTURED) return [{ value: request.body, pointer: '' }]
  if (type === BINARY) return [{ value: { ...readAttributes(request), datacontenttype: BINARY, data: request.body }, pointer: '' }]
  if (!Array.isArray(request.body)) throw new HttpError('request_invalid', 'a batch is a JSON array of events')
  return request.body.map((value: unknown, n) => ({ value, pointer: `/${n}` }))
}

const PREFIX = 'ce-'

/** Attributes from `ce-` headers; values may be percent-encoded (HTTP binding §3.1.3.2). */
function readAttributes({ headers }: FastifyRequest): Record<string, unknown> {
  const named = Object.entries(headers).filter(([name]) => name.startsWith(PREFIX))
  if (!named.some(([name]) => name === 'ce-specversion')) {
    throw new HttpError(
      'request_invalid',
      `an event in binary mode has its attributes in headers, ce-specversion and so on; in structured mode its type is ${STRUCTURED}`,
    )
  }
  return Object.fromEntries(named.map(([name, value]) => [name.slice(PREFIX.length), decode(String(value))]))
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw new HttpError('request_invalid', 'a ce- header is not percent-encoded UTF-8')
  }
}

/** Checks one event; the place of what is wrong is told, a name or value that the client made up is not. */
function encode(value: unknown, pointer: string): EncodedEvent {
  try {
    const event = encodeEvent(value)
    assertEmittable(event)
    return event
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    const message = error.message.replace(/Unrecognized key.*$/s, 'unknown field').replace(/^event is invalid at \/?/, `event is invalid at ${pointer}/`)
    throw new EvidenceError(error.code, message, error.remedy === undefined ? {} : { remedy: error.remedy })
  }
}

/** For a client an event for a round that was never opened is one for a round that is not there. */
function toUnknownRound(error: unknown): unknown {
  const isUnknown = error instanceof EvidenceError && error.code === 'event_invalid' && error.message.includes(' was not opened before ')
  return isUnknown
    ? new EvidenceError('round_unknown', error.message, { remedy: 'send its round.opened.v1 first, earlier in the batch or in a request before' })
    : error
}
