import { readFileSync } from 'node:fs'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { FastifyCompressOptions } from '@fastify/compress'
import type { FastifyCorsOptions } from '@fastify/cors'
import type { FastifyDynamicSwaggerOptions } from '@fastify/swagger'
import type { FastifyServerOptions } from 'fastify'
import helmet, { type HelmetOptions } from 'helmet'
import { EvidenceError } from '../schemas/errors.ts'
import { TOOL } from '../schemas/tool.ts'
import { buildClientErrorHandler } from './client-error.ts'
import { answerUnroutable } from './error-answers.ts'
import { type LogStream, logOptions, RequestLog } from './log.ts'
import type { ApiPorts } from './ports.ts'
import { buildRequestIds } from './request-ids.ts'
import type { ServeConfig } from './serve-config.ts'

/** How often Node looks for requests that take too long. */
const CHECK_MS = 1000

export function serverOptions({ newId }: ApiPorts, config: ServeConfig, log: LogStream): FastifyServerOptions {
  return {
    logger: logOptions(config, log),
    logController: new RequestLog(),
    clientErrorHandler: buildClientErrorHandler(newId),
    frameworkErrors: answerUnroutable,
    // Never from a header: a client could make two requests look like one in the log.
    genReqId: buildRequestIds(),
    requestIdHeader: false,
    trustProxy: config.trusted_proxies.length === 0 ? false : [...config.trusted_proxies],
    bodyLimit: config.max_body_bytes,
    requestTimeout: config.request_timeout_s * 1000,
    connectionTimeout: config.idle_timeout_s * 1000,
    keepAliveTimeout: Math.min(config.idle_timeout_s, 60) * 1000,
    forceCloseConnections: 'idle',
    return503OnClosing: true,
    routerOptions: { maxParamLength: 300, ignoreTrailingSlash: false },
    ...({ [config.tls === null ? 'http' : 'https']: { ...limits(config), ...tls(config) } } as object),
  }
}

function limits(config: ServeConfig) {
  return { headersTimeout: config.headers_timeout_s * 1000, maxHeaderSize: config.max_header_bytes, connectionsCheckingInterval: CHECK_MS }
}

function tls({ tls }: ServeConfig): object {
  if (tls === null) return {}
  return { cert: readPem(tls.cert_file), key: readPem(tls.key_file), minVersion: 'TLSv1.2' }
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new EvidenceError('file_unreadable', `settings of serve name a file that cannot be read: ${file}`, { cause: error })
  }
}

/** The headers of helmet, made once: none of them depends on the request. */
export function securityHeaders(config: ServeConfig): Readonly<Record<string, string>> {
  const response = new ServerResponse(new IncomingMessage(new Socket()))
  helmet(helmetOptions(config))(response.req, response, (error?: unknown) => {
    if (error !== undefined) throw error
  })
  return Object.fromEntries(Object.entries(response.getHeaders()).map(([name, value]) => [name, String(value)]))
}

/**
 * Scripts of our own only; nothing from elsewhere. Styles may be inline: the console's components write them, and a style
 * can neither run nor fetch under this policy. No upgrade to HTTPS: on the loopback there is none.
 */
function helmetOptions({ tls }: ServeConfig): HelmetOptions {
  return {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'"],
        manifestSrc: ["'self'"],
        workerSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'no-referrer' },
    strictTransportSecurity: tls !== null,
  }
}

export function corsOptions({ cors_origins }: ServeConfig): FastifyCorsOptions {
  return {
    origin: [...cors_origins],
    credentials: false,
    methods: ['GET', 'HEAD', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'accept', 'if-none-match', 'last-event-id'],
    exposedHeaders: ['etag', 'evidence-answer', 'x-request-id', 'retry-after', 'content-disposition'],
    maxAge: 600,
    strictPreflight: false,
  }
}

/** Text and JSON, NDJSON too; never an event stream, whose events must go out at once. Small answers stay as they are. */
export const COMPRESSION: FastifyCompressOptions = {
  encodings: ['br', 'gzip'],
  threshold: 1024,
  customTypes: /^text\/(?!event-stream)|^application\/(?:[\w.-]+\+)?(?:json|x-ndjson|javascript)(?:;|$)|^image\/svg\+xml/u,
}

export const OPENAPI: NonNullable<FastifyDynamicSwaggerOptions['openapi']> = {
  openapi: '3.1.0',
  info: {
    title: 'Evidence ledger',
    version: TOOL.version,
    description: 'What was known about an estate, when, and on what evidence. Errors are application/problem+json (RFC 9457).',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  components: {
    securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'a token of `evidence token create`, or a JWT of the OpenID provider' } },
  },
  security: [{ bearer: [] }],
}
