import type { FastifyInstance, RouteOptions } from 'fastify'
import { ROLES_OF } from './route-access.ts'

/** Routes that plugins add: the pages of the API's description, and the answer to CORS preflights. */
const OF_PLUGINS = /^\/docs(\/|$)/

/** Refuses to start (`app.ready` rejects) while a route does not say who it is for. */
export function requireRouteAccess(app: FastifyInstance): void {
  const open: RouteOptions[] = []
  app.addHook('onRoute', (route) => {
    const isPreflight = route.method === 'OPTIONS' && route.url === '*'
    if (route.config?.access === undefined && (OF_PLUGINS.test(route.url) || isPreflight)) route.config = { ...route.config, access: 'public' }
    open.push(route)
  })
  app.addHook('onReady', async () => {
    const wrong = open.filter(({ config }) => config?.access === undefined || !Object.hasOwn(ROLES_OF, config.access))
    if (wrong.length === 0) return
    throw new Error(`routes without config.access: ${wrong.map(({ method, url }) => `${String(method)} ${url}`).join(', ')}`)
  })
}
