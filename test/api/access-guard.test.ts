import { describe, expect, it } from 'vitest'
import { ROLES, type Role } from '../../api/access/principal.ts'
import { type Access, ROLES_OF } from '../../api/access/route-access.ts'
import { makeApi } from '../support/api-harness.ts'
import { probeRoutes } from '../support/probe-routes.ts'
import { makeTokens } from '../support/test-access.ts'

const groups = [probeRoutes]
const withTokens = async (config: Record<string, unknown> = {}) => {
  const tokens = makeTokens()
  return { tokens, ...(await makeApi({ groups, rounds: [], config: { access_file: tokens.path, ...config } })) }
}

describe('roles', () => {
  it('open exactly the routes that are for them', async () => {
    const { app, tokens } = await withTokens()
    const allowed: Record<string, string[]> = {}
    for (const role of ROLES) {
      const { bearer } = tokens.make([role])
      const answers = await Promise.all(
        Object.keys(ROLES_OF).map(async (access) => [access, (await app.inject({ url: `/probe/${access}`, headers: bearer })).statusCode] as const),
      )
      expect(answers.every(([, status]) => status === 200 || status === 403)).toBe(true)
      allowed[role] = answers.filter(([, status]) => status === 200).map(([access]) => access)
    }
    expect(allowed).toEqual({
      auditor: ['public', 'known', 'read'],
      producer: ['public', 'known', 'append'],
      operator: ['public', 'known', 'read', 'operate'],
      owner: ['public', 'known', 'read', 'own'],
      reviewer: ['public', 'known', 'read', 'review'],
    } satisfies Record<Role, Access[]>)
  })

  it('without credentials open nothing but public routes', async () => {
    const { app } = await withTokens()
    for (const access of Object.keys(ROLES_OF)) {
      for (const method of ['GET', 'POST', 'HEAD'] as const) {
        const answer = await app.inject({ method, url: `/probe/${access}` })
        if (method === 'HEAD' && access === 'public') continue
        expect([access, method, answer.statusCode]).toEqual([access, method, access === 'public' ? 200 : 401])
        if (access !== 'public') expect(answer.headers['www-authenticate']).toBe('Bearer realm="evidence"')
      }
    }
  })

  it('of nobody and of the loopback are what they are', async () => {
    const off = await makeApi({ groups, rounds: [] })
    expect((await off.app.inject('/probe/review')).json().principal).toEqual({ subject: 'tester', roles: [...ROLES], sourcePrefixes: null, via: 'loopback' })
    const { app } = await withTokens()
    expect((await app.inject('/probe/public')).json().principal).toMatchObject({ roles: [], via: 'none' })
  })
})

it('a route that does not say who it is for keeps the service from starting', async () => {
  await expect(makeApi({ rounds: [], groups: [(app) => void app.get('/open', async () => 'x')] })).rejects.toThrow('routes without config.access: GET /open')
  const wrong = { access: 'everyone' as never }
  await expect(makeApi({ rounds: [], groups: [(app) => void app.get('/open', { config: wrong }, async () => 'x')] })).rejects.toThrow('GET /open')
})

describe('credentials', () => {
  it('that are wrong are refused on public routes as well, without a word about why', async () => {
    const { app, tokens, audited } = await withTokens()
    const { text, id } = tokens.make(['auditor'])
    const expired = tokens.make(['auditor'], { expires_at: '2026-01-01T00:00:00.000Z' })
    tokens.file.revoke(id, new Date())
    const other = tokens.make(['auditor']).text
    const wrong = {
      malformed: 'Basic dXNlcjpwYXNz',
      'not a token': 'Bearer evl_x',
      'wrong checksum': `Bearer ${other.slice(0, -1)}${other.endsWith('0') ? '1' : '0'}`,
      revoked: `Bearer ${text}`,
      expired: expired.bearer.authorization,
      'a JWT where none are taken': 'Bearer a.b.c',
      empty: '',
    }
    const bodies = new Set<string>()
    for (const [name, authorization] of Object.entries(wrong)) {
      const answer = await app.inject({ url: '/probe/public', headers: { authorization } })
      expect([name, answer.statusCode, answer.headers['www-authenticate']]).toEqual([name, 401, 'Bearer realm="evidence", error="invalid_token"'])
      bodies.add(answer.body.replace(/urn:uuid:[^"]+/, ''))
    }
    expect(bodies.size).toBe(1)
    const reasons = (await audited()).map(({ data }) => [data.reason, data.principal])
    expect(reasons).toContainEqual(['token_revoked', 'test-auditor'])
    expect(reasons).toContainEqual(['token_expired', 'test-auditor'])
    expect(new Set(reasons.map(([reason]) => reason))).toEqual(new Set(['credentials_malformed', 'token_revoked', 'token_expired']))
  })

  it('are not looked at any more after too many wrong ones from an address', async () => {
    const { app, tokens } = await withTokens({ failures_per_minute: 3 })
    const { bearer } = tokens.make(['auditor'])
    const wrong = { authorization: `Bearer ${'x'.repeat(20)}` }
    const statuses: number[] = []
    for (let n = 0; n < 5; n++) statuses.push((await app.inject({ url: '/probe/read', headers: wrong })).statusCode)
    expect(statuses).toEqual([401, 401, 401, 429, 429])
    const good = await app.inject({ url: '/probe/read', headers: bearer })
    expect([good.statusCode, good.json().code, Number(good.headers['retry-after']) > 0]).toEqual([429, 'rate_limited', true])
    const elsewhere = await app.inject({ url: '/probe/read', headers: bearer, remoteAddress: '192.0.2.9' })
    expect(elsewhere.statusCode).toBe(200)
  })

  it('that are revoked do not count any more at once', async () => {
    const { app, tokens } = await withTokens()
    const { id, bearer } = tokens.make(['auditor'])
    expect((await app.inject({ url: '/probe/read', headers: bearer })).statusCode).toBe(200)
    tokens.file.revoke(id, new Date())
    expect((await app.inject({ url: '/probe/read', headers: bearer })).statusCode).toBe(401)
  })
})

describe('too many requests', () => {
  it('are counted by principal, wherever it asks from, and by address without one', async () => {
    const { app, tokens, audited } = await withTokens({ requests_per_minute: 3 })
    const one = tokens.make(['auditor'], { subject: 'one' }).bearer
    const two = tokens.make(['auditor'], { subject: 'two' }).bearer
    const ask = async (headers: Record<string, string>, remoteAddress: string) =>
      (await app.inject({ url: '/probe/public', headers, remoteAddress })).statusCode
    expect([await ask(one, '192.0.2.1'), await ask(one, '192.0.2.2'), await ask(one, '192.0.2.3'), await ask(one, '192.0.2.4')]).toEqual([200, 200, 200, 429])
    expect(await ask(two, '192.0.2.1')).toBe(200)
    expect([await ask({}, '192.0.2.5'), await ask({}, '192.0.2.5'), await ask({}, '192.0.2.5'), await ask({}, '192.0.2.5')]).toEqual([200, 200, 200, 429])
    expect(await ask({}, '192.0.2.6')).toBe(200)
    // One customer's IPv6 network is one address.
    const net = (n: number) => `2001:db8:1:2::${n}`
    expect([await ask({}, net(1)), await ask({}, net(2)), await ask({}, net(3)), await ask({}, net(4)), await ask({}, '2001:db8:1:3::1')]).toEqual([
      200, 200, 200, 429, 200,
    ])
    expect((await app.inject({ url: '/nowhere', headers: one })).statusCode).toBe(429)
    expect((await app.inject({ url: '/health/live', headers: one })).statusCode).toBe(200)
    expect(await audited()).toContainEqual({
      type: 'access.refused.v1',
      data: expect.objectContaining({ status: 429, reason: 'too_many_requests', principal: 'one', via: 'token' }),
    })
  })
})

describe('the address behind a proxy', () => {
  it('is believed of proxies that are trusted, and of nobody else', async () => {
    const { app, audited } = await withTokens({ trusted_proxies: ['192.0.2.1', '198.51.100.0/24'] })
    const ask = (remoteAddress: string, forwarded: string) => app.inject({ url: '/probe/read', remoteAddress, headers: { 'x-forwarded-for': forwarded } })
    await ask('192.0.2.1', '203.0.113.7')
    await ask('198.51.100.200', '203.0.113.99, 203.0.113.8')
    await ask('192.0.2.2', '203.0.113.9')
    expect((await audited()).map(({ data }) => data.address)).toEqual(['203.0.113.7', '203.0.113.8', '192.0.2.2'])
  })
})

describe('other web sites', () => {
  const refusedHosts = [
    'evil.example',
    'evil.example:8480',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    'localhost:8480:1',
    '[::1',
    '169.254.169.254',
    'user@localhost',
  ]
  it('whose name was made to point here are refused by their Host header', async () => {
    const { app } = await makeApi({ groups, rounds: [] })
    for (const host of refusedHosts) expect([host, (await app.inject({ url: '/probe/read', headers: { host } })).statusCode]).toEqual([host, 421])
    for (const host of ['localhost', 'LOCALHOST:8480', '127.0.0.1:1', '[::1]:8480']) {
      expect([host, (await app.inject({ url: '/probe/read', headers: { host } })).statusCode]).toEqual([host, 200])
    }
  })

  it('may be named, with authentication', async () => {
    const { app, tokens } = await withTokens({ allowed_hosts: ['evidence.example'] })
    const { bearer } = tokens.make(['auditor'])
    expect((await app.inject({ url: '/probe/read', headers: { host: 'evidence.example', ...bearer } })).statusCode).toBe(200)
    expect((await app.inject({ url: '/probe/read', headers: { host: 'other.example', ...bearer } })).statusCode).toBe(421)
  })

  const host = 'localhost:8480'
  const cases: [string, 'GET' | 'POST', Record<string, string>, number][] = [
    ['a program', 'POST', {}, 200],
    ['our own page', 'POST', { origin: 'http://localhost:8480', 'sec-fetch-site': 'same-origin' }, 200],
    ['another site', 'POST', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }, 403],
    ['another site in an old browser', 'POST', { origin: 'https://evil.example' }, 403],
    ['another site that hides its origin', 'POST', { origin: 'null' }, 403],
    ['another port of this machine', 'POST', { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' }, 403],
    ['a form that navigates here', 'POST', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 403],
    ['no origin, but cross-site', 'POST', { 'sec-fetch-site': 'cross-site' }, 403],
    ['a read from another site', 'GET', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' }, 403],
    ['an image of another site', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    ['a link from elsewhere', 'GET', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, 200],
    ['a bookmark', 'GET', { 'sec-fetch-site': 'none', 'sec-fetch-mode': 'navigate' }, 200],
  ]
  it.each(cases)('%s: %s', async (_name, method, headers, status) => {
    const { app } = await makeApi({ groups, rounds: [] })
    const answer = await app.inject({ method, url: '/probe/read', headers: { host, ...headers } })
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['access-control-allow-origin']).toBeUndefined()
  })

  it('may read where they are configured, and no others', async () => {
    const { app } = await makeApi({ groups, rounds: [], config: { cors_origins: ['https://console.example'] } })
    const ask = (origin: string) => app.inject({ method: 'POST', url: '/probe/read', headers: { host, origin, 'sec-fetch-site': 'cross-site' } })
    const ours = await ask('https://console.example')
    expect([ours.statusCode, ours.headers['access-control-allow-origin'], ours.headers['access-control-allow-credentials']]).toEqual([
      200,
      'https://console.example',
      undefined,
    ])
    const other = await ask('https://evil.example')
    expect([other.statusCode, other.headers['access-control-allow-origin']]).toEqual([403, undefined])
    const preflight = (origin: string) =>
      app.inject({
        method: 'OPTIONS',
        url: '/probe/read',
        headers: { host, origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
      })
    expect([
      (await preflight('https://console.example')).statusCode,
      (await preflight('https://console.example')).headers['access-control-allow-headers'],
    ]).toEqual([204, 'authorization, content-type, accept, if-none-match, last-event-id'])
    expect((await preflight('https://evil.example')).headers['access-control-allow-origin']).toBeUndefined()
  })
})

describe('a producer', () => {
  it('sends only what is under its own prefix, up to a delimiter', async () => {
    const { app, tokens, audited } = await withTokens()
    const { bearer } = tokens.make(['producer'], { subject: 'relay', source_prefix: 'urn:a:b' })
    const send = async (source: string) => (await app.inject({ method: 'POST', url: '/probe/source', headers: bearer, payload: { source } })).statusCode
    for (const source of ['urn:a:b', 'urn:a:b:1', 'urn:a:b/x']) expect([source, await send(source)]).toEqual([source, 200])
    for (const source of ['urn:a:bc', 'urn:a', 'urn:a:', 'urn:A:b', 'xurn:a:b', '', 'urn:a:b.c', 'urn:a:b-c'])
      expect([source, await send(source)]).toEqual([source, 403])
    expect(await audited()).toContainEqual({
      type: 'access.refused.v1',
      data: expect.objectContaining({ reason: 'source_not_own', principal: 'relay', status: 403, count: 1 }),
    })
  })
})

describe('headers of every answer', () => {
  it('keep browsers strict, and set no cookie', async () => {
    const { app, tokens } = await withTokens()
    const { bearer } = tokens.make(['auditor'])
    for (const url of ['/probe/read', '/nowhere', '/probe/boom', '/docs/']) {
      const { headers } = await app.inject({ url, headers: bearer })
      expect(headers['content-security-policy']).toContain("default-src 'none';script-src 'self';")
      expect(headers['content-security-policy']).not.toMatch(/script-src[^;]*unsafe/)
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
      })
      expect(headers['set-cookie']).toBeUndefined()
      expect(headers['strict-transport-security']).toBeUndefined()
      expect(headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    }
  })

  it('do not take the request id from the client', async () => {
    const { app } = await makeApi({ groups, rounds: [] })
    const { headers } = await app.inject({ url: '/health/live', headers: { 'x-request-id': 'mine', 'request-id': 'mine' } })
    expect(headers['x-request-id']).not.toBe('mine')
  })
})
