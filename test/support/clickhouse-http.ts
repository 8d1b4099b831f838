import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ClickhouseConfig, readClickhouseConfig } from '../../projector/clickhouse/clickhouse-config.ts'

/**
 * What becomes of a request. `pass`; `refuse`: it never reaches the engine; `lose`: the engine does it and the connection
 * is cut before the answer; `stall`: the engine does it and nobody ever answers; `kill`: the engine is killed with
 * SIGKILL while it is at it. A promise holds the request back until it resolves: a slow server.
 */
export type HttpFault = 'pass' | 'refuse' | 'lose' | 'stall' | 'kill'
/** `statement`: the SQL without the rows of an insert. `user`: the name the client gave; nobody checks it. */
export type DecideFault = (statement: string, user: string) => HttpFault | Promise<HttpFault>

/** The engine of chdb behind HTTP, in a process of its own on a folder that survives it. */
export type ClickhouseHttp = {
  config: (database: string, timeoutMs?: number) => ClickhouseConfig
  setFault: (decide: DecideFault) => void
  /** SIGKILL; the data and the address stay. Requests are refused until `start`. */
  kill: () => Promise<void>
  start: () => Promise<void>
  stop: () => Promise<void>
}

const KILL_AFTER_MS = 15

type Engine = { child: ChildProcess; port: number }

export async function startClickhouseHttp(): Promise<ClickhouseHttp> {
  await import('chdb')
  const folder = mkdtempSync(join(tmpdir(), 'clickhouse-http-'))
  let engine: Engine | null = await startEngine(folder)
  let decide: DecideFault = () => 'pass'
  const kill = async (): Promise<void> => {
    const dying = engine?.child
    engine = null
    if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return
    dying.kill('SIGKILL')
    await once(dying, 'exit')
  }
  const front = createServer((asked, response) => {
    void takeRequest(asked, response).catch(() => response.destroy())
  })
  const takeRequest = async (asked: IncomingMessage, response: ServerResponse): Promise<void> => {
    const sent = await buffer(asked)
    const statement = new URL(asked.url ?? '/', 'http://front').searchParams.get('query') ?? sent.toString('utf8')
    const fault = await decide(statement, userOf(asked))
    if (fault === 'refuse' || engine === null) return void response.destroy()
    if (fault === 'kill') void sleep(KILL_AFTER_MS).then(kill)
    const { status, body } = await pass(engine.port, asked, sent)
    if (fault === 'stall') return
    if (fault === 'lose' || fault === 'kill') return void response.destroy()
    response.writeHead(status, { 'content-type': 'text/plain; charset=UTF-8' }).end(body)
  }
  front.listen(0, '127.0.0.1')
  await once(front, 'listening')
  const address = front.address()
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`
  return {
    config: (database, timeoutMs = 30_000) => ({ ...readClickhouseConfig({}, url), database, timeoutMs }),
    setFault: (next) => {
      decide = next
    },
    kill,
    async start() {
      engine ??= await startEngine(folder)
    },
    async stop() {
      await kill()
      front.closeAllConnections()
      front.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function startEngine(folder: string): Promise<Engine> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'clickhouse-http-engine.ts'), folder], { stdio: ['pipe', 'pipe', 'inherit'] })
  for await (const line of createInterface({ input: child.stdout })) return { child, port: Number(line) }
  throw new Error('the engine behind HTTP did not start')
}

function userOf({ headers }: IncomingMessage): string {
  const credentials = Buffer.from(headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString('utf8')
  return credentials.split(':')[0] ?? ''
}

/** Fails where the engine dies before it has answered. */
async function pass(port: number, asked: IncomingMessage, sent: Buffer): Promise<{ status: number; body: Buffer }> {
  const passed = request({ host: '127.0.0.1', port, path: asked.url, method: asked.method, agent: false })
  passed.on('error', () => undefined).end(sent)
  const [reply] = (await once(passed, 'response')) as [IncomingMessage]
  return { status: reply.statusCode ?? 500, body: await buffer(reply) }
}
