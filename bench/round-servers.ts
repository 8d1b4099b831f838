import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'

/**
 * What the rounds of `bench/round.ts` look at, as a process of its own, so that serving is on nobody's account: HTTP and
 * HTTPS that answer `ok` to `/after/N` after N ms, and a TCP port. Argument: JSON of `{key, cert}` on stdin. Prints one
 * line of JSON: `{http, https, tcp}`, ports of the loopback. Ends when it is killed.
 */
const chunks: Buffer[] = []
for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
const identity = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { key: string; cert: string }

const answer: RequestListener = (request, response) => {
  const afterMs = Number(/^\/after\/(\d{1,5})(?:\?|$)/.exec(request.url ?? '')?.[1] ?? 0)
  setTimeout(() => response.end('ok'), afterMs)
}

/** Above the default backlog: hundreds of checks may come at once. */
const BACKLOG = 4096

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0, backlog: BACKLOG }, resolve))
  return (server.address() as AddressInfo).port
}

const http = await listen(createServer(answer))
const https = await listen(createHttpsServer(identity, answer))
const tcp = await listen(createTcpServer((socket) => socket.on('error', () => undefined).resume()))
process.stdout.write(`${JSON.stringify({ http, https, tcp })}\n`)
