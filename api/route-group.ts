import type { FastifyBaseLogger, FastifyInstance, RawReplyDefaultExpression, RawRequestDefaultExpression, RawServerDefault } from 'fastify'
import type { ZodTypeProvider } from 'fastify-type-provider-zod'
import type { LiveReaders } from './live-readers.ts'
import type { ApiPorts } from './ports.ts'
import type { ServeConfig } from './serve-config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Takes in readers of long answers (server-sent events) and lets them go when the service stops. */
    liveReaders: LiveReaders
  }
}

/** The service with zod schemas on its routes. */
export type ApiInstance = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, ZodTypeProvider>

/** Routes that belong together, one file in `routes/` each; `app.ts` lists them all. */
export type RouteGroup = (app: ApiInstance, ports: ApiPorts, config: ServeConfig) => void
