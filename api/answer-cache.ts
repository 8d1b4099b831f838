import { hasTag } from './answers.ts'
import type { ApiPorts } from './ports.ts'
import type { ApiInstance } from './route-group.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The answer is a function of the ledger and the address alone, the same for whoever may ask, and asking leaves no trace. */
    cached?: true
  }
}

/** Of answers that are kept. */
const MAX_BYTES = 64_000_000
const KEPT_HEADERS = ['content-type', 'etag', 'cache-control', 'vary', 'evidence-answer'] as const

type Kept = { readonly body: Buffer; readonly headers: Readonly<Record<string, string>>; readonly version: string }

/**
 * Keeps whole answers of `cached` routes for as long as nobody commits to the ledger file: one number is read for each
 * request instead of a round. Where the store cannot tell (ClickHouse), nothing is kept. Comes after the guard, so whoever may
 * not ask never gets here, and before compression.
 */
export function addAnswerCache(app: ApiInstance, { rounds }: ApiPorts): void {
  if (rounds.version === undefined) return
  /** In order of their last use. */
  const known = new Map<string, Kept>()
  let bytes = 0
  app.decorateRequest('versionBefore', null)

  app.addHook('preHandler', async (request, reply) => {
    if (request.routeOptions.config.cached !== true || request.method !== 'GET') return
    // Read before the work: what is committed during it makes the answer old at once.
    const version = (await rounds.version?.()) ?? null
    request.versionBefore = version
    const key = keyOf(request)
    const kept = known.get(key)
    if (kept === undefined) return
    known.delete(key)
    if (kept.version !== version) {
      bytes -= kept.body.length
      return
    }
    known.set(key, kept)
    request.versionBefore = null
    reply.headers(kept.headers)
    const { etag } = kept.headers
    return etag !== undefined && hasTag(request, etag) ? reply.code(304).send() : reply.send(kept.body)
  })

  app.addHook('onSend', (request, reply, payload, done) => {
    const version = request.versionBefore
    if (version !== null && reply.statusCode === 200 && typeof payload === 'string') {
      const headers = Object.fromEntries(KEPT_HEADERS.flatMap((name) => (reply.hasHeader(name) ? [[name, String(reply.getHeader(name))]] : [])))
      const key = keyOf(request)
      const body = Buffer.from(payload)
      bytes += body.length - (known.get(key)?.body.length ?? 0)
      known.delete(key)
      known.set(key, { body, headers, version })
      for (const [oldest, { body }] of known) {
        if (bytes <= MAX_BYTES) break
        known.delete(oldest)
        bytes -= body.length
      }
    }
    done(null, payload)
  })
}

/** The form that is asked for is part of the question; who asks is not. */
function keyOf({ url, headers }: { url: string; headers: { accept?: string | undefined } }): string {
  return `${headers.accept ?? ''} ${url}`
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Of the ledger when this request was taken up; null: its answer is not to be kept. */
    versionBefore: string | null
  }
}
