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

it('shows its description offline: nothing on the page is from elsewhere or inline', async () => {
  const { app } = await makeApi({ rounds: [] })
  const page = await app.inject('/docs/')
  expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html; charset=utf-8'])
  const addresses = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '')
  expect(addresses.length).toBeGreaterThan(4)
  for (const address of addresses) expect([address, (await app.inject(`/docs/${address}`)).statusCode]).toEqual([address, 200])
  expect(page.body).not.toMatch(/<script>|<style|https?:\/\//)
  expect((await app.inject('/docs/static/swagger-initializer.js')).body).toMatch(/"validatorUrl": ?null/)
})

it('answers in br or gzip where that is asked for, and never what is small', async () => {
  const { app } = await makeApi({ rounds: [] })
  const encodingOf = async (url: string, accept: string) => (await app.inject({ url, headers: { 'accept-encoding': accept } })).headers['content-encoding']
  expect([await encodingOf('/docs/json', 'gzip, br'), await encodingOf('/docs/json', 'gzip'), await encodingOf('/docs/json', 'identity')]).toEqual([
    'br',
    'gzip',
    undefined,
  ])
  expect(await encodingOf('/health/live', 'gzip, br')).toBeUndefined()
})
