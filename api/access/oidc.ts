import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import { z } from 'zod'
import { EvidenceError } from '../../schemas/errors.ts'
import type { OidcConfig } from '../serve-config.ts'
import type { Identified } from './access-port.ts'
import { isLoopback } from './may-listen.ts'
import type { Principal, Role } from './principal.ts'

const FETCH_TIMEOUT_MS = 5000
/** A key that is not in the set makes it be fetched again, but not more often than this: made-up keys are for free. */
const COOLDOWN_MS = 30_000
const CACHE_MS = 600_000
/** After a fetch that failed nobody asks the issuer again for so long. */
const BACKOFF_MS = 5000
const MAX_ANSWER_BYTES = 1_048_576

/** Thrown inside, and told as `issuer_unavailable`: not the client's fault. */
class IssuerUnavailable extends Error {}

export type OidcAccess = { identify(jwt: string): Promise<Identified> }

/**
 * JWTs of one OpenID provider. Keys come from its JWKS, fetched when first needed and cached; only the configured
 * asymmetric algorithms, this issuer and this audience count, and `exp` and the subject claim must be there.
 * Addresses are https, or http on the loopback: throws `usage` otherwise. Never throws for what a client sent.
 */
export function openOidc(config: OidcConfig, options: { now: () => Date; fetch?: typeof fetch } = { now: () => new Date() }): OidcAccess {
  assertSafeUrl(config.issuer, 'oidc.issuer')
  if (config.jwks_uri !== null) assertSafeUrl(config.jwks_uri, 'oidc.jwks_uri')
  const ask = buildAsk(options.now, options.fetch ?? fetch)
  const openKeys = async (): Promise<JWTVerifyGetKey> =>
    createRemoteJWKSet(new URL(config.jwks_uri ?? (await discover(config, ask))), {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: CACHE_MS,
      [customFetch]: ask,
    })
  let keys: Promise<JWTVerifyGetKey> | null = null
  const getKey: JWTVerifyGetKey = async (header, token) => {
    // One key set for all who ask at once; where it could not be found the next one tries again.
    keys ??= openKeys().catch((error: unknown) => {
      keys = null
      throw error
    })
    return (await keys)(header, token)
  }
  return { identify: (jwt) => identify(jwt, getKey, config, options.now) }
}

async function identify(jwt: string, getKey: JWTVerifyGetKey, config: OidcConfig, now: () => Date): Promise<Identified> {
  try {
    const { payload } = await jwtVerify(jwt, getKey, {
      issuer: config.issuer,
      audience: config.audience,
      algorithms: [...config.algorithms],
      clockTolerance: config.clock_tolerance_s,
      requiredClaims: ['exp', config.subject_claim],
      currentDate: now(),
    })
    return toPrincipal(payload, config)
  } catch (error) {
    if (error instanceof errors.JWTExpired) return { ok: false, reason: 'jwt_expired' }
    if (error instanceof IssuerUnavailable || isFetchFault(error)) return { ok: false, reason: 'issuer_unavailable' }
    return { ok: false, reason: 'jwt_invalid' }
  }
}

/** jose's own words for an answer that is no key set; everything it throws about the token has a class of its own. */
function isFetchFault(error: unknown): boolean {
  return error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || (error instanceof errors.JOSEError && error.code === 'ERR_JOSE_GENERIC')
}

function toPrincipal(payload: JWTPayload, config: OidcConfig): Identified {
  const subject = payload[config.subject_claim]
  if (typeof subject !== 'string' || subject === '' || subject.length > 200) return { ok: false, reason: 'jwt_invalid' }
  const granted = textsOf(claimAt(payload, config.roles_claim)).flatMap((value) => (Object.hasOwn(config.roles, value) ? [config.roles[value]] : []))
  const roles = [...new Set(granted.flatMap((one): Role[] => one?.roles ?? []))]
  const sourcePrefixes = granted.flatMap((one) => (one?.source_prefix === undefined ? [] : [one.source_prefix]))
  const principal: Principal = { subject, roles, sourcePrefixes, via: 'oidc' }
  return roles.length === 0 ? { ok: false, reason: 'jwt_no_role', principal } : { ok: true, principal }
}

/** The claim of this name; else, where the name has dots, what they lead to (`realm_access.roles`). */
function claimAt(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name]
  return name
    .split('.')
    .reduce<unknown>((at, key) => (typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as JWTPayload)[key] : undefined), payload)
}

function textsOf(claim: unknown): string[] {
  return [claim].flat().filter((one) => typeof one === 'string')
}

const Metadata = z.object({ issuer: z.string(), jwks_uri: z.string() })

/** OpenID Connect Discovery 1.0, section 4: the metadata must be of exactly this issuer. */
async function discover({ issuer }: OidcConfig, ask: typeof fetch): Promise<string> {
  const response = await ask(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, {
    redirect: 'manual',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  })
  const metadata = Metadata.safeParse(response.status === 200 ? await response.json().catch(() => null) : null)
  if (!metadata.success || metadata.data.issuer !== issuer) throw new IssuerUnavailable('no metadata of this issuer')
  if (!isSafeUrl(metadata.data.jwks_uri)) throw new IssuerUnavailable('jwks_uri is neither https nor on the loopback')
  return metadata.data.jwks_uri
}

/** A fetch that reads a bounded answer, and that after a failure fails at once for a while. */
function buildAsk(now: () => Date, inner: typeof fetch): typeof fetch {
  let waitUntilMs = 0
  return async (...request) => {
    if (now().getTime() < waitUntilMs) throw new IssuerUnavailable('the issuer did not answer a moment ago')
    try {
      const response = await inner(...request)
      const body = await readBounded(response)
      if (response.status !== 200) throw new Error(`status ${response.status}`)
      return new Response(body, { status: 200 })
    } catch (cause) {
      waitUntilMs = now().getTime() + BACKOFF_MS
      throw new IssuerUnavailable('the issuer cannot be asked', { cause })
    }
  }
}

async function readBounded(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname } = new URL(text)
  return protocol === 'https:' || (protocol === 'http:' && (hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))))
}

function assertSafeUrl(text: string, setting: string): void {
  if (!isSafeUrl(text)) throw new EvidenceError('usage', `settings of serve: ${setting}: neither https nor on the loopback`)
}
