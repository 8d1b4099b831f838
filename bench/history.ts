import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type Clickhouse, openClickhouse } from '../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../projector/clickhouse/clickhouse-config.ts'
import { buildClickhouseHistoryStore } from '../projector/clickhouse/clickhouse-history-store.ts'
import { buildClickhouseProjectionStore } from '../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../projector/clickhouse/migrate.ts'
import type { HistoryStore } from '../projector/history-store.ts'
import type { ProjectionStore } from '../projector/projection-store.ts'
import { openSqliteHistoryStore } from '../projector/sqlite-history-store.ts'
import { openSqliteProjectionStore } from '../projector/sqlite-projection-store.ts'
import type { BenchRow } from './append.ts'
import { EVENTS_A_ROUND, fillRounds, ROUND_EVERY_MS, ROUNDS_A_BATCH, rawRound, roundName, START_MS } from './history-rounds.ts'
import { median } from './median.ts'

/** How much slower ClickHouse may answer a point question where there are a hundred times as many events. */
const MOST_GROWTH = 3
const SAMPLES = 41
const WARM_UP = 5
/** For one question to one store, all sizes together. */
const MOST_MS = 90_000
const ALWAYS = { from: '2000-01-01T00:00:00.000Z', to: '2999-12-31T23:59:59.999Z' }

/**
 * Insert rate of the projection store against bare JSONEachRow inserts of the same rows, and the questions of history
 * at growing sizes (in events) on both stores. The in-process engine serves as ClickHouse unless EVIDENCE_CLICKHOUSE_URL
 * names one. `kept`: a folder whose stores stay, to be asked again; null: a temporary one. 10 million events take half an
 * hour and 20 GB.
 */
export async function benchHistory(sizes: readonly number[] = [100_000, 1_000_000], kept: string | null = null): Promise<BenchRow[]> {
  const folder = kept ?? mkdtempSync(join(tmpdir(), 'bench-history-'))
  const clickhouse = await openClickhouse(benchConfig(folder))
  try {
    const rows = [await insertRate(clickhouse.inDatabase('evidence_bench_insert'))]
    const stores = { clickhouse: [] as HistoryStore[], sqlite: [] as HistoryStore[] }
    for (const size of sizes) {
      const database = clickhouse.inDatabase(`evidence_bench_${size}`)
      await migrateClickhouse(database)
      await fillRounds(buildClickhouseProjectionStore(database), size)
      stores.clickhouse.push(buildClickhouseHistoryStore(database))
      stores.sqlite.push(await fillSqlite(join(folder, `bench_${size}.db`), size))
      process.stderr.write(`${size} events: ClickHouse ${await sizeOf(database)} MB\n`)
    }
    for (const [store, histories] of Object.entries(stores)) {
      for (const name of Object.keys(questions(1))) {
        const row = growth(`${store} ${name}`, sizes, await askAll(name, sizes, histories))
        process.stderr.write(`${row.name}: ${row.detail}\n`)
        rows.push(row)
      }
    }
    for (const history of stores.sqlite) await history.close()
    if (kept === null) for (const size of sizes) await clickhouse.inDatabase(`evidence_bench_${size}`).command('DROP DATABASE {db} SYNC')
    return rows
  } finally {
    await clickhouse.close()
    if (kept === null) rmSync(folder, { recursive: true, force: true })
  }
}

function benchConfig(folder: string) {
  const named = process.env.EVIDENCE_CLICKHOUSE_URL
  return readClickhouseConfig(process.env, named ? undefined : `chdb:${join(folder, 'chdb')}`)
}

async function fillSqlite(path: string, size: number): Promise<HistoryStore> {
  const store = openSqliteProjectionStore(path)
  await fillRounds(store, size)
  await store.close()
  return openSqliteHistoryStore({ path, mode: 'readonly', of: 'projection' })
}

/** Both take turns, batch by batch, so that whatever else the machine does hits both. */
async function insertRate(clickhouse: Clickhouse): Promise<BenchRow> {
  await clickhouse.command('DROP DATABASE IF EXISTS {db} SYNC')
  await migrateClickhouse(clickhouse)
  const store: ProjectionStore = buildClickhouseProjectionStore(clickhouse)
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
  await clickhouse.command('DROP DATABASE {db} SYNC')
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

function questions(rounds: number): Readonly<Record<string, Asked>> {
  const round = (): string => roundName(Math.floor(Math.random() * rounds))
  const moment = (): string => new Date(START_MS + Math.random() * rounds * ROUND_EVERY_MS).toISOString()
  const lastDay = { from: new Date(START_MS + (rounds - 144) * ROUND_EVERY_MS).toISOString(), to: ALWAYS.to }
  const page = { limit: 100, after: null }
  return {
    'point: events of a round': (history) => history.eventsOf(round(), page),
    'point: as of a moment': (history) => history.asOf('test', moment()),
    'point: newest rounds': (history) => history.rounds({}, page),
    'point: a key over the last day': (history) => history.keyChanges('test', 'SERVICE_GREEN', lastDay),
    'point: search in the last day': (history) => history.search('check-0007', lastDay, page),
    'all: changes of a key': (history) => history.keyChanges('test', 'SERVICE_GREEN', ALWAYS),
    'all: changes of a check': (history) => history.checkChanges('test', 'check-0001', ALWAYS),
    'all: where a check was not PASS': (history) => history.notPassed('test', 'check-0001', ALWAYS, page),
    'all: ever allowed': (history) => history.everAllowed('test', ALWAYS),
    'all: counts by day': (history) => history.countsByDay(ALWAYS),
    'all: search for what is nowhere': (history) => history.search(`nowhere-${Math.random()}`, ALWAYS, page),
  }
}

/**
 * The 95th percentile in ms for each size: of 41, the third worst. The sizes take turns, so that whatever else the machine
 * does hits all of them alike; the first asks are not counted, since they warm caches and the compiler up.
 */
async function askAll(name: string, sizes: readonly number[], histories: readonly HistoryStore[]): Promise<number[]> {
  const asks = sizes.map((size) => questions(size / EVENTS_A_ROUND)[name])
  const times: number[][] = sizes.map(() => [])
  const start = performance.now()
  for (let turn = 0; turn < WARM_UP + SAMPLES && (turn < 3 || performance.now() - start < MOST_MS); turn++) {
    for (const [n, history] of histories.entries()) times[n]?.push(await once(async () => asks[n]?.(history)))
  }
  return times.map((all) => percentile(all.slice(Math.min(WARM_UP, all.length - 2))))
}

function percentile(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(times.length * 0.95) - 1)] ?? Number.NaN
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

/** How often the smallest size's time the largest size takes: 1 means that it does not grow. Less is better, so `floor` is not used. */
function growth(name: string, sizes: readonly number[], ms: readonly number[]): BenchRow {
  const ratio = (ms.at(-1) ?? Number.NaN) / (ms[0] ?? Number.NaN)
  const aim = name.startsWith('clickhouse point') ? `; aim at most ${MOST_GROWTH} ${ratio <= MOST_GROWTH ? 'reached' : 'MISSED'}` : ''
  const detail = sizes.map((size, n) => `${size / 1000} k ${(ms[n] ?? Number.NaN).toFixed(1)} ms`).join(', ')
  return { name: `growth of ${name}`, ratio, floor: null, detail: `p95 at ${detail}${aim}` }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { sizes: { type: 'string', default: '100000,1000000' }, folder: { type: 'string' } } })
  for (const row of await benchHistory(values.sizes.split(',').map(Number), values.folder ?? null))
    console.log(`${row.ratio.toFixed(2).padStart(6)}  ${row.name}\n        ${row.detail}`)
}
