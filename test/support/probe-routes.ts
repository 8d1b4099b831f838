import { z } from 'zod'
import { type Access, ROLES_OF } from '../../api/access/route-access.ts'
import { assertSource } from '../../api/access/source-prefix.ts'
import type { RouteGroup } from '../../api/route-group.ts'
import { EvidenceError } from '../../schemas/errors.ts'

/** A route of every kind of access, and some that fail, so that the guard is tested whatever the service's own routes are. */
export const probeRoutes: RouteGroup = (app) => {
  for (const access of Object.keys(ROLES_OF) as Access[]) {
    app.route({ method: ['GET', 'POST'], url: `/probe/${access}`, config: { access }, handler: async (request) => ({ principal: request.principal }) })
  }
  app.get('/probe/packets/:id', { config: { access: 'read', audit: 'packet_read' } }, async () => ({ given: 'away' }))
  app.post('/probe/echo', { config: { access: 'public' }, schema: { body: z.strictObject({ name: z.string().max(5) }) } }, async () => ({ ok: true }))
  app.post('/probe/source', { config: { access: 'append' }, schema: { body: z.strictObject({ source: z.string() }) } }, async ({ principal, body }) => {
    assertSource(principal, body.source)
    return { ok: true }
  })
  app.get('/probe/boom', { config: { access: 'public' } }, async () => {
    throw new Error('secret-in-a-message /etc/shadow')
  })
  app.get('/probe/ledger', { config: { access: 'public' } }, async () => {
    throw new EvidenceError('ledger_unavailable', 'the ledger /srv/secret/evidence.db is locked')
  })
  app.get('/probe/unknown', { config: { access: 'public' } }, async () => {
    throw new EvidenceError('round_unknown', 'no round test in this ledger', { remedy: 'look' })
  })
  app.get('/probe/live', { config: { access: 'read' } }, (request, reply) => {
    const reader = app.liveReaders.enter(() => request.mayStill())
    reply.hijack()
    reply.raw.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n')
    const end = (): void => {
      reader.leave()
      reply.raw.end()
    }
    reader.signal.addEventListener('abort', end)
    reply.raw.on('close', end)
  })
  app.get('/probe/slow', { config: { access: 'public' } }, async () => {
    await new Promise((resolve) => setTimeout(resolve, 700))
    return { done: true }
  })
}
