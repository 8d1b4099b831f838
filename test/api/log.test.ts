import { expect, it } from 'vitest'
import { makeApi } from '../support/api-harness.ts'
import { probeRoutes } from '../support/probe-routes.ts'
import { makeTokens } from '../support/test-access.ts'

it('one line a request says who asked for what, how it ended and how long it took', async () => {
  const tokens = makeTokens()
  const { app, logs } = await makeApi({ rounds: [], groups: [probeRoutes], config: { access_file: tokens.path } })
  const { bearer } = tokens.make(['auditor'], { subject: 'alice' })
  const answer = await app.inject({ url: '/probe/read?q=1', headers: bearer })
  const lines = logs.filter((line) => line.reqId === answer.headers['x-request-id'])
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/Z$/),
      reqId: answer.headers['x-request-id'],
      req: { method: 'GET', path: '/probe/read', address: '127.0.0.1' },
      route: '/probe/read',
      status: 200,
      ms: expect.any(Number),
      principal: 'alice',
      via: 'token',
      msg: 'answered',
    },
  ])
})

it('holds no credential, query or body, whatever went wrong with the request', async () => {
  const tokens = makeTokens()
  const { app, logText, audited } = await makeApi({ rounds: [], groups: [probeRoutes], config: { access_file: tokens.path } })
  const { text } = tokens.make(['auditor', 'producer'])
  const secret = 'hunter2-in-the-open'
  const headersOf = (authorization: string) => ({ authorization, cookie: `session=${secret}`, 'x-api-key': secret, referer: `https://x.example/?t=${secret}` })
  for (const authorization of [`Bearer ${text}`, `Bearer ${secret}`, `Basic ${Buffer.from(secret).toString('base64')}`]) {
    for (const url of [
      `/probe/read?token=${secret}`,
      `/probe/boom?q=${secret}`,
      `/nowhere?access_token=${secret}`,
      `/probe/%zz?${secret}`,
      `/probe/review?${secret}`,
    ]) {
      await app.inject({ url, headers: headersOf(authorization) })
    }
    await app.inject({ method: 'POST', url: '/probe/echo', headers: headersOf(authorization), payload: { name: secret, other: secret } })
    await app.inject({
      method: 'POST',
      url: '/probe/echo',
      headers: { ...headersOf(authorization), 'content-type': 'application/json' },
      payload: `{"name": ${secret}`,
    })
    await app.inject({ method: 'POST', url: '/probe/source', headers: headersOf(authorization), payload: { source: `urn:${secret}` } })
  }
  const all = logText() + JSON.stringify(await audited())
  expect(all).toContain('/probe/review')
  for (const word of [secret, text, text.slice(17, 57), Buffer.from(secret).toString('base64')]) expect([word, all.includes(word)]).toEqual([word, false])
})

it('takes out secrets of whatever is logged later', async () => {
  const { app, logs } = await makeApi({ rounds: [] })
  app.log.info({ authorization: 'a-secret', request: { headers: { x: 'a-secret' }, token: 'a-secret' }, deep: { one: { password: 'a-secret' } } }, 'careless')
  expect(JSON.stringify(logs.at(-1))).not.toContain('a-secret')
  expect(logs.at(-1)).toMatchObject({ msg: 'careless', authorization: '[redacted]' })
})

it('cuts addresses that are somebody’s experiment', async () => {
  const { app, logText } = await makeApi({ rounds: [] })
  await app.inject(`/${'a'.repeat(5000)}`)
  expect(logText().length).toBeLessThan(1500)
})
