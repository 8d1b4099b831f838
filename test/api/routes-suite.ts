import { once } from 'node:events'
import { connect } from 'node:net'
import type { RouteOptions } from 'fastify'
import { expect, it } from 'vitest'
import type { z } from 'zod'
import { ROLES, type Role } from '../../api/access/principal.ts'
import { ROLES_OF } from '../../api/access/route-access.ts'
import type { ApiPorts } from '../../api/ports.ts'
import { Problem } from '../../api/problem.ts'
import type { RouteGroup } from '../../api/route-group.ts'
import { listenApi, makeApi } from '../support/api-harness.ts'
import { makeTokens } from '../support/test-access.ts'
import { type Ask, CASES } from './route-cases.ts'

/** Where questions are answered from; `change` puts it in the place of the local file. */
export type RoutesTarget = { readonly change?: (ports: ApiPorts) => ApiPorts }

type Known = { readonly method: string; readonly url: string; readonly options: RouteOptions }

/** Every route of the service as it was registered: a new one without a case fails here. */
async function registeredRoutes(): Promise<Known[]> {
  const known: Known[] = []
  const collect: RouteGroup = (app) => {
    app.addHook('onRoute', (options) => {
      for (const method of [options.method].flat()) if (options.url.startsWith('/v1/') && method !== 'HEAD') known.push({ method, url: options.url, options })
    })
  }
  const { app } = await makeApi({ rounds: [], groups: [collect] })
  await app.ready()
  return known
}

const inject = ({ headers = {}, ...rest }: Ask, more: Record<string, string> = {}) => ({ method: 'GET' as const, ...rest, headers: { ...headers, ...more } })
/** Limits of a client are another test's matter. */
const FREE = { requests_per_minute: 1_000_000, max_body_bytes: 1_000_000 }

/** What holds for every route, over one kind of store. */
export function routesSuite(openTarget: () => Promise<RoutesTarget>): void {
  const open = async (config: Record<string, unknown> = {}) => {
    const tokens = makeTokens()
    const api = await makeApi({ ...(await openTarget()), config: { ...FREE, access_file: tokens.path, ...config } })
    return { ...api, tokens }
  }

  it('every route has a case, and every case a route', async () => {
    const routes = (await registeredRoutes()).map(({ method, url }) => `${method} ${url}`)
    expect(routes.length).toBeGreaterThan(35)
    expect(routes.toSorted()).toEqual(Object.keys(CASES).toSorted())
  })

  it('answers what it is asked, in the shape its description gives', async () => {
    const { app, tokens, logText } = await open()
    const { bearer } = tokens.make(ROLES, { source_prefix: 'urn:test:own' })
    for (const { method, url, options } of await registeredRoutes()) {
      const key = `${method} ${url}`
      const { good, status } = CASES[key] as (typeof CASES)[string]
      const answer = await app.inject(inject(good, bearer))
      expect([key, answer.statusCode, answer.statusCode === status ? '' : `${answer.body}\n${logText().slice(-2000)}`]).toEqual([key, status, ''])
      assertDescribed(key, options, answer.statusCode, String(answer.headers['content-type']), answer.body)
    }
  })

  it('no token: 401; wrong role: 403; and nothing happens', async () => {
    const { app, ports, tokens } = await open()
    const before = await ports.ledger.stats()
    for (const { method, url, options } of await registeredRoutes()) {
      const { good } = CASES[`${method} ${url}`] as (typeof CASES)[string]
      const access = options.config?.access ?? 'public'
      const bare = await app.inject(inject(good))
      expect([url, bare.statusCode, Problem.parse(bare.json()).code]).toEqual([url, 401, 'unauthenticated'])
      const roles: readonly Role[] | null = ROLES_OF[access]
      const wrong = ROLES.filter((role) => roles !== null && !roles.includes(role))
      for (const role of roles === null ? [] : wrong) {
        const refused = await app.inject(inject(good, tokens.make([role]).bearer))
        expect([url, role, refused.statusCode, Problem.parse(refused.json()).code]).toEqual([url, role, 403, 'forbidden'])
      }
    }
    expect(await ports.ledger.stats()).toEqual(before)
  })

  it('wrong method: 405 and what is allowed', async () => {
    const { app, tokens } = await open()
    const { bearer } = tokens.make(ROLES)
    for (const [key, { good }] of Object.entries(CASES)) {
      const answer = await app.inject({ method: 'DELETE', url: good.url, headers: bearer })
      expect([key, answer.statusCode, Problem.parse(answer.json()).code]).toEqual([key, 405, 'method_not_allowed'])
      expect(answer.headers.allow).toContain(key.split(' ')[0])
    }
  })

  it('malformed: a problem of the 400s, no echo of what was sent, and nothing happens', async () => {
    const { app, ports, tokens } = await open()
    const { bearer } = tokens.make(ROLES)
    const before = await ports.ledger.stats()
    for (const [key, { malformed }] of Object.entries(CASES)) {
      expect(malformed.length).toBeGreaterThan(0)
      for (const ask of malformed) {
        const answer = await app.inject(inject(ask, bearer))
        expect([key, ask.url, ask.payload, [400, 406, 415].includes(answer.statusCode) ? 'refused' : answer.statusCode]).toEqual([
          key,
          ask.url,
          ask.payload,
          'refused',
        ])
        const problem = Problem.parse(answer.json())
        expect(JSON.stringify(problem)).not.toMatch(/garbage|nonsense|yesterday|UPPER|coffee|xxxx/)
      }
    }
    expect(await ports.ledger.stats()).toEqual(before)
  })

  it('unknown: 404', async () => {
    const { app, tokens } = await open()
    const { bearer } = tokens.make(ROLES)
    for (const [key, { unknown, unknownStatus }] of Object.entries(CASES)) {
      if (unknown === null) continue
      const answer = await app.inject(inject(unknown, bearer))
      expect([key, answer.statusCode]).toEqual([key, unknownStatus ?? 404])
      Problem.parse(answer.json())
    }
  })

  it('oversized: 413, from a Content-Length that lies low as well', async () => {
    const { app, tokens } = await open({ max_body_bytes: 1_000_000 })
    const { bearer } = tokens.make(ROLES, { source_prefix: null })
    for (const [key, { good, bodyLimit }] of Object.entries(CASES)) {
      if (bodyLimit === undefined) continue
      const answer = await app.inject(inject({ ...good, payload: Buffer.alloc(bodyLimit + 1, 0x20) }, bearer))
      expect([key, answer.statusCode, Problem.parse(answer.json()).code]).toEqual([key, 413, 'payload_too_large'])
    }
  })

  it('several at once get the same bytes, and none of them a fault of ours', async () => {
    const { app, tokens } = await open()
    const { bearer } = tokens.make(ROLES)
    for (const [key, { good, status, isSame }] of Object.entries(CASES)) {
      const all = await Promise.all(Array.from({ length: 8 }, () => app.inject(inject(good, bearer))))
      expect([key, all.map((one) => one.statusCode)]).toEqual([key, Array(8).fill(status)])
      if (isSame !== false) expect(new Set(all.map((one) => one.body)).size).toBe(1)
    }
  })

  it('slow body: 408, and the connection is closed', { timeout: 60_000 }, async () => {
    const tokens = makeTokens()
    const { port } = await listenApi({ ...(await openTarget()), config: { ...FREE, access_file: tokens.path, request_timeout_s: 1, headers_timeout_s: 1 } })
    const { bearer } = tokens.make(ROLES)
    const posts = Object.entries(CASES).filter(([, { bodyLimit }]) => bodyLimit !== undefined)
    const answers = await Promise.all(posts.map(([, { good }]) => sendHalf(port, good, bearer.authorization)))
    expect(answers.map((text) => text.split('\r\n')[0])).toEqual(posts.map(() => 'HTTP/1.1 408 Request Timeout'))
  })
}

/** The declared content for this status and type, or for errors the problem; the description must not lie. */
function assertDescribed(key: string, { schema }: RouteOptions, status: number, type: string, body: string): void {
  const media = type.split(';')[0] ?? ''
  if (status >= 400) {
    expect([key, media]).toEqual([key, 'application/problem+json'])
    Problem.parse(JSON.parse(body))
    return
  }
  const response = schema?.response as Record<string, { content: Record<string, { schema: z.ZodType }> }>
  const declared = response[String(status)]?.content[media]?.schema
  expect([key, media, declared === undefined ? 'not described' : 'described']).toEqual([key, media, 'described'])
  const value: unknown = media.endsWith('json') ? JSON.parse(body) : body
  const parsed = (declared as z.ZodType).safeParse(value)
  expect([key, parsed.error?.issues ?? []]).toEqual([key, []])
}

async function sendHalf(port: number, { url, headers = {} }: Ask, authorization: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('utf8')))
  const lines = Object.entries({ host: `127.0.0.1:${port}`, authorization, ...headers, 'content-length': '1000' }).map(([name, value]) => `${name}: ${value}`)
  socket.write(`POST ${url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n{"half":`)
  await once(socket, 'close')
  return text
}
