import { z } from 'zod'
import { Problem } from '../problem.ts'
import type { RouteGroup } from '../route-group.ts'

const Live = z.strictObject({ live: z.literal(true) })
const State = z.enum(['ok', 'failed'])
const Ready = z.strictObject({ ready: z.boolean(), checks: z.strictObject({ ledger: State, history: State, audit: State }) })

/**
 * `/health/live`: the process answers. `/health/ready` (else 503): the ledger can be read, history can be asked, and the
 * last write to the audit trail did not fail. `/metrics`: Prometheus; it needs a token unless `public_metrics` is set.
 */
export const healthRoutes: RouteGroup = (app, ports, config) => {
  app.get('/health/live', { config: { access: 'public' }, schema: { tags: ['health'], security: [], response: { 200: Live } } }, async (_request, reply) => {
    return reply.header('cache-control', 'no-store').send({ live: true })
  })

  app.get(
    '/health/ready',
    { config: { access: 'public' }, schema: { tags: ['health'], security: [], response: { 200: Ready, 503: Ready } } },
    async (_request, reply) => {
      const [ledger, history] = await Promise.all([
        stateOf(ports.ledgerFile === null ? async () => undefined : () => ports.ledger.stats()),
        stateOf(() => ports.history.rounds({}, { limit: 1, after: null })),
      ])
      const checks = { ledger, history, audit: ports.audit.isFailing ? 'failed' : 'ok' } as const
      const ready = Object.values(checks).every((state) => state === 'ok')
      return reply
        .code(ready ? 200 : 503)
        .header('cache-control', 'no-store')
        .send({ ready, checks })
    },
  )

  const access = config.public_metrics ? 'public' : 'read'
  const text = { 200: { content: { 'text/plain': { schema: z.string() } } }, default: { content: { 'application/problem+json': { schema: Problem } } } }
  app.get('/metrics', { config: { access }, schema: { tags: ['health'], response: text } }, async (_request, reply) => {
    return reply
      .header('cache-control', 'no-store')
      .type(ports.metrics.contentType)
      .serializer(String)
      .send(await ports.metrics.text())
  })
}

async function stateOf(ask: () => Promise<unknown>): Promise<'ok' | 'failed'> {
  try {
    await ask()
    return 'ok'
  } catch {
    // What is wrong is told where the question came from; here the answer is that it cannot be answered.
    return 'failed'
  }
}
