import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HTTP_CODES, STATUS_OF } from '../../api/problem.ts'
import { makeApi } from '../support/api-harness.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'
import { probeRoutes } from '../support/probe-routes.ts'

const make = () => makeApi({ rounds: [], groups: [probeRoutes], config: { max_body_bytes: 1024 } })

describe('a problem', () => {
  it('of ours is told without a word of what happened; the log has it under the same id', async () => {
    const { app, logs } = await make()
    const answer = await app.inject('/probe/boom')
    const id = answer.headers['x-request-id']
    expect([answer.statusCode, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
      500,
      'application/problem+json; charset=utf-8',
      'no-store',
    ])
    expect(answer.json()).toEqual({
      type: 'urn:evidence-ledger:error:internal',
      title: 'Internal Server Error',
      status: 500,
      detail: 'something went wrong here; the log of the service has it under this instance',
      code: 'internal',
      instance: `urn:uuid:${id}`,
    })
    const line = logs.find((one) => one.reqId === id && one.level === 'error')
    expect(line?.err).toMatchObject({ message: 'secret-in-a-message /etc/shadow', stack: expect.stringContaining('probe-routes.ts') })
  })

  it('of the ledger names neither files nor machines', async () => {
    const { app, logText } = await make()
    const answer = await app.inject('/probe/ledger')
    expect([answer.statusCode, answer.json().code, answer.body.includes('/srv/secret')]).toEqual([503, 'ledger_unavailable', false])
    expect(logText()).toContain('/srv/secret')
  })

  it('of the question comes with its remedy', async () => {
    const { app } = await make()
    expect((await app.inject('/probe/unknown')).json()).toMatchObject({
      status: 404,
      code: 'round_unknown',
      detail: 'no round test in this ledger',
      remedy: 'look',
    })
  })

  it('of a schema points at the place and repeats nothing that was sent', async () => {
    const { app } = await make()
    const send = async (payload: unknown) => (await app.inject({ method: 'POST', url: '/probe/echo', payload: payload as object })).json()
    expect(await send({ name: 'hunter2-secret' })).toMatchObject({
      status: 400,
      code: 'request_invalid',
      errors: [{ pointer: '/name', detail: expect.any(String) }],
    })
    const all = JSON.stringify([await send({ name: 'hunter2-secret' }), await send({ name: 'x', 'hunter2-key': 1 }), await send({ name: { hunter2: 1 } })])
    expect(all).not.toContain('hunter2')
  })

  const bodies: [string, string | undefined, string, number, string][] = [
    ['broken JSON', 'application/json', '{"name":', 400, 'request_invalid'],
    ['an empty body', 'application/json', '', 400, 'request_invalid'],
    ['a prototype in JSON', 'application/json', '{"__proto__":{"name":"x"}}', 400, 'request_invalid'],
    ['another type', 'application/xml', '<x/>', 415, 'unsupported_media_type'],
    ['no type', undefined, 'x', 415, 'unsupported_media_type'],
    ['too many bytes', 'application/json', `{"name":"${'x'.repeat(2000)}"}`, 413, 'payload_too_large'],
  ]
  it.each(bodies)('of %s', async (_name, type, payload, status, code) => {
    const { app } = await make()
    const answer = await app.inject({ method: 'POST', url: '/probe/echo', headers: type === undefined ? {} : { 'content-type': type }, payload })
    expect([answer.statusCode, answer.json().code, answer.json().status]).toEqual([status, code, status])
  })

  const addresses: [string, number, string][] = [
    ['/probe/%zz', 400, 'request_invalid'],
    ['/probe/%00', 404, 'not_found'],
    [`/probe/packets/${'a'.repeat(400)}`, 404, 'not_found'],
    ['//probe/public', 404, 'not_found'],
    ['/probe/public/', 404, 'not_found'],
    ['/probe/../../etc/passwd', 404, 'not_found'],
  ]
  it.each(addresses)('of the address %s', async (url, status, code) => {
    const { app } = await make()
    const answer = await app.inject(url)
    expect([answer.statusCode, answer.json().code, answer.headers['content-type']]).toEqual([status, code, 'application/problem+json; charset=utf-8'])
  })
})

it('docs/errors.md explains every code that only HTTP has, and no other, with its status', () => {
  const text = readFileSync(join(REPOSITORY, 'docs/errors.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `(\w+)` \| (\d{3}) \| (\S.*?) \|$/gm)].map((match) => [match[1], Number(match[2])])
  expect(rows).toEqual(Object.entries(HTTP_CODES).map(([code, [status]]) => [code, status]))
  const statuses = [...text.matchAll(/^\| (\d{3}) \| (`.*`) \|$/gm)].flatMap((match) =>
    [...(match[2] ?? '').matchAll(/`(\w+)`/g)].map((one) => [one[1], Number(match[1])]),
  )
  expect(Object.fromEntries(statuses)).toEqual(STATUS_OF)
})
