import { expect, it } from 'vitest'
import { makeApi } from '../support/api-harness.ts'

it('tells that it lives and is ready', async () => {
  const { app } = await makeApi()
  expect((await app.inject('/health/live')).json()).toEqual({ live: true })
  const ready = await app.inject('/health/ready')
  expect([ready.statusCode, ready.json()]).toEqual([200, { ready: true, checks: { ledger: 'ok', history: 'ok', audit: 'ok' } }])
})

it('describes itself as OpenAPI 3.1', async () => {
  const { app } = await makeApi()
  const answer = await app.inject('/docs/json')
  expect(answer.json()).toMatchObject({ openapi: '3.1.0', paths: { '/health/ready': { get: {} } } })
})

it('answers an unknown address with 404, a known one under another method with 405 and Allow', async () => {
  const { app } = await makeApi()
  const unknown = await app.inject('/v1/nothing')
  expect([unknown.statusCode, unknown.headers['content-type'], unknown.json().code]).toEqual([404, 'application/problem+json; charset=utf-8', 'not_found'])
  const known = await app.inject({ method: 'DELETE', url: '/health/live' })
  expect([known.statusCode, known.headers.allow, known.json().code]).toEqual([405, 'GET, HEAD', 'method_not_allowed'])
})
