import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Clickhouse, openClickhouse } from '../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../projector/clickhouse/clickhouse-config.ts'
import { buildClickhouseHistoryStore } from '../projector/clickhouse/clickhouse-history-store.ts'
import { buildClickhouseProjectionStore } from '../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../projector/clickhouse/migrate.ts'
import { emptyFold, foldEvents } from '../projector/fold.ts'
import type { HistoryStore } from '../projector/history-store.ts'
import { judgeFold } from '../projector/project-round.ts'
import type { ProjectionStore, RawEvent } from '../projector/projection-store.ts'
import { openSqliteHistoryStore } from '../projector/sqlite-history-store.ts'
import { openSqliteProjectionStore } from '../projector/sqlite-projection-store.ts'
import { toRawEvents } from '../test/support/history-data.ts'
import { makeRound } from '../test/support/make-events.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'

const CHECKS = 98
const EVENTS_A_ROUND = CHECKS + 2
const ROUNDS_A_BATCH = 100
const ROUND_EVERY_MS = 600_000
const START_MS = Date.parse('2026-06-27T03:50:46.000Z')
const ALWAYS = { from: '2000-01-01T00:00:00.000Z', to: '2999-12-31T23:59:59.999Z' }

/**
 * Insert rate of the projection store against bare JSONEachRow inserts of the same rows, and the questions of history
 * at growing sizes on both stores. The in-process engine serves as ClickHouse unless EVIDENCE_CLICKHOUSE_URL names one.
 */
export async function benchHistory(sizes: readonly number[] = [100_000, 1_000_000]): Promise<BenchRow[]> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-history-'))
  try {
    const clickhouse = await openClickhouse(benchConfig(folder))
    await clickhouse.command('DROP DATABASE IF EXISTS {db} SYNC')
    await migrateClickhouse(clickhouse)
    const path = join(folder, 'projection.db')
    const sqlite = openSqliteProjectionStore(path)
    const stores = { clickhouse: buildClickhouseProjectionStore(clickhouse), sqlite }
    const asked = { clickhouse: buildClickhouseHistoryStore(clickhouse), sqlite: openSqliteHistoryStore({ path, mode: 'readonly', of: 'projection' }) }
    const rows = [await insertRate(clickhouse, stores.clickhouse)]
    const times = new Map<string, number[]>()
    let filled = 0
    for (const size of sizes) {
      filled = await fill(stores, filled, size)
      for (const [store, history] of Object.entries(asked)) {
        for (const [name, ask] of questions(filled)) times.set(`${store} ${name}`, [...(times.get(`${store} ${name}`) ?? []), await timed(() => ask(history))])
      }
      process.stderr.write(`${size} events: ClickHouse ${await sizeOf(clickhouse)} MB, SQLite ${Math.round(statSync(path).size / 1e6)} MB\n`)
    }
    await asked.sqlite.close()
    await sqlite.close()
    await clickhouse.command('DROP DATABASE {db} SYNC')
    await clickhouse.close()
    return [...rows, ...[...times].map(([name, ms]) => growth(name, sizes, ms))]
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function benchConfig(folder: string) {
  const named = process.env.EVIDENCE_CLICKHOUSE_URL
  return { ...readClickhouseConfig(process.env, named ? undefined : `chdb:${join(folder, 'chdb')}`), database: 'evidence_bench' }
}

/** Round number `n`, opened ten minutes after the one before; a third of its checks failed, others now and then. */
function rawRound(n: number): RawEvent[] {
  const at = n * ROUND_EVERY_MS
  const id = `bench-${String(n).padStart(7, '0')}`
  return TEMPLATE.map((event) => {
    const time = new Date(Date.parse(event.time) + at).toISOString()
    const stamp = (START_MS + at).toString(16).padStart(12, '0')
    const eventId = `${stamp.slice(0, 8)}-${stamp.slice(8)}${event.id.slice(13)}`
    const text = event.text.replace(event.id, eventId).replaceAll('bench-template', id).replace(`"time":"${event.time}"`, `"time":"${time}"`)
    return { ...event, id: eventId, roundId: id, time, text }
  })
}
const TEMPLATE = toRawEvents(makeRound('bench-template', CHECKS))
const SNAPSHOT = judgeFold(
  'bench-template',
  foldEvents(
    emptyFold(),
    TEMPLATE.map((one) => one.text),
  ),
)

/** Judging is not what is measured: one snapshot with the round's own name and time, and a check and a key that change. */
function snapshotOf(n: number) {
  const isUp = Math.floor(n / 100) % 2 === 0
  const checks = SNAPSHOT.checks.map((check, i) => (i === 0 && !isUp ? { ...check, status: 'BLOCKED' as const } : check))
  return {
    ...SNAPSHOT,
    artifact_id: `bench-${String(n).padStart(7, '0')}`,
    opened_at: new Date(START_MS + n * ROUND_EVERY_MS).toISOString(),
    checks,
    summary: { ...SNAPSHOT.summary, SERVICE_GREEN: isUp ? '1' : '0' },
  }
}

async function fill(stores: Readonly<Record<string, ProjectionStore>>, from: number, size: number): Promise<number> {
  const until = size / EVENTS_A_ROUND
  for (let n = from; n < until; n += ROUNDS_A_BATCH) {
    const numbers = Array.from({ length: Math.min(ROUNDS_A_BATCH, until - n) }, (_, i) => n + i)
    const events = numbers.flatMap(rawRound)
    const snapshots = numbers.map((one) => ({ snapshot: snapshotOf(one), isFinal: true }))
    for (const store of Object.values(stores)) {
      await store.saveEvents(events)
      await store.saveSnapshots(snapshots)
    }
  }
  return until
}

/** Both take turns, batch by batch, so that whatever else the machine does hits both. */
async function insertRate(clickhouse: Clickhouse, store: ProjectionStore): Promise<BenchRow> {
  await clickhouse.command(
    `CREATE TABLE {db}.bare (artifact_id String, time_ms Int64, id String, type LowCardinality(String), check_id String, partition Int32, offset Int64, text String)
      ENGINE = MergeTree ORDER BY (artifact_id, time_ms, id)`,
  )
  const spent = { ours: [] as number[], bare: [] as number[] }
  for (let batch = 0; batch < 20; batch++) {
    const events = Array.from({ length: ROUNDS_A_BATCH }, (_, i) => rawRound(9_000_000 + batch * ROUNDS_A_BATCH + i)).flat()
    const rows = events.map((one) => ({ ...one, artifact_id: one.roundId, time_ms: Date.parse(one.time), check_id: one.checkId ?? '' }))
    const bare = rows.map(({ artifact_id, time_ms, id, type, check_id, partition, offset, text }) => ({
      artifact_id,
      time_ms,
      id,
      type,
      check_id,
      partition,
      offset,
      text,
    }))
    spent.bare.push(await once(() => clickhouse.insert('bare', bare)))
    spent.ours.push(await once(() => store.saveEvents(events)))
  }
  await clickhouse.command('TRUNCATE TABLE {db}.events')
  const [ours, bare] = [median(spent.ours), median(spent.bare)]
  const rate = (ms: number): string => `${Math.round((ROUNDS_A_BATCH * EVENTS_A_ROUND) / ms)} k events/s`
  return {
    name: 'saveEvents against bare JSONEachRow inserts of the same rows, unsorted table, no fsync',
    ratio: bare / ours,
    floor: 0.8,
    detail: `batches of ${ROUNDS_A_BATCH * EVENTS_A_ROUND}: ${rate(ours)} against ${rate(bare)}`,
  }
}

type Asked = (history: HistoryStore) => Promise<unknown>

function questions(rounds: number): [string, Asked][] {
  const round = (): string => `bench-${String(Math.floor(Math.random() * rounds)).padStart(7, '0')}`
  const moment = (): string => new Date(START_MS + Math.random() * rounds * ROUND_EVERY_MS).toISOString()
  const lastDay = { from: new Date(START_MS + (rounds - 144) * ROUND_EVERY_MS).toISOString(), to: ALWAYS.to }
  const page = { limit: 100, after: null }
  return [
    ['point: events of a round', (history) => history.eventsOf(round(), page)],
    ['point: as of a moment', (history) => history.asOf('test', moment())],
    ['point: newest rounds', (history) => history.rounds({}, page)],
    ['point: a key over the last day', (history) => history.keyChanges('test', 'SERVICE_GREEN', lastDay)],
    ['point: search in the last day', (history) => history.search('check-0007', lastDay, page)],
    ['all: changes of a key', (history) => history.keyChanges('test', 'SERVICE_GREEN', ALWAYS)],
    ['all: changes of a check', (history) => history.checkChanges('test', 'check-0001', ALWAYS)],
    ['all: where a check was not PASS', (history) => history.notPassed('test', 'check-0001', ALWAYS, page)],
    ['all: ever allowed', (history) => history.everAllowed('test', ALWAYS)],
    ['all: counts by day', (history) => history.countsByDay(ALWAYS)],
    ['all: search for what is nowhere', (history) => history.search(`nowhere-${Math.random()}`, ALWAYS, page)],
  ]
}

/** The 95th percentile: of 21, the second worst. */
async function timed(ask: () => Promise<unknown>): Promise<number> {
  const times: number[] = []
  await ask()
  while (times.length < 21 && times.reduce((sum, ms) => sum + ms, 0) < 20_000) times.push(await once(ask))
  return times.sort((a, b) => a - b)[Math.max(0, Math.ceil(times.length * 0.95) - 1)] ?? Number.NaN
}

async function once(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

async function sizeOf(clickhouse: Clickhouse): Promise<string> {
  const rows = await clickhouse.query(
    `SELECT table, sum(bytes_on_disk) / 1e6 AS mb FROM system.parts WHERE database = '${clickhouse.database}' AND active GROUP BY table ORDER BY table`,
  )
  return rows.map((row) => `${row.table} ${Math.round(Number(row.mb))}`).join(', ')
}

/** How often the smallest size's time the largest size takes: 1 means that it does not grow. */
function growth(name: string, sizes: readonly number[], ms: readonly number[]): BenchRow {
  const ratio = (ms.at(-1) ?? Number.NaN) / (ms[0] ?? Number.NaN)
  const detail = sizes.map((size, n) => `${size / 1000} k ${(ms[n] ?? Number.NaN).toFixed(1)} ms`).join(', ')
  return { name: `growth of ${name}`, ratio, floor: null, detail: `p95 at ${detail}` }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { sizes: { type: 'string', default: '100000,1000000' } } })
  for (const row of await benchHistory(values.sizes.split(',').map(Number)))
    console.log(`${row.ratio.toFixed(2).padStart(6)}  ${row.name}\n        ${row.detail}`)
}
