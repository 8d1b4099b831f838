import { describe, expect, it } from 'vitest'
import type { EncodedEvent } from '../../schemas/event.ts'
import { makeApi } from '../support/api-harness.ts'
import { makeEvent, makeGuardEvaluated, makeOpened, makeRound, makeTcpObserved } from '../support/make-events.ts'
import { makeTokens } from '../support/test-access.ts'

const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=utf-8' }
const BATCH = { 'content-type': 'application/cloudevents-batch+json' }
const toValue = (event: EncodedEvent): Record<string, unknown> => JSON.parse(Buffer.from(event.bytes).toString('utf8')) as Record<string, unknown>
const ROUND = makeRound('http-round', 3)

/** An empty ledger and somebody who may send from `urn:evidence-ledger:test`, as the events of make-events do. */
async function open(config: Record<string, unknown> = {}) {
  const tokens = makeTokens()
  const api = await makeApi({ rounds: [], config: { access_file: tokens.path, ...config } })
  const producer = tokens.make(['producer'], { source_prefix: 'urn:evidence-ledger:test' }).bearer
  const send = (payload: unknown, headers: Record<string, string> = STRUCTURED, who = producer) =>
    api.app.inject({
      method: 'POST',
      url: '/v1/events',
      payload: typeof payload === 'string' || Buffer.isBuffer(payload) ? payload : JSON.stringify(payload),
      headers: { ...headers, ...who },
    })
  return { ...api, tokens, send, producer }
}
const held = async ({ ports }: Awaited<ReturnType<typeof open>>): Promise<string[]> => {
  const texts: string[] = []
  for await (const page of ports.ledger.readAll(0)) texts.push(...page.map(({ text }) => text))
  return texts
}

describe('the three modes of the HTTP binding', () => {
  it('structured: kept as canonical bytes, however it was written; sent again it is a duplicate', async () => {
    const api = await open()
    const [opened] = ROUND as [EncodedEvent]
    const written = JSON.stringify(Object.fromEntries(Object.entries(toValue(opened)).reverse()), null, 4)
    const first = await api.send(written)
    expect([first.statusCode, first.json()]).toEqual([201, { appended: 1, duplicates: 0, last_position: 1 }])
    expect(await held(api)).toEqual([Buffer.from(opened.bytes).toString('utf8')])
    const again = await api.send(written)
    expect([again.statusCode, again.json()]).toEqual([200, { appended: 0, duplicates: 1, last_position: 1 }])
  })

  it('batch: a whole round, in order', async () => {
    const api = await open()
    const answer = await api.send(ROUND.map(toValue), BATCH)
    expect([answer.statusCode, answer.json()]).toEqual([201, { appended: ROUND.length, duplicates: 0, last_position: ROUND.length }])
    const reader = api.tokens.make(['auditor']).bearer
    expect((await api.app.inject({ url: '/v1/rounds/http-round', headers: reader })).json()).toMatchObject({ integrity: 'verified', evidence_count: 4 })
    expect((await api.app.inject({ url: '/v1/rounds', headers: reader })).json().rows).toMatchObject([{ artifact_id: 'http-round', estate: 'test' }])
  })

  it('binary: attributes in headers, percent-encoded or not, data as the body', async () => {
    const api = await open()
    for (const [n, event] of ROUND.entries()) {
      const { data, datacontenttype: _, ...attributes } = toValue(event)
      const headers = Object.fromEntries(
        Object.entries(attributes).map(([name, value]) => [`ce-${name}`, n % 2 === 0 ? String(value) : encodeURIComponent(String(value))]),
      )
      expect((await api.send(data, { 'content-type': 'application/json', ...headers })).statusCode).toBe(201)
    }
    expect(await held(api)).toEqual(ROUND.map((event) => Buffer.from(event.bytes).toString('utf8')))
  })
})

describe('what is refused', () => {
  const [opened, evidence] = ROUND as [EncodedEvent, EncodedEvent]
  const good = toValue(opened)
  const nested = (data: Record<string, unknown>) => ({ ...good, data: { ...(good.data as object), ...data } })
  const cases: readonly [string, unknown, number, string, string | null][] = [
    ['an unknown field', { ...good, secretfield: 1 }, 400, 'event_invalid', 'at /: unknown field'],
    ['an unknown field in data', nested({ secretfield: 1 }), 400, 'event_invalid', 'at /data: unknown field'],
    ['a wrong value', nested({ operator: 7 }), 400, 'event_invalid', 'at /data/operator'],
    ['a wrong id', { ...good, id: 'secretfield' }, 400, 'event_invalid', 'at /id'],
    ['another specversion', { ...good, specversion: '0.3' }, 400, 'event_invalid', 'at /specversion'],
    ['a duplicate key', `{"id":"a",${JSON.stringify(good).slice(1)}`, 400, 'request_invalid', 'duplicate_key'],
    ['a lone surrogate', JSON.stringify(nested({ operator: 'x' })).replace('"x"', '"\\ud800"'), 400, 'request_invalid', null],
    ['what is not UTF-8', Buffer.from([0x7b, 0xff]), 400, 'request_invalid', 'not UTF-8'],
    ['a decision', toValue(makeGuardEvaluated('http-round', 9)), 400, 'event_invalid', 'is a decision'],
    ['a round under the name of the escrow markers', toValue(makeOpened('escrow-markers', 0, ['a'])), 400, 'event_invalid', 'is no round'],
    ['a round under the name of the audit trail', toValue(makeOpened('access-audit', 0, ['a'])), 400, 'event_invalid', 'is no round'],
    ['evidence of a round that was never opened', toValue(evidence), 404, 'round_unknown', null],
  ]
  it.each(cases)('%s', async (_name, payload, status, code, detail) => {
    const api = await open()
    const answer = await api.send(payload)
    expect([answer.statusCode, answer.json().code]).toEqual([status, code])
    if (detail !== null) expect(answer.json().detail).toContain(detail)
    expect(answer.body).not.toContain('secretfield')
    expect(api.logText()).not.toContain('secretfield')
    expect(await held(api)).toEqual([])
  })

  it('events of the audit trail', async () => {
    const api = await open()
    const audit = { ...good, type: 'access.packet_read.v1', dataschema: 'urn:evidence-ledger:schema:access.packet_read.v1', data: {} }
    expect((await api.send(audit)).statusCode).toBe(400)
  })

  it('one bad event of a batch: all of it, with its place', async () => {
    const api = await open()
    const answer = await api.send([...ROUND.map(toValue), { ...toValue(evidence), time: 'now' }], BATCH)
    expect([answer.statusCode, answer.json().detail]).toEqual([400, expect.stringContaining(`at /${ROUND.length}/time`)])
    expect(await held(api)).toEqual([])
  })

  it('a source that is not the producer’s own: 403, in the audit trail, nothing kept', async () => {
    const api = await open()
    const other = api.tokens.make(['producer'], { source_prefix: 'urn:evidence-ledger:tes' }).bearer
    const answer = await api.send([toValue(opened)], BATCH, other)
    expect([answer.statusCode, answer.json().code]).toEqual([403, 'forbidden'])
    expect(await held(api)).toEqual([])
    expect((await api.audited()).map((event) => (event as unknown as { data: { reason: string } }).data.reason)).toContain('source_not_own')
  })

  it('an event of more than 256 KiB: 413', async () => {
    const api = await open()
    const huge = makeOpened('huge-round', 0, ['a'])
    const value = toValue(huge) as { data: { estate: { document: object } } }
    Object.assign(value.data.estate.document, {
      checks: Array.from({ length: 999 }, (_, n) => ({ id: `c-${n}`, gate: 'P0-TEST', kind: 'tcp', address: 'x'.repeat(250), port: 1 })),
    })
    const answer = await api.send(value)
    expect([answer.statusCode, answer.json().code]).toEqual([413, 'event_too_large'])
  })

  it('a conflict, a sealed round, a round that is there already: 409', async () => {
    const api = await open()
    expect((await api.send(ROUND.map(toValue), BATCH)).statusCode).toBe(201)
    const changed = { ...toValue(evidence), time: '2026-06-27T03:50:47.999Z' }
    const late = makeTcpObserved('http-round', 99, 'check-0001')
    const twice = makeEvent('http-round', 98, 'round.opened.v1', good.data)
    const answers = [await api.send(changed), await api.send(toValue(late)), await api.send(toValue(twice))]
    expect(answers.map((one) => [one.statusCode, one.json().code])).toEqual([
      [409, 'event_conflict'],
      [409, 'round_sealed'],
      [409, 'round_sealed'],
    ])
    expect((await held(api)).length).toBe(ROUND.length)
  })

  it('binary mode without its attributes, with one that is unknown, with a bad encoding', async () => {
    const api = await open()
    const { data, datacontenttype: _, ...attributes } = good
    const headers = {
      'content-type': 'application/json',
      ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [`ce-${name}`, String(value)])),
    }
    const { 'ce-specversion': __, ...without } = headers as Record<string, string>
    const answers = [
      await api.send(data, without),
      await api.send(data, { ...headers, 'ce-more': '1' }),
      await api.send(data, { ...headers, 'ce-source': '%zz' }),
    ]
    expect(answers.map((one) => one.statusCode)).toEqual([400, 400, 400])
    expect(await held(api)).toEqual([])
  })
})

it('twenty producers at once: every event once, each answer after it is durable', async () => {
  const api = await open()
  const rounds = Array.from({ length: 20 }, (_, n) => makeRound(`parallel-${n}`, 5))
  const answers = await Promise.all(rounds.flatMap((round) => [api.send(round.map(toValue), BATCH), api.send(round.map(toValue), BATCH)]))
  expect(answers.every((one) => one.statusCode === 200 || one.statusCode === 201)).toBe(true)
  const sum = answers.reduce((total, one) => total + one.json().appended, 0)
  expect([sum, (await held(api)).length]).toEqual([20 * 7, 20 * 7])
})
