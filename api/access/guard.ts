import type { FastifyRequest } from 'fastify'
import type { AccessRefusal } from '../../schemas/event.ts'
import type { ApiPorts } from '../ports.ts'
import { HttpError } from '../problem.ts'
import type { ApiInstance } from '../route-group.ts'
import type { ServeConfig } from '../serve-config.ts'
import { FailureLimit } from './failure-limit.ts'
import { assertSameSite, isAllowedHost } from './origin.ts'
import { NOBODY, type Principal, type Role } from './principal.ts'
import { type Access, ROLES_OF } from './route-access.ts'

/**
 * The first half of the guard of every route: is the Host ours, and who asks (`request.principal`). The rate limit comes
 * after it, because it counts by principal, and `addAuthorization` after that. Everything refused is an `HttpError` with
 * a `refusal`, which the error handler hands to the audit trail.
 */
export function addIdentification(app: ApiInstance, { access, now }: ApiPorts, config: ServeConfig): void {
  const failures = new FailureLimit(config.failures_per_minute, now)
  // The type promises a principal from the first hook on; the error handler may be asked before it.
  app.decorateRequest('principal', null as unknown as Principal)
  app.addHook('onRequest', async (request) => {
    request.principal = NOBODY
    if (!isAllowedHost(request.headers.host, config)) throw new HttpError('host_not_allowed', undefined, { refusal: 'host_not_allowed' })
    const { authorization } = request.headers
    if (authorization === undefined && access.auth !== 'off') return
    if (failures.isOver(request.ip)) {
      throw new HttpError('rate_limited', 'too many failed credentials from this address', { refusal: 'too_many_failures', headers: { 'retry-after': '60' } })
    }
    const identified = await access.identify(authorization)
    if (identified.ok) {
      request.principal = identified.principal
      return
    }
    failures.count(request.ip)
    // Public routes need no credentials, but wrong ones are a mistake that is told, not passed over.
    throw unauthenticated(identified.reason)
  })
}

/** The second half: does another web site send this, and may this principal. Then the audit event of a packet read. */
export function addAuthorization(app: ApiInstance, { audit }: ApiPorts, config: ServeConfig): void {
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config
    // An address without a route: 404 or 405 for everybody.
    if (access === undefined || access === 'public') return
    assertSameSite(request, config)
    assertMay(request, access)
  })
  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.config.audit !== 'packet_read') return
    const { principal, method, ip: address, id: requestId, params } = request
    const route = request.routeOptions.url ?? 'unknown'
    try {
      await audit.packetRead({ principal, method, route, address, requestId, roundId: (params as { id: string }).id })
    } catch {
      // Told to the log and the metrics by the trail itself.
      throw new HttpError('audit_unavailable')
    }
  })
}

function assertMay({ principal }: FastifyRequest, access: Access): void {
  if (principal.via === 'none') throw unauthenticated('no_credentials')
  const roles: readonly Role[] | null = ROLES_OF[access]
  if (roles === null || principal.roles.some((role) => roles.includes(role))) return
  throw new HttpError('forbidden', `this needs the role ${roles.join(' or ')}`, { refusal: 'role_missing' })
}

function unauthenticated(reason: AccessRefusal): HttpError {
  const error = reason === 'no_credentials' ? '' : ', error="invalid_token"'
  return new HttpError('unauthenticated', undefined, { refusal: reason, headers: { 'www-authenticate': `Bearer realm="evidence"${error}` } })
}
