import { connect, createServer, type Socket } from 'node:net'

/** `pass`; `swallow`: requests go through, and the first answer is lost together with its connection; `refuse`: no connection lives. */
export type ProxyMode = 'pass' | 'swallow' | 'refuse'

export type CuttingProxy = { port: number; setMode: (mode: ProxyMode) => void; stop: () => Promise<void> }

/** A TCP proxy in front of a server (`host:port`) that can lose answers after the server has done its work. */
export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const [host = '', port = ''] = target.split(':')
  let mode: ProxyMode = 'pass'
  const open = new Set<Socket>()
  const server = createServer((client) => {
    const upstream = connect({ host, port: Number(port) })
    const cut = (): void => {
      client.destroy()
      upstream.destroy()
    }
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', cut).on('close', () => {
        open.delete(socket)
        cut()
      })
    }
    if (mode === 'refuse') cut()
    client.on('data', (chunk) => (mode === 'refuse' ? cut() : upstream.write(chunk)))
    upstream.on('data', (chunk) => {
      if (mode === 'pass') client.write(chunk)
      else {
        mode = 'refuse'
        cut()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    port: address.port,
    setMode: (next) => {
      mode = next
    },
    async stop() {
      for (const socket of open) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
