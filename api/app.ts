import compress from '@fastify/compress'
import cors from '@fastify/cors'
import rateLimit from '@fastify/rate-limit'
import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fastify from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject, serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod'
import { addGuard } from './access/guard.ts'
import { requireRouteAccess } from './access/require-route-access.ts'
import { addAnswerCache } from './answer-cache.ts'
import { addErrorAnswers } from './error-answers.ts'
import { LiveReaders } from './live-readers.ts'
import type { LogStream } from './log.ts'
import { addRequestMetrics } from './metrics.ts'
import type { ApiPorts } from './ports.ts'
import type { ApiInstance, RouteGroup } from './route-group.ts'
import { evidenceRoutes } from './routes/evidence.ts'
import { healthRoutes } from './routes/health.ts'
import type { ServeConfig } from './serve-config.ts'
import { consoleRoutes } from './serve-console.ts'
import { COMPRESSION, corsOptions, OPENAPI, securityHeaders, serverOptions } from './server-options.ts'

/** Every route of the service: one group a file. The console comes last, it answers what is left. */
const ROUTE_GROUPS: readonly RouteGroup[] = [healthRoutes, evidenceRoutes, consoleRoutes]

/**
 * The HTTP service over its ports, ready for `inject` or `listen`; `close` ends live readers and waits for requests at
 * hand, and leaves the ports open. Throws where a route does not say who it is for. `groups`: of a test, beside the table.
 */
export async function buildApp(ports: ApiPorts, config: ServeConfig, log: LogStream, groups: readonly RouteGroup[] = []): Promise<ApiInstance> {
  const app: ApiInstance = fastify(serverOptions(ports, config, log)).withTypeProvider<ZodTypeProvider>()
  app.setValidatorCompiler(validatorCompiler).setSerializerCompiler(serializerCompiler)
  const readers = new LiveReaders(config.max_live_readers, (count) => ports.metrics.liveReaders.set(count))
  app.decorate('liveReaders', readers)
  app.addHook('preClose', async () => {
    readers.close()
    closeAsTheyRest(app)
  })
  app.server.maxConnections = config.max_connections

  requireRouteAccess(app)
  addRequestMetrics(app, ports)
  addErrorAnswers(app, ports)
  const headers = securityHeaders(config)
  app.addHook('onRequest', (_request, reply, done) => {
    reply.headers(headers)
    done()
  })
  if (config.cors_origins.length > 0) await app.register(cors, corsOptions(config))
  await app.register(rateLimit, { global: false, timeWindow: 60_000, cache: 10_000 })
  addGuard(app, ports, config)
  addAnswerCache(app, ports)
  await app.register(compress, COMPRESSION)
  await app.register(swagger, { openapi: OPENAPI, transform: jsonSchemaTransform, transformObject: jsonSchemaTransformObject })
  // No badge of a validator elsewhere.
  await app.register(swaggerUi, { routePrefix: '/docs', uiConfig: { validatorUrl: null } })
  for (const addRoutes of [...groups, ...ROUTE_GROUPS]) addRoutes(app, ports, config)
  await app.ready()
  return app
}

/** A connection whose last request ends after `close` would else be waited for until its keep-alive runs out. */
function closeAsTheyRest({ server }: ApiInstance): void {
  const timer = setInterval(() => server.closeIdleConnections(), 50)
  server.once('close', () => clearInterval(timer))
  // Never listened: there is no close to wait for.
  if (!server.listening) clearInterval(timer)
}
