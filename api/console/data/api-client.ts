import { ApiProblem, toProblem } from './api-problem.ts'
import { currentToken, markRefused } from './session.ts'

const TIMEOUT_MS = 30_000

export type Ask = {
  method?: 'GET' | 'POST'
  accept?: string
  /** Sent as it is; `contentType` names it. */
  body?: BodyInit
  contentType?: string
  headers?: Readonly<Record<string, string>>
  signal?: AbortSignal
  /** False: a stream may last as long as it likes. */
  hasTimeout?: boolean
  /** A token to try in place of that of this tab; its refusal changes nothing. */
  trialToken?: string
}

/**
 * One request to the server that this page came from, with the token of this tab. Gives the response of a 2xx.
 * Throws `ApiProblem`; an abort of `signal` is thrown as it is.
 */
export async function ask(path: string, options: Ask = {}): Promise<Response> {
  const token = options.trialToken ?? currentToken()
  const timeout = options.hasTimeout === false ? [] : [AbortSignal.timeout(TIMEOUT_MS)]
  const signal = AbortSignal.any([...(options.signal === undefined ? [] : [options.signal]), ...timeout])
  const response = await fetch(path, {
    method: options.method ?? 'GET',
    headers: headersOf(options, token),
    ...(options.body === undefined ? {} : { body: options.body }),
    signal,
    credentials: 'omit',
    redirect: 'error',
    referrerPolicy: 'no-referrer',
  }).catch((error: unknown) => {
    throw toFetchProblem(error, options.signal)
  })
  if (response.ok) return response
  if (response.status === 401 && options.trialToken === undefined) markRefused(token)
  throw await toProblem(response)
}

function headersOf(options: Ask, token: string | null): HeadersInit {
  return {
    accept: options.accept ?? 'application/json',
    ...(options.contentType === undefined ? {} : { 'content-type': options.contentType }),
    ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    ...options.headers,
  }
}

function toFetchProblem(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return error
  if (error instanceof DOMException && error.name === 'TimeoutError') return new ApiProblem('timeout', 'no answer in time')
  return new ApiProblem('network', 'no answer')
}

/** JSON of a 2xx. An answer that is not JSON is nobody's answer: something between this page and the server made it. */
export async function askJson<T>(path: string, options: Ask = {}): Promise<T> {
  const response = await ask(path, options)
  const type = response.headers.get('content-type') ?? ''
  if (!type.includes('json')) throw new ApiProblem('not_ours', 'the answer is not JSON', { status: response.status })
  return (await readBody(response, options.signal, (one) => one.json())) as T
}

export async function askText(path: string, options: Ask = {}): Promise<string> {
  return readBody(await ask(path, options), options.signal, (one) => one.text())
}

/** A connection that breaks in the middle of a body is no answer either. */
async function readBody<T>(response: Response, signal: AbortSignal | undefined, read: (response: Response) => Promise<T>): Promise<T> {
  return read(response).catch((error: unknown) => {
    throw error instanceof SyntaxError ? new ApiProblem('not_ours', 'the answer is not JSON', { status: response.status }) : toFetchProblem(error, signal)
  })
}

export async function postJson<T>(path: string, value: unknown): Promise<T> {
  return askJson<T>(path, { method: 'POST', body: JSON.stringify(value), contentType: 'application/json' })
}

/** `/v1/rounds/{id}…` with every part of the path escaped, and the parameters that are set. */
export function apiPath(parts: readonly string[], query: Readonly<Record<string, string | number | null | undefined>> = {}): string {
  const search = new URLSearchParams()
  for (const [key, value] of Object.entries(query)) if (value !== null && value !== undefined && value !== '') search.set(key, String(value))
  const text = search.toString()
  return `/v1/${parts.map(encodeURIComponent).join('/')}${text === '' ? '' : `?${text}`}`
}
