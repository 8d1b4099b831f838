import { createHmac, type webcrypto } from 'node:crypto'
import { base64url, exportSPKI, importJWK, SignJWT } from 'jose'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { openOidc } from '../../api/access/oidc.ts'
import { type OidcConfig, parseServeConfig } from '../../api/serve-config.ts'
import { makeApi } from '../support/api-harness.ts'
import { type OidcIssuer, startIssuer } from '../support/oidc-issuer.ts'
import { probeRoutes } from '../support/probe-routes.ts'
import { makeTokens } from '../support/test-access.ts'

const ROLES = {
  sre: { roles: ['auditor', 'operator'] },
  sender: { roles: ['producer'], source_prefix: 'urn:a:b' },
  other: { roles: ['producer'], source_prefix: 'urn:x' },
}

function settings(issuer: OidcIssuer, more: Record<string, unknown> = {}): OidcConfig {
  const { oidc } = parseServeConfig({ oidc: { issuer: issuer.url, audience: 'evidence', roles: ROLES, ...more } })
  if (oidc === null) throw new Error('no oidc')
  return oidc
}
const open = (issuer: OidcIssuer, more: Record<string, unknown> = {}, now = () => new Date()) => openOidc(settings(issuer, more), { now })
const seconds = (n: number): number => Math.floor(Date.now() / 1000) + n

describe('a JWT of the issuer', () => {
  it.each(['RS256', 'ES256', 'PS256', 'EdDSA'])('signed with %s says who asks', async (alg) => {
    const issuer = await startIssuer(alg)
    expect(await open(issuer).identify(await issuer.sign())).toEqual({
      ok: true,
      principal: { subject: 'alice', roles: ['auditor', 'operator'], sourcePrefixes: [], via: 'oidc' },
    })
  })

  it('maps claims to roles as configured, and nothing else', async () => {
    const issuer = await startIssuer()
    const oidc = open(issuer)
    const rolesOf = async (claims: Record<string, unknown>) => {
      const identified = await oidc.identify(await issuer.sign(claims))
      return identified.ok ? [identified.principal.roles, identified.principal.sourcePrefixes] : identified.reason
    }
    expect(await rolesOf({ roles: 'sre' })).toEqual([['auditor', 'operator'], []])
    expect(await rolesOf({ roles: ['sender', 'other', 'sre', 'sre'] })).toEqual([
      ['producer', 'auditor', 'operator'],
      ['urn:a:b', 'urn:x'],
    ])
    for (const roles of [undefined, [], ['nobody'], 'auditor', 7, { sre: true }, ['__proto__', 'constructor'], null])
      expect(await rolesOf({ roles })).toBe('jwt_no_role')
    const nested = open(issuer, { roles_claim: 'realm_access.roles' })
    expect((await nested.identify(await issuer.sign({ realm_access: { roles: ['sre'] } }))).ok).toBe(true)
    const dotted = open(issuer, { roles_claim: 'https://evidence.example/roles' })
    expect((await dotted.identify(await issuer.sign({ 'https://evidence.example/roles': ['sre'] }))).ok).toBe(true)
    const named = await open(issuer, { subject_claim: 'email' }).identify(await issuer.sign({ email: 'a@example.org' }))
    expect(named.ok && named.principal.subject).toBe('a@example.org')
  })

  it('counts up to its tolerance', async () => {
    const issuer = await startIssuer()
    expect((await open(issuer).identify(await issuer.sign({ exp: seconds(-20) }))).ok).toBe(true)
    expect((await open(issuer).identify(await issuer.sign({ nbf: seconds(20) }))).ok).toBe(true)
    expect(await open(issuer, { clock_tolerance_s: 0 }).identify(await issuer.sign({ exp: seconds(-20) }))).toEqual({ ok: false, reason: 'jwt_expired' })
  })
})

describe('refused is', () => {
  const cases: [string, (issuer: OidcIssuer) => Promise<string>, string][] = [
    ['an expired one', (issuer) => issuer.sign({ exp: seconds(-60) }), 'jwt_expired'],
    ['one that is not valid yet', (issuer) => issuer.sign({ nbf: seconds(60) }), 'jwt_invalid'],
    ['one of another issuer', (issuer) => issuer.sign({ iss: 'https://evil.example' }), 'jwt_invalid'],
    ['one of an issuer with a slash more', (issuer) => issuer.sign({ iss: `${issuer.url}/` }), 'jwt_invalid'],
    ['one for another audience', (issuer) => issuer.sign({ aud: 'someone-else' }), 'jwt_invalid'],
    ['one for no audience', (issuer) => issuer.sign({ aud: undefined }), 'jwt_invalid'],
    ['one without exp', (issuer) => issuer.sign({ exp: undefined }), 'jwt_invalid'],
    ['one without sub', (issuer) => issuer.sign({ sub: undefined }), 'jwt_invalid'],
    ['one with a sub that is no text', (issuer) => issuer.sign({ sub: '' }), 'jwt_invalid'],
    ['one with a key id that is not there', (issuer) => issuer.sign({}, { kid: 'unknown' }), 'jwt_invalid'],
    ['one with a changed payload', async (issuer) => tampered(await issuer.sign()), 'jwt_invalid'],
    ['one without signature', async (issuer) => (await issuer.sign()).replace(/[^.]+$/, ''), 'jwt_invalid'],
    ['alg none', (issuer) => unsigned(issuer, 'none'), 'jwt_invalid'],
    ['alg None', (issuer) => unsigned(issuer, 'None'), 'jwt_invalid'],
    ['HS256 with the public key as its secret', hmacOfPublicKey, 'jwt_invalid'],
    ['one that brings its own key', ownKey, 'jwt_invalid'],
    ['one with a critical header that nobody knows', (issuer) => withCrit(issuer), 'jwt_invalid'],
    ['text', async () => 'a.b.c', 'jwt_invalid'],
    ['empty parts', async () => '..', 'jwt_invalid'],
  ]
  it.each(cases)('%s', async (_name, make, reason) => {
    const issuer = await startIssuer('RS256')
    expect(await open(issuer).identify(await make(issuer))).toEqual({ ok: false, reason })
    // What is right is still taken, so the case above was refused for its fault.
    expect((await open(issuer).identify(await issuer.sign())).ok).toBe(true)
  })

  it('an algorithm that is not configured', async () => {
    const issuer = await startIssuer('RS256')
    expect(await open(issuer, { algorithms: ['ES256'] }).identify(await issuer.sign())).toEqual({ ok: false, reason: 'jwt_invalid' })
    expect(() => settings(issuer, { algorithms: ['HS256'] })).toThrow('settings of serve: oidc.algorithms.0')
    expect(() => settings(issuer, { algorithms: ['none'] })).toThrow('settings of serve: oidc.algorithms.0')
  })
})

function tampered(jwt: string): string {
  const [header, payload, signature] = jwt.split('.')
  const claims = { ...JSON.parse(Buffer.from(payload ?? '', 'base64url').toString()), sub: 'mallory' }
  return [header, base64url.encode(JSON.stringify(claims)), signature].join('.')
}

async function unsigned(issuer: OidcIssuer, alg: string): Promise<string> {
  const [, payload] = (await issuer.sign()).split('.')
  return `${base64url.encode(JSON.stringify({ alg, typ: 'JWT' }))}.${payload}.`
}

/** The confusion of algorithms: the verifier must not take the published key for a password. */
async function hmacOfPublicKey(issuer: OidcIssuer): Promise<string> {
  const key = issuer.keys[0]
  const pem = await exportSPKI((await importJWK(key?.publicJwk ?? {}, 'RS256', { extractable: true })) as webcrypto.CryptoKey)
  const [, payload] = (await issuer.sign()).split('.')
  const head = `${base64url.encode(JSON.stringify({ alg: 'HS256', kid: key?.kid }))}.${payload}`
  return `${head}.${createHmac('sha256', pem).update(head).digest('base64url')}`
}

async function ownKey(issuer: OidcIssuer): Promise<string> {
  const mallory = await startIssuer('RS256')
  const key = mallory.keys[0]
  return issuer.sign({}, { kid: issuer.keys[0]?.kid, jwk: key?.publicJwk, jku: `${mallory.url}/jwks` }, key)
}

async function withCrit(issuer: OidcIssuer): Promise<string> {
  const key = issuer.keys[0]
  if (key === undefined) throw new Error('no key')
  const signer = new SignJWT({ iss: issuer.url, aud: 'evidence', sub: 'alice', exp: seconds(60), roles: ['sre'] })
  return signer.setProtectedHeader({ alg: key.alg, kid: key.kid, crit: ['mystery'], mystery: true }).sign(key.privateKey, { crit: { mystery: true } })
}

describe('keys', () => {
  it('are fetched once, also when many ask at once', async () => {
    const issuer = await startIssuer()
    const oidc = open(issuer)
    const jwts = await Promise.all(Array.from({ length: 20 }, () => issuer.sign()))
    const answers = await Promise.all(jwts.map((jwt) => oidc.identify(jwt)))
    expect([answers.every((one) => one.ok), issuer.fetches()]).toEqual([true, 1])
  })

  it('that are made up do not make the issuer be asked again and again', async () => {
    const issuer = await startIssuer()
    const oidc = open(issuer)
    await oidc.identify(await issuer.sign())
    for (let n = 0; n < 50; n++) expect(await oidc.identify(await issuer.sign({}, { kid: `made-up-${n}` }))).toEqual({ ok: false, reason: 'jwt_invalid' })
    expect(issuer.fetches()).toBe(1)
  })

  it('that are rotated are taken up, and those withdrawn are dropped', async () => {
    const issuer = await startIssuer()
    const oidc = open(issuer)
    const [old] = issuer.keys
    const before = await issuer.sign()
    expect((await oidc.identify(before)).ok).toBe(true)
    await issuer.rotate()
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
    onTestFinished(() => void vi.useRealTimers())
    expect((await oidc.identify(await issuer.sign())).ok).toBe(true)
    expect((await oidc.identify(before)).ok).toBe(true)
    expect(issuer.fetches()).toBe(2)
    issuer.drop(old?.kid ?? '')
    vi.setSystemTime(Date.now() + 601_000)
    expect(await oidc.identify(await issuer.sign({ exp: seconds(300) }, {}, old))).toEqual({ ok: false, reason: 'jwt_invalid' })
  })

  const faults: [string, Parameters<OidcIssuer['answerWith']>[0]][] = [
    ['answers 500', (_request, response) => void response.writeHead(500).end()],
    ['hangs up', (request) => void request.socket.destroy()],
    ['answers something else', (_request, response) => void response.writeHead(200).end('<html>')],
    ['redirects', (_request, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end()],
    ['answers too much', (_request, response) => void response.writeHead(200).end('x'.repeat(2_000_000))],
    [
      'answers as another issuer',
      (_request, response) => void response.writeHead(200).end('{"issuer":"https://evil.example","jwks_uri":"https://evil.example/jwks"}'),
    ],
    ['leads to keys without TLS', (_request, response) => void response.writeHead(200).end('{"issuer":"x","jwks_uri":"http://198.51.100.1/jwks"}')],
  ]
  it.each(faults)('of an issuer that %s are unavailable, and are there again afterwards', async (_name, fault) => {
    const issuer = await startIssuer()
    let now = Date.now()
    const oidc = open(issuer, {}, () => new Date(now))
    issuer.answerWith(fault)
    expect(await oidc.identify(await issuer.sign())).toEqual({ ok: false, reason: 'issuer_unavailable' })
    issuer.answerWith(null)
    now += 6000
    expect((await oidc.identify(await issuer.sign())).ok).toBe(true)
  })

  it('of an issuer that is down are not asked for by everybody at once', async () => {
    const issuer = await startIssuer()
    let asked = 0
    issuer.answerWith((_request, response) => {
      asked++
      response.writeHead(503).end()
    })
    const oidc = open(issuer)
    for (let n = 0; n < 20; n++) await oidc.identify(await issuer.sign())
    expect(asked).toBe(1)
  })

  it('are known already when the issuer goes down', async () => {
    const issuer = await startIssuer()
    const oidc = open(issuer)
    await oidc.identify(await issuer.sign())
    issuer.answerWith((request) => void request.socket.destroy())
    expect((await oidc.identify(await issuer.sign())).ok).toBe(true)
  })
})

it('addresses are https, or on the loopback', () => {
  const oidc =
    (issuer: string, jwks_uri: string | null = null) =>
    () =>
      openOidc({ ...(parseServeConfig({ oidc: { issuer, audience: 'a', roles: ROLES, jwks_uri } }).oidc as OidcConfig) })
  for (const bad of ['http://idp.example', 'http://127.0.0.1.evil.example', 'http://[2001:db8::1]']) {
    expect(oidc(bad)).toThrow('oidc.issuer: neither https nor on the loopback')
    expect(oidc('https://idp.example', bad)).toThrow('oidc.jwks_uri: neither https nor on the loopback')
  }
  for (const good of ['https://idp.example', 'http://127.0.0.1:8080', 'http://[::1]:80', 'http://localhost:1']) oidc(good)()
  expect(oidc('ftp://idp.example')).toThrow('settings of serve: oidc.issuer')
})

it('over HTTP, beside tokens: who asks, who may not, and an issuer that is away', async () => {
  const issuer = await startIssuer()
  const tokens = makeTokens()
  const config = { access_file: tokens.path, oidc: { issuer: issuer.url, audience: 'evidence', roles: ROLES } }
  const { app, ports, audited } = await makeApi({ rounds: [], groups: [probeRoutes], config })
  const ask = async (url: string, jwt: string) => app.inject({ url, headers: { authorization: `Bearer ${jwt}` } })
  expect(ports.access.auth).toBe('token+oidc')
  expect((await ask('/probe/operate', await issuer.sign())).json().principal).toEqual({
    subject: 'alice',
    roles: ['auditor', 'operator'],
    sourcePrefixes: [],
    via: 'oidc',
  })
  expect((await ask('/probe/operate', tokens.make(['operator']).text)).statusCode).toBe(200)
  expect((await ask('/probe/review', await issuer.sign())).statusCode).toBe(403)
  expect((await ask('/probe/read', await issuer.sign({ aud: 'x' }))).statusCode).toBe(401)
  expect(await audited()).toContainEqual({
    type: 'access.refused.v1',
    data: expect.objectContaining({ reason: 'role_missing', principal: 'alice', via: 'oidc' }),
  })

  const down = await startIssuer()
  down.answerWith((request) => void request.socket.destroy())
  const other = await makeApi({ rounds: [], groups: [probeRoutes], config: { oidc: { ...config.oidc, issuer: down.url } } })
  const answer = await other.app.inject({ url: '/probe/read', headers: { authorization: `Bearer ${await down.sign()}` } })
  expect([answer.statusCode, answer.json().code, answer.headers['retry-after']]).toEqual([503, 'issuer_unavailable', '5'])
})
