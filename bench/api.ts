import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import autocannon from 'autocannon'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import type { EncodedEvent } from '../schemas/event.ts'
import { benchRound, makeBenchLedger, roundName } from './api-ledger.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'

const EVIDENCE = new URL('../cli/evidence.js', import.meta.url).pathname
const BARE = new URL('./bare-server.ts', import.meta.url).pathname
const TURNS = 3
const SECONDS = 4
/** Enough to keep the client busy: waking a sleeping one would be counted as the server's. */
const CONNECTIONS = 40
const READERS = 200
const LIVE_BATCHES = 20
const ALWAYS = 'from=2000-01-01T00:00:00.000Z&to=2999-12-31T23:59:59.999Z'

type Server = { url: string; stop(): void }

/**
 * The service (`evidence serve`, as a process, over a ledger of so many events) against a bare fastify that gives back
 * the same bytes: requests a second and the 99th percentile; an append over HTTP against one in process; events to 200
 * live readers against the same bytes written to 200 sockets. The two take turns.
 */
export async function benchApi(events = 100_000): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-api-'))
  const file = join(folder, 'evidence.db')
  const rounds = await makeBenchLedger(file, events)
  const ours = await startOurs(folder, file)
  try {
    const paths = questions(rounds)
    const answers = await Promise.all(paths.map(([, path]) => fetchAnswer(ours.url, path)))
    const bare = await startBare(answers)
    try {
      const rows: BenchRow[] = []
      for (const [name, path] of paths) rows.push(await compareReads(name, path, ours, bare))
      rows.push(await compareLive(ours, bare, rounds))
      rows.push(...(await compareAppends(ours, folder, rounds)))
      return rows
    } finally {
      bare.stop()
    }
  } finally {
    ours.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function questions(rounds: number): [name: string, path: string][] {
  const id = roundName(Math.floor(rounds / 2))
  return [
    ['list of rounds', '/v1/rounds?limit=50'],
    ['one round', `/v1/rounds/${id}`],
    ['snapshot of one round', `/v1/rounds/${id}/snapshot`],
    ['one key over time', `/v1/history/keys?estate=test&key=SERVICE_GREEN&${ALWAYS}`],
  ]
}

async function startOurs(folder: string, file: string): Promise<Server> {
  const config = join(folder, 'serve.json')
  writeFileSync(config, JSON.stringify({ ledger: file, port: 0, requests_per_minute: 1_000_000, log_level: 'warn' }))
  const child = spawn(process.execPath, [EVIDENCE, 'serve', '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] })
  return { url: await urlFrom(child, child.stderr), stop: () => void child.kill('SIGKILL') }
}

async function startBare(answers: readonly (readonly [string, string, string])[]): Promise<Server> {
  const child = spawn(process.execPath, [BARE], { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(JSON.stringify(answers))
  return { url: await urlFrom(child, child.stdout), stop: () => void child.kill('SIGKILL') }
}

function urlFrom(child: ChildProcess, stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      const url = /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0]
      if (url !== undefined) resolve(url)
    })
    child.on('exit', (code) => reject(new Error(`a server of the bench ended with ${code}: ${text}`)))
  })
}

async function fetchAnswer(base: string, path: string): Promise<[string, string, string]> {
  const response = await fetch(`${base}${path}`, { headers: { 'accept-encoding': 'identity' } })
  if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return [path, response.headers.get('content-type') ?? '', await response.text()]
}

async function compareReads(name: string, path: string, ours: Server, bare: Server): Promise<BenchRow> {
  const rates = { ours: [] as number[], bare: [] as number[] }
  const p99 = { ours: [] as number[], bare: [] as number[] }
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [who, { url }] of [['ours', ours] as const, ['bare', bare] as const]) {
      const result = await autocannon({ url: `${url}${path}`, connections: CONNECTIONS, duration: SECONDS })
      if (result.non2xx > 0 || result.errors > 0) throw new Error(`${who} ${path}: ${result.non2xx} answers were not 2xx, ${result.errors} errors`)
      rates[who].push(result.requests.average)
      p99[who].push(result.latency.p99)
    }
  }
  const [own, floor] = [median(rates.ours), median(rates.bare)]
  const detail = `${Math.round(own)}/s, p99 ${median(p99.ours)} ms, against ${Math.round(floor)}/s, p99 ${median(p99.bare)} ms`
  return { name: `GET ${name} against a bare route with the same bytes`, ratio: own / floor, floor: 0.5, detail }
}

/** Time from sending a batch until each of the readers has all of it. */
async function compareLive(ours: Server, bare: Server, rounds: number): Promise<BenchRow> {
  const batches = Array.from({ length: LIVE_BATCHES }, (_, n) => benchRound(rounds + n))
  const ourReaders = await openReaders(`${ours.url}/v1/events/live`)
  const bareReaders = await openReaders(`${bare.url}/live`)
  const spent = { ours: [] as number[], bare: [] as number[] }
  for (const batch of batches) {
    spent.ours.push(await untilAllHave(ourReaders, batch.length, () => post(`${ours.url}/v1/events`, batchType, batchBody(batch))))
    spent.bare.push(await untilAllHave(bareReaders, batch.length, () => post(`${bare.url}/live`, 'application/octet-stream', framesOf(batch))))
  }
  for (const reader of [...ourReaders, ...bareReaders]) reader.end()
  const [own, floor] = [median(spent.ours), median(spent.bare)]
  const size = batches[0]?.length ?? 0
  const detail = `${size} events to ${READERS} readers: ${own.toFixed(0)} ms with the append, against ${floor.toFixed(0)} ms of writing`
  return { name: `live events to ${READERS} readers against bare writes of the same frames`, ratio: floor / own, floor: null, detail }
}

const framesOf = (batch: readonly EncodedEvent[]): string => batch.map((event) => `id: 1\nevent: event\ndata: ${text(event)}\n\n`).join('')

type Reader = { seen: number; onSeen: () => void; end(): void }

function openReaders(url: string): Promise<Reader[]> {
  return Promise.all(Array.from({ length: READERS }, () => openReader(url)))
}

function openReader(url: string): Promise<Reader> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { headers: { accept: 'text/event-stream' }, agent: false }, (response) => {
      const reader: Reader = { seen: 0, onSeen: () => undefined, end: () => sent.destroy() }
      let rest = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        rest += chunk
        const frames = rest.split('\n\n')
        rest = frames.pop() ?? ''
        reader.seen += frames.filter((frame) => frame.includes('\ndata:') || frame.startsWith('data:')).length
        reader.onSeen()
      })
      response.on('error', () => undefined)
      if (response.statusCode === 200) resolve(reader)
      else reject(new Error(`live: ${response.statusCode}`))
    })
    sent.on('error', reject)
    sent.end()
  })
}

async function untilAllHave(readers: readonly Reader[], count: number, send: () => Promise<unknown>): Promise<number> {
  const goals = readers.map((reader) => reader.seen + count)
  const start = performance.now()
  const all = new Promise<void>((resolve) => {
    const look = (): void => {
      if (readers.every((reader, n) => reader.seen >= (goals[n] ?? 0))) resolve()
    }
    for (const reader of readers) reader.onSeen = look
  })
  await send()
  await all
  return performance.now() - start
}

const batchType = 'application/cloudevents-batch+json'
const text = (event: EncodedEvent): string => Buffer.from(event.bytes).toString('utf8')
const batchBody = (events: readonly EncodedEvent[]): string => `[${events.map(text).join(',')}]`

async function post(url: string, type: string, body: string): Promise<void> {
  const response = await fetch(url, { method: 'POST', headers: { 'content-type': type }, body })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  await response.arrayBuffer()
}

/** Whole rounds of 100 events in one request each, and one event a request, both durable when they are answered. */
async function compareAppends(ours: Server, folder: string, rounds: number): Promise<BenchRow[]> {
  const ledger = openSqliteLedger({ path: join(folder, 'in-process.db'), mode: 'create' })
  const first = rounds + LIVE_BATCHES
  const spent = { http: [] as number[], inProcess: [] as number[], httpOne: [] as number[], inProcessOne: [] as number[] }
  const timed = async (into: number[], work: () => Promise<unknown>): Promise<void> => {
    const start = performance.now()
    await work()
    into.push(performance.now() - start)
  }
  for (let n = 0; n < 40; n++) {
    const whole = benchRound(first + n)
    await timed(spent.http, () => post(`${ours.url}/v1/events`, batchType, batchBody(whole)))
    await timed(spent.inProcess, () => ledger.append(whole))
    for (const one of benchRound(first + 100 + n).slice(0, 10)) {
      await timed(spent.httpOne, () => post(`${ours.url}/v1/events`, 'application/cloudevents+json', text(one)))
      await timed(spent.inProcessOne, () => ledger.append([one]))
    }
  }
  await ledger.close()
  const row = (name: string, own: number[], floor: number[]): BenchRow => {
    const detail = `${median(own).toFixed(2)} ms against ${median(floor).toFixed(2)} ms`
    return { name, ratio: median(floor) / median(own), floor: null, detail }
  }
  return [
    row('append of a batch of 100 over HTTP against in process', spent.http, spent.inProcess),
    row('append of one event over HTTP against in process', spent.httpOne, spent.inProcessOne),
  ]
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' } } })
  for (const row of await benchApi(Number(values.events))) {
    const floor = row.floor === null ? '' : ` (aim ${row.floor})`
    console.info(`${row.ratio.toFixed(2).padStart(6)}  ${row.name}${floor}\n        ${row.detail}`)
  }
}
