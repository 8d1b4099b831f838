/** What the server said in problem+json (RFC 9457), or why there was no answer. */
export type ProblemKind = 'network' | 'timeout' | 'not_ours' | 'http'

export class ApiProblem extends Error {
  readonly kind: ProblemKind
  /** HTTP status; 0 where there was no answer. */
  readonly status: number
  readonly code: string | null
  readonly remedy: string | null

  constructor(kind: ProblemKind, message: string, more: { status?: number; code?: string | null; remedy?: string | null } = {}) {
    super(message)
    this.name = 'ApiProblem'
    this.kind = kind
    this.status = more.status ?? 0
    this.code = more.code ?? null
    this.remedy = more.remedy ?? null
  }
}

/** Whether trying again soon may help: nobody answered, or the server said that it is not its day. */
export function isPassing(error: unknown): boolean {
  return error instanceof ApiProblem && (error.kind === 'network' || error.kind === 'timeout' || error.status === 429 || error.status >= 500)
}

/** Reads a refusal. Bodies that are no problem+json (a proxy's page) are named as such and not shown. */
export async function toProblem(response: Response): Promise<ApiProblem> {
  const { status } = response
  const type = response.headers.get('content-type') ?? ''
  if (!type.includes('json')) return new ApiProblem('http', `HTTP ${status}`, { status })
  const body: unknown = await response.json().catch(() => null)
  const field = (name: string): string | null => {
    const value = typeof body === 'object' && body !== null && name in body ? (body as Record<string, unknown>)[name] : null
    return typeof value === 'string' ? value : null
  }
  return new ApiProblem('http', field('detail') ?? field('title') ?? `HTTP ${status}`, { status, code: field('code'), remedy: field('remedy') })
}
