import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import type { ApiPorts } from './ports.ts'
import { HttpError, PROBLEM_TYPE, toProblem } from './problem.ts'
import type { ApiInstance } from './route-group.ts'

/** Every answer from 400 on is a problem (RFC 9457); refusals go to the audit trail and faults of ours to the log. */
export function addErrorAnswers(app: ApiInstance, { audit, metrics }: ApiPorts): void {
  // No route has QUERY, and without this fastify asks it for a body before anything says that it is not allowed.
  app.addHttpMethod('QUERY', { hasBody: false, overrideExisting: true })
  const routes: Known[] = []
  app.addHook('onRoute', ({ method, url }) => {
    // Wildcards match everything and so tell nothing.
    if (!url.includes('*')) for (const one of [method].flat()) routes.push({ method: one, pattern: toPattern(url) })
  })

  app.setErrorHandler((error, request, reply) => {
    const { problem, headers, isOurFault } = toProblem(error, request.id)
    if (isOurFault) request.log.error({ err: error }, 'request failed')
    if (error instanceof HttpError && error.refusal !== null) {
      const { method, ip: address } = request
      const principal = error.refused ?? request.principal
      metrics.refusals.inc({ reason: error.refusal })
      audit.refused({ status: problem.status, reason: error.refusal, method, route: request.routeOptions.url ?? 'none', principal, address })
    }
    return reply.code(problem.status).headers(headers).header('cache-control', 'no-store').type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem)
  })

  app.setNotFoundHandler((request: FastifyRequest, _reply: FastifyReply) => {
    const allowed = methodsOf(routes, request.url.split('?')[0] ?? '/')
    // The method itself among them: a parameter was longer than any id.
    if (allowed.length === 0 || allowed.includes(request.method)) throw new HttpError('not_found')
    throw new HttpError('method_not_allowed', undefined, { headers: { allow: allowed.join(', ') } })
  })
}

/** Addresses that no router reads: a wrong escape, or a part that is longer than any id. */
export function answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const isTooLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH'
  const { problem } = toProblem(isTooLong ? new HttpError('not_found') : new HttpError('request_invalid', 'the address cannot be read'), request.id)
  reply.code(problem.status).header('cache-control', 'no-store').type(PROBLEM_TYPE).serializer(JSON.stringify).send(problem)
}

type Known = { readonly method: string; readonly pattern: RegExp }

/** Methods of the routes that match a path. */
function methodsOf(routes: readonly Known[], path: string): string[] {
  return [...new Set(routes.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))].sort()
}

function toPattern(url: string): RegExp {
  const parts = url.split('/').map((part) => (part.startsWith(':') ? '[^/]+' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')))
  return new RegExp(`^${parts.join('/')}$`)
}
