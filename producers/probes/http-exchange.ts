import type { IncomingMessage } from 'node:http'
import { ProbeFailure } from '../transport.ts'
import { type Deadline, startDeadline } from '../transports/deadline.ts'
import { toNetworkFailure } from './network-failure.ts'

// `import` would read every export of node:http, and one of them loads a whole second HTTP client: 15 ms of each start.
const http = process.getBuiltinModule('node:http')
const https = process.getBuiltinModule('node:https')

export type HttpAsk = {
  url: string
  method: 'GET' | 'HEAD' | 'POST'
  /** Body of a POST. */
  json?: unknown
  /** PEM of the only trusted CA, or null for the usual ones. */
  ca: string | null
  maxBytes: number
  timeoutMs: number
  signal: AbortSignal
}

/** `complete` false: the body is longer than `maxBytes`, and `body` is only its start. */
export type HttpAnswer = { status: number; location: string | null; body: Buffer; complete: boolean }

/**
 * One HTTP exchange: no redirect is followed, no proxy is used, no connection is reused, certificates are always
 * verified. Headers and body come within `timeoutMs`. Throws `ProbeFailure` where no whole answer came.
 */
export async function exchangeHttp(ask: HttpAsk): Promise<HttpAnswer> {
  const deadline = startDeadline(ask)
  let stage = 'connect'
  let response: IncomingMessage | undefined
  try {
    response = await deadline.race(send(ask, deadline), stage)
    const status = response.statusCode ?? 0
    if (status < 100 || status > 599) throw new ProbeFailure('parse', 'response', 'status outside 100-599')
    stage = 'read'
    const { body, complete } = await deadline.race(readBody(response, ask.maxBytes), stage)
    return { status, location: response.headers.location ?? null, body, complete }
  } catch (error) {
    if (deadline.signal.aborted) throw deadline.failure(stage)
    throw toNetworkFailure(error, stage)
  } finally {
    response?.destroy()
    deadline.clear()
  }
}

function send(ask: HttpAsk, deadline: Deadline): Promise<IncomingMessage> {
  const isHttps = ask.url.startsWith('https:')
  // An agent of its own: the global ones may carry a proxy from the environment.
  const agent = isHttps ? new https.Agent({ keepAlive: false }) : new http.Agent({ keepAlive: false })
  const body = ask.json === undefined ? undefined : JSON.stringify(ask.json)
  const options = {
    agent,
    method: ask.method,
    signal: deadline.signal,
    headers: {
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': 'evidence-ledger',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    // Said aloud, because NODE_TLS_REJECT_UNAUTHORIZED=0 in the environment would turn it off.
    ...(isHttps ? { rejectUnauthorized: true, ...(ask.ca === null ? {} : { ca: ask.ca }) } : {}),
  }
  return new Promise((resolve, reject) => {
    const request = (isHttps ? https : http).request(ask.url, options, resolve)
    request.on('error', reject)
    request.end(body)
  })
}

async function readBody(response: IncomingMessage, maxBytes: number): Promise<{ body: Buffer; complete: boolean }> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (length > maxBytes) return { body: Buffer.concat(chunks).subarray(0, maxBytes), complete: false }
  }
  return { body: Buffer.concat(chunks), complete: true }
}
