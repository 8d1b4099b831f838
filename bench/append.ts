import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import { type EncodedEvent, encodeEvent } from '../schemas/event.ts'
import { makeEventId, makeOpened } from '../test/support/make-events.ts'
import { median } from './median.ts'

/** `ratio`: our rate over the other's (1 = as fast). `floor`: the least ratio we promise; null where it is only reported. */
export type BenchRow = { name: string; ratio: number; floor: number | null; detail: string }

type Sink = { append: (events: readonly EncodedEvent[]) => Promise<void>; close: () => Promise<void> }
type Sinks = { ledger: Sink; bare: Sink; file: Sink }

const ROUND = 'bench-append'
/** Batch sizes with the number of times each is measured. */
const BATCHES = [
  { size: 1, times: 300 },
  { size: 10, times: 200 },
  { size: 100, times: 300 },
  { size: 1000, times: 40 },
]
const WARM_UP = { size: 1000, times: 10 }

/**
 * Durable append of batches of ~600 byte events: our ledger against bare node:sqlite (same bytes and pragmas, a table of
 * position, unique id and payload) and against write + fdatasync of a plain file. The three take turns on each batch,
 * so that whatever else the machine does hits all of them; ratios are of medians.
 */
export async function benchAppend(): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-append-'))
  const sinks = { ledger: await openLedgerSink(folder), bare: openBareSink(folder), file: openFileSink(folder) }
  try {
    const rows: BenchRow[] = []
    // Not counted: a long-running producer has its code compiled; the first batches have not.
    await measure(sinks, WARM_UP.size, WARM_UP.times, 1)
    let n = 1 + WARM_UP.size * WARM_UP.times
    for (const { size, times } of BATCHES) {
      rows.push(...(await measure(sinks, size, times, n)))
      n += size * times
    }
    return rows
  } finally {
    for (const sink of Object.values(sinks)) await sink.close()
    rmSync(folder, { recursive: true })
  }
}

async function measure(sinks: Sinks, size: number, times: number, firstN: number): Promise<BenchRow[]> {
  const spent: Record<keyof Sinks, number[]> = { ledger: [], bare: [], file: [] }
  for (let i = 0; i < times; i++) {
    const batch = Array.from({ length: size }, (_, j) => makeBenchEvent(firstN + i * size + j))
    for (const name of rotated(Object.keys(spent) as (keyof Sinks)[], i)) {
      const start = performance.now()
      await sinks[name].append(batch)
      spent[name].push(performance.now() - start)
    }
  }
  const ms = { ledger: median(spent.ledger), bare: median(spent.bare), file: median(spent.file) }
  const rate = (name: keyof Sinks): string => `${Math.round((1000 * size) / ms[name])}/s`
  const detail = `batch of ${size}: ledger ${rate('ledger')}, bare node:sqlite ${rate('bare')}, write+fdatasync ${rate('file')}`
  return [
    { name: `append ${size} against bare node:sqlite`, ratio: ms.bare / ms.ledger, floor: size >= 100 ? 0.7 : null, detail },
    { name: `append ${size} against write+fdatasync`, ratio: ms.file / ms.ledger, floor: null, detail },
  ]
}

/** The sinks take turns in going first. */
function rotated<T>(list: readonly T[], by: number): T[] {
  const at = by % list.length
  return [...list.slice(at), ...list.slice(0, at)]
}

function makeBenchEvent(n: number): EncodedEvent {
  const time = new Date(1_782_000_000_000 + n).toISOString()
  return encodeEvent({
    specversion: '1.0',
    id: makeEventId(ROUND, n),
    source: 'urn:evidence-ledger:bench',
    type: 'evidence.tcp.observed.v1',
    subject: ROUND,
    time,
    datacontenttype: 'application/json',
    dataschema: 'urn:evidence-ledger:schema:evidence.tcp.observed.v1',
    checkid: 'check-0001',
    data: {
      target: `tcp://${'db'.repeat(35)}.example:5432`,
      host: null,
      as_of: null,
      attempts: [{ started_at: time, ms: n % 1000, outcome: 'ok' }],
      facts: { address: 'db.example', port: 5432, connected: true },
    },
  })
}

async function openLedgerSink(folder: string): Promise<Sink> {
  const ledger = openSqliteLedger({ path: join(folder, 'ledger.db'), mode: 'create' })
  await ledger.append([makeOpened(ROUND, 0, ['check-0001'])])
  return { append: async (events) => void (await ledger.append(events)), close: () => ledger.close() }
}

function openBareSink(folder: string): Sink {
  const db = new DatabaseSync(join(folder, 'bare.db'), { timeout: 5000, enableForeignKeyConstraints: false })
  db.exec('PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL')
  db.exec('CREATE TABLE events(position INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, payload BLOB NOT NULL) STRICT')
  const insert = db.prepare('INSERT INTO events VALUES (?, ?, ?)')
  let position = 0
  const append = async (events: readonly EncodedEvent[]): Promise<void> => {
    db.exec('BEGIN IMMEDIATE')
    for (const event of events) insert.run(++position, event.id, event.bytes)
    db.exec('COMMIT')
  }
  return { append, close: async () => db.close() }
}

function openFileSink(folder: string): Sink {
  const file = openSync(join(folder, 'plain.log'), 'a')
  const append = async (events: readonly EncodedEvent[]): Promise<void> => {
    writeSync(file, Buffer.concat(events.map((event) => event.bytes)))
    fdatasyncSync(file)
  }
  return { append, close: async () => closeSync(file) }
}

if (import.meta.main) {
  for (const row of await benchAppend()) {
    const floor = row.floor === null ? '' : ` (floor ${row.floor})`
    console.info(`${row.name}: ${row.ratio.toFixed(2)}${floor} - ${row.detail}`)
  }
}
