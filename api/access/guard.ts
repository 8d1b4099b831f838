import { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AccessRefusal } from '../../schemas/event.ts'
import type { ApiPorts } from '../ports.ts'
import { HttpError } from '../problem.ts'
import type { ApiInstance } from '../route-group.ts'
import type { ServeConfig } from '../serve-config.ts'
import type { AccessPort } from './access-port.ts'
import { assertSameSite, isAllowedHost } from './origin.ts'
import { NOBODY, type Principal, type Role } from './principal.ts'
import { type Access, ROLES_OF } from './route-access.ts'

/**
 * The guard of every address, in this order: is the Host ours; who asks (`request.principal`); are there too many of
 * them; does another web site send this; may this principal. Then the audit event of a packet read. Everything refused is
 * an `HttpError` with a `refusal`, which the error handler hands to the audit trail. Needs the rate limit plugin.
 */
export function addGuard(app: ApiInstance, ports: ApiPorts, config: ServeConfig): void {
  const checkFailures = app.createRateLimit({ max: config.failures_per_minute, keyGenerator: ({ ip }) => normalizeIP(ip) })
  const checkRate = app.createRateLimit({ max: config.requests_per_minute, keyGenerator: rateKey })
  // The type promises a principal from the first hook on; the error handler may be asked before it.
  app.decorateRequest('principal', null as unknown as Principal)
  app.decorateRequest('mayStill', function mayStill(this: FastifyRequest) {
    return isStillAllowed(this, ports.access)
  })
  app.addHook('onRequest', async (request) => {
    request.principal = NOBODY
    if (!isAllowedHost(request.headers.host, config)) throw new HttpError('host_not_allowed', undefined, { refusal: 'host_not_allowed' })
    const { authorization } = request.headers
    if (authorization !== undefined || ports.access.auth === 'off') request.principal = await identify(request, ports.access, checkFailures)
    // Whoever restarts what does not answer must not be turned away.
    if (request.routeOptions.url !== '/health/live') assertRate(await checkRate(request), 'too_many_requests')
    const { access } = request.routeOptions.config
    // An address without a route: 404 or 405 for everybody.
    if (access === undefined || access === 'public') return
    assertSameSite(request, config)
    assertMay(request, access)
  })
  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.config.audit === 'packet_read') await recordPacketRead(request, ports)
  })
}

type CheckRate = ReturnType<FastifyInstance['createRateLimit']>

/** Known principals are counted by who they are, wherever they ask from; all others by address (IPv6: by /64). */
function rateKey({ principal, ip }: FastifyRequest): string {
  return principal.via === 'none' ? `address ${normalizeIP(ip)}` : `${principal.via} ${principal.subject}`
}

/** Public routes need no credentials, but wrong ones are a mistake that is told, not passed over. */
async function identify(request: FastifyRequest, access: AccessPort, checkFailures: CheckRate): Promise<Principal> {
  if (request.headers.authorization !== undefined) {
    const before = await checkFailures(request, { increment: false })
    if (!before.isAllowed && before.remaining === 0) throw tooMany('too_many_failures', before.ttlInSeconds)
  }
  const identified = await access.identify(request.headers.authorization)
  if (identified.ok) return identified.principal
  if (identified.reason === 'issuer_unavailable')
    throw new HttpError('issuer_unavailable', undefined, { refusal: 'issuer_unavailable', headers: { 'retry-after': '5' } })
  await checkFailures(request)
  throw unauthenticated(identified.reason, identified.principal)
}

function assertRate(checked: Awaited<ReturnType<CheckRate>>, reason: AccessRefusal): void {
  if (!checked.isAllowed && checked.isExceeded) throw tooMany(reason, checked.ttlInSeconds)
}

function tooMany(refusal: AccessRefusal, seconds: number): HttpError {
  return new HttpError('rate_limited', undefined, { refusal, headers: { 'retry-after': String(Math.max(1, seconds)) } })
}

async function recordPacketRead({ principal, method, ip: address, id: requestId, params, routeOptions }: FastifyRequest, { audit }: ApiPorts): Promise<void> {
  try {
    await audit.packetRead({ principal, method, route: routeOptions.url ?? 'none', address, requestId, roundId: (params as { id: string }).id })
  } catch {
    // Told to the log and the metrics by the trail itself.
    throw new HttpError('audit_unavailable')
  }
}

/** For answers that last: the same credentials, asked about again. */
async function isStillAllowed({ headers, routeOptions }: FastifyRequest, access: AccessPort): Promise<boolean> {
  const identified = await access.identify(headers.authorization)
  return identified.ok && hasRole(identified.principal, routeOptions.config.access ?? 'public')
}

function assertMay({ principal }: FastifyRequest, access: Access): void {
  if (principal.via === 'none') throw unauthenticated('no_credentials')
  if (!hasRole(principal, access)) throw new HttpError('forbidden', `this needs the role ${ROLES_OF[access]?.join(' or ')}`, { refusal: 'role_missing' })
}

function hasRole({ roles }: Principal, access: Access): boolean {
  const needed: readonly Role[] | null = ROLES_OF[access]
  return needed === null || roles.some((role) => needed.includes(role))
}

function unauthenticated(reason: AccessRefusal, of?: Principal): HttpError {
  const error = reason === 'no_credentials' ? '' : ', error="invalid_token"'
  const headers = { 'www-authenticate': `Bearer realm="evidence"${error}` }
  return new HttpError('unauthenticated', undefined, { refusal: reason, headers, ...(of === undefined ? {} : { refused: of }) })
}
