import { createServer, type Server } from 'node:http'
import { EvidenceError } from '../schemas/errors.ts'
import type { ServiceMetrics } from './service-metrics.ts'

export type StatusListener = { readonly url: string; close(): Promise<void> }

/**
 * `/metrics`, `/health/live` and `/health/ready` over plain HTTP, for reading only. It shows no evidence, and has no
 * password: bind it to the loopback or to a network of its own.
 * Live: the process answers. Ready (else 503): it is a member of the group and its last attempt did not fail.
 * Throws `usage` where the address cannot be listened on.
 */
export async function listenForStatus(metrics: ServiceMetrics, { host, port }: { host: string; port: number }): Promise<StatusListener> {
  const server = createServer((request, response) => {
    const { status, type, body } = answer(metrics, request.method, request.url ?? '/')
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(request.method === 'HEAD' ? '' : body)
  })
  server.requestTimeout = 5_000
  server.maxConnections = 64
  await listening(server, host, port)
  const address = server.address()
  return {
    url: typeof address === 'object' && address !== null ? `http://${host.includes(':') ? `[${host}]` : host}:${address.port}` : '',
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function answer(metrics: ServiceMetrics, method: string | undefined, url: string): { status: number; type: string; body: string } {
  const json = (status: number, value: unknown) => ({ status, type: 'application/json', body: `${JSON.stringify(value)}\n` })
  if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'only GET' })
  const path = url.split('?')[0]
  if (path === '/metrics') return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', body: metrics.text() }
  if (path === '/health/live') return json(200, { live: true })
  if (path === '/health/ready') return json(metrics.isReady ? 200 : 503, { ready: metrics.isReady })
  return json(404, { error: 'not found' })
}

async function listening(server: Server, host: string, port: number): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  } catch (error) {
    throw new EvidenceError('usage', `cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : 'unknown'}`, {
      remedy: 'choose another --listen',
      cause: error,
    })
  }
}
