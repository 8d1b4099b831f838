import { type FastifyReply, type FastifyRequest, type FastifyServerOptions, LogController } from 'fastify'
import { EvidenceError } from '../schemas/errors.ts'
import type { ServeConfig } from './serve-config.ts'

/** Where log lines go, one JSON object each. */
export type LogStream = { write(line: string): void }

/**
 * What is logged of a request is what this page lists, and nothing else: headers, bodies and query strings never, so
 * that no credential or search text can be there. The redaction is a second layer, for whoever logs an object later.
 */
export function logOptions({ log_level }: Pick<ServeConfig, 'log_level'>, stream: LogStream): NonNullable<FastifyServerOptions['logger']> {
  return {
    level: log_level,
    stream,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: SECRET_PATHS, censor: '[redacted]' },
    serializers: {
      req: ({ method, url, ip }) => ({ method, path: pathOf(url), address: ip }),
      res: ({ statusCode }) => ({ status: statusCode }),
      err: toLoggedError,
    },
  }
}

/** One line a request, when it is answered: who, what, how it ended and how long it took. */
export class RequestLog extends LogController {
  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    const { principal } = request
    const line = {
      req: request,
      route: request.routeOptions.url,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      ...(principal === null || principal.via === 'none' ? {} : { principal: principal.subject, via: principal.via }),
    }
    if (error) request.log.warn({ ...line, err: error }, 'answer was not sent whole')
    else request.log.info(line, 'answered')
  }
}

const SECRET_NAMES = ['authorization', 'Authorization', 'cookie', 'token', 'password', 'secret', 'access_token', 'body', 'headers', 'query']
const SECRET_PATHS = [...SECRET_NAMES, ...SECRET_NAMES.map((name) => `*.${name}`), ...SECRET_NAMES.map((name) => `*.*.${name}`)]

/** Long paths are somebody's experiment; the rest of one is dropped. */
function pathOf(url: string | undefined): string | undefined {
  return url?.split('?')[0]?.slice(0, 200)
}

/** The stack belongs here and nowhere else. Messages of our own errors hold no values that a client sent. */
function toLoggedError(error: Error): { type: string; code: string | undefined; message: string; stack: string; cause?: string } {
  const { cause } = error
  return {
    type: error.name,
    code: error instanceof EvidenceError ? error.code : (error as { code?: string }).code,
    message: error.message,
    stack: error.stack ?? '',
    ...(cause instanceof Error ? { cause: cause.message } : {}),
  }
}
