import { createServer, type RequestListener } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export type Served = { port: number /** Connections ever accepted. */; connections: () => number; bytesReceived: () => number; close: () => Promise<void> }

/** Starts a server on a free loopback port and closes it, with all its connections, when the test ends. */
async function serve(server: Server): Promise<Served> {
  const sockets = new Set<Socket>()
  let connections = 0
  let bytes = 0
  server.on('connection', (socket: Socket) => {
    connections++
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => {
      bytes += socket.bytesRead
      sockets.delete(socket)
    })
  })
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise<void>((done) => server.close(() => done()))
  }
  onTestFinished(close)
  const received = (): number => bytes + [...sockets].reduce((sum, socket) => sum + socket.bytesRead, 0)
  return { port: (server.address() as AddressInfo).port, connections: () => connections, bytesReceived: received, close }
}

export function serveHttp(listener: RequestListener): Promise<Served> {
  return serve(createServer(listener))
}

export function serveHttps(identity: { key: string; cert: string }, listener: RequestListener): Promise<Served> {
  return serve(createHttpsServer(identity, listener))
}

/** A bare TCP server; the listener may write anything, or nothing at all. */
export function serveTcp(listener: (socket: Socket) => void = () => {}): Promise<Served> {
  return serve(createTcpServer(listener))
}

/** A loopback port on which nobody listens. */
export async function freePort(): Promise<number> {
  const served = await serveTcp()
  await served.close()
  return served.port
}
