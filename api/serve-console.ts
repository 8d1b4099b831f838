import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { RouteGroup } from './route-group.ts'

const DIST = join(import.meta.dirname, 'console/dist')
const PAGE = 'index.html'
/** Addresses that are never a page of the console: what is unknown there is a problem and not an HTML page. */
const NOT_PAGES = /^\/(v1|docs|health|metrics|assets)(\/|$)/

/**
 * For the page alone, stricter than for the rest of the service: no inline style or script at all. The console makes no style element at
 * run time (docs/console.md).
 */
const PAGE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const NOT_BUILT = 'The console is not built: run `npm run console` where the development packages are installed. The API under /v1 is not affected.\n'

/**
 * The web page: its assets, whose names carry a digest of their content, and for every other address that a browser opens the one HTML file.
 * Comes last: it answers what is left. `dist`: folder of the built page.
 */
export function consoleRoutesOf(dist: string): RouteGroup {
  return (app) => {
    app.register(fastifyStatic, { root: dist, serve: false, cacheControl: false, lastModified: false, preCompressed: true })
    app.get('/assets/*', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => {
      const name = `assets/${(request.params as { '*': string })['*']}`
      return reply.header('cache-control', cachingOf(name)).sendFile(name)
    })
    app.get('/*', { config: { access: 'public' }, schema: { hide: true } }, async (request, reply) => sendPage(request, reply, dist))
  }
}

export const consoleRoutes: RouteGroup = consoleRoutesOf(DIST)

/** A name with a digest in it never means other content; the icon has none. */
function cachingOf(name: string): string {
  return /-[A-Za-z0-9_-]{8}\.(js|css)$/.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache'
}

function sendPage(request: FastifyRequest, reply: FastifyReply, dist: string): FastifyReply {
  const { pathname } = new URL(request.url, 'http://page.invalid')
  if (NOT_PAGES.test(pathname) || !wantsHtml(request)) {
    reply.callNotFound()
    return reply
  }
  if (!existsSync(join(dist, PAGE))) return reply.code(503).header('cache-control', 'no-store').type('text/plain; charset=utf-8').send(NOT_BUILT)
  return reply.header('cache-control', 'no-cache').header('content-security-policy', PAGE_POLICY).sendFile(PAGE)
}

/** A browser that opens an address names HTML; programs, which take anything, get the problem they can read. */
function wantsHtml({ headers }: FastifyRequest): boolean {
  return /(^|,)\s*text\/html\s*(;|,|$)/.test(headers.accept ?? '')
}
