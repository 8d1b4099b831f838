import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { onTestFinished } from 'vitest'

const LISTEN_AND_FREEZE = `
  const { createServer } = require('node:net')
  const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    require('node:fs').writeSync(1, String(server.address().port))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  })`

/**
 * A loopback port that answers nothing at all, as behind a firewall that drops packets: its process never accepts,
 * and the kernel's queue of waiting connections is full.
 */
export async function silentPort(): Promise<number> {
  const child = spawn(process.execPath, ['-e', LISTEN_AND_FREEZE], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
  const port = Number(chunk.toString())
  const fillers = Array.from({ length: 4 }, () => connect({ port, host: '127.0.0.1' }).on('error', () => {}))
  onTestFinished(() => {
    for (const filler of fillers) filler.destroy()
    child.kill('SIGKILL')
  })
  await once(fillers[0] ?? child, 'connect')
  // The queue takes the first two or three; by now the kernel has seen them.
  await new Promise((resolve) => setTimeout(resolve, 50))
  return port
}
