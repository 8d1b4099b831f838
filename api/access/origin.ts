import type { FastifyRequest } from 'fastify'
import { HttpError } from '../problem.ts'
import type { ServeConfig } from '../serve-config.ts'

const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '[::1]']
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

type HostRules = Pick<ServeConfig, 'host' | 'allowed_hosts'>

/**
 * Whether a Host header names this service. A page of another site whose name was made to point here (DNS rebinding)
 * sends its own name; without this, authentication off would mean every web page may read.
 */
export function isAllowedHost(host: string | undefined, { host: bound, allowed_hosts }: HostRules): boolean {
  const name = /^([a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/.exec(host?.toLowerCase() ?? '')?.[1]
  if (name === undefined) return false
  const own = bound.includes(':') ? `[${bound.toLowerCase()}]` : bound.toLowerCase()
  return LOOPBACK_NAMES.includes(name) || name === own || allowed_hosts.includes(name)
}

/**
 * Refuses what a browser sends for another web site: writes always, reads unless the user followed a link here. Programs
 * send neither Sec-Fetch-Site nor Origin. Origins of `cors_origins` are let through. Throws `cross_site`.
 */
export function assertSameSite(request: FastifyRequest, { cors_origins }: Pick<ServeConfig, 'cors_origins'>): void {
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site']
  if (origin !== undefined && cors_origins.includes(origin)) return
  const isSafe = SAFE_METHODS.has(request.method)
  const isOwnOrigin = origin === undefined || origin.replace(/^https?:\/\//, '') === host
  const isOwnSite = site === undefined || site === 'same-origin' || site === 'none'
  if (isOwnOrigin && isOwnSite) return
  if (isSafe && request.headers['sec-fetch-mode'] === 'navigate') return
  throw new HttpError('cross_site', undefined, { refusal: 'cross_site' })
}
