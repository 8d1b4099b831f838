import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clickhouse, openClickhouse } from '../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../projector/clickhouse/clickhouse-config.ts'
import { toRawEvents } from '../test/support/history-data.ts'
import { makeRound } from '../test/support/make-events.ts'
import { median } from './median.ts'

/**
 * What the table of events was chosen by: `node bench/clickhouse-schema.ts [EVENTS]` fills one table a variant with the
 * same rows and prints size, insert rate and the medians of three questions, each as a ratio to the one we use.
 */
type Variant = { name: string; columns: string; order: string; granularity: number }

const TEXT = 'text String CODEC(ZSTD(1))'
const columns = (id: string, digest: string, text: string): string =>
  `artifact_id String CODEC(ZSTD(1)), time_ms Int64 CODEC(Delta, ZSTD(1)), ${id}, ${digest}, type LowCardinality(String), check_id String CODEC(ZSTD(1)), ${text},
   INDEX time_range time_ms TYPE minmax GRANULARITY 1`
const ID = 'id String CODEC(ZSTD(1))'
const DIGEST = 'digest FixedString(32) MATERIALIZED SHA256(text) CODEC(NONE)'
const ORDER = '(artifact_id, time_ms, id, digest)'

const VARIANTS: readonly Variant[] = [
  { name: 'as in migrations.ts', columns: columns(ID, DIGEST, TEXT), order: ORDER, granularity: 1024 },
  { name: 'index_granularity 8192', columns: columns(ID, DIGEST, TEXT), order: ORDER, granularity: 8192 },
  { name: 'index_granularity 256', columns: columns(ID, DIGEST, TEXT), order: ORDER, granularity: 256 },
  { name: 'text ZSTD(3)', columns: columns(ID, DIGEST, 'text String CODEC(ZSTD(3))'), order: ORDER, granularity: 1024 },
  { name: 'text LZ4', columns: columns(ID, DIGEST, 'text String CODEC(LZ4)'), order: ORDER, granularity: 1024 },
  { name: 'id as UUID', columns: columns('id UUID CODEC(ZSTD(1))', DIGEST, TEXT), order: ORDER, granularity: 1024 },
  { name: 'digest ZSTD(1)', columns: columns(ID, DIGEST.replace('NONE', 'ZSTD(1)'), TEXT), order: ORDER, granularity: 1024 },
  { name: 'ORDER BY time first', columns: columns(ID, DIGEST, TEXT), order: '(time_ms, artifact_id, id, digest)', granularity: 1024 },
]
const BATCH = 10_000

async function main(events: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-schema-'))
  const clickhouse = await openClickhouse({ ...readClickhouseConfig({}, `chdb:${folder}`), database: 'bench' })
  await clickhouse.command('CREATE DATABASE {db}')
  for (const [n, one] of VARIANTS.entries()) {
    await clickhouse.command(
      `CREATE TABLE {db}.v${n} (${one.columns}) ENGINE = ReplacingMergeTree ORDER BY ${one.order}
        SETTINGS index_granularity = ${one.granularity}, fsync_after_insert = 1, fsync_part_directory = 1`,
    )
  }
  const spent = await fill(clickhouse, events)
  const results = await measure(clickhouse, events, spent.map(median))
  for (const [n, one] of results.entries()) print(VARIANTS[n]?.name ?? '', one, results[0] as Measured)
  await clickhouse.close()
  rmSync(folder, { recursive: true, force: true })
}

/** Variants take turns batch by batch, so that whatever else the machine does hits all. */
async function fill(clickhouse: Clickhouse, events: number): Promise<number[][]> {
  const spent: number[][] = VARIANTS.map(() => [])
  for (let from = 0; from < events; from += BATCH) {
    const rows = Array.from({ length: BATCH / 100 }, (_, i) => round((from + 100 * i) / 100)).flat()
    for (const n of VARIANTS.keys()) {
      const start = performance.now()
      await clickhouse.insert(`v${n}`, rows)
      spent[n]?.push(performance.now() - start)
    }
  }
  return spent
}

const TEMPLATE = toRawEvents(makeRound('bench-template', 98))

function round(n: number) {
  const artifact_id = `bench-${String(n).padStart(7, '0')}`
  return TEMPLATE.map((event) => {
    const time_ms = Date.parse(event.time) + n * 600_000
    const stamp = time_ms.toString(16).padStart(12, '0')
    const id = `${stamp.slice(0, 8)}-${stamp.slice(8)}${event.id.slice(13)}`
    const text = event.text.replace(event.id, id).replaceAll('bench-template', artifact_id).replace(event.time, new Date(time_ms).toISOString())
    return { artifact_id, time_ms, id, type: event.type, check_id: event.checkId ?? '', text }
  })
}

type Measured = { insertMs: number; bytes: number; roundMs: number; countsMs: number; searchMs: number }

const ROUND = 'SELECT id, text FROM {db}.TABLE FINAL WHERE artifact_id = {id:String} ORDER BY time_ms, id'
const COUNTS = 'SELECT intDiv(time_ms, 86400000) AS day, type, count() FROM {db}.TABLE FINAL GROUP BY day, type'
const SEARCH = 'SELECT id FROM {db}.TABLE WHERE position(text, {text:String}) > 0 LIMIT 10'

/** Questions take turns too, and are the same for all variants. */
async function measure(clickhouse: Clickhouse, events: number, insertMs: readonly number[]): Promise<Measured[]> {
  const times = VARIANTS.map(() => ({ round: [] as number[], counts: [] as number[], search: [] as number[] }))
  for (const n of VARIANTS.keys()) await clickhouse.command(`OPTIMIZE TABLE {db}.v${n} FINAL`)
  for (let turn = 0; turn < 15; turn++) {
    const id = `bench-${String(Math.floor((Math.random() * events) / 100)).padStart(7, '0')}`
    const ask = async (into: number[], sql: string, n: number): Promise<void> => {
      const start = performance.now()
      await clickhouse.query(sql.replace('TABLE', `v${n}`), { id, text: `none-${turn}` })
      into.push(performance.now() - start)
    }
    for (const [n, one] of times.entries()) {
      await ask(one.round, ROUND, n)
      await ask(one.counts, COUNTS, n)
      await ask(one.search, SEARCH, n)
    }
  }
  const sizes = await clickhouse.query(`SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts WHERE database = '{db}' AND active GROUP BY table`)
  return times.map((one, n) => ({
    insertMs: insertMs[n] ?? Number.NaN,
    bytes: Number(sizes.find((row) => row.table === `v${n}`)?.bytes),
    roundMs: median(one.round),
    countsMs: median(one.counts),
    searchMs: median(one.search),
  }))
}

function print(name: string, one: Measured, ours: Measured): void {
  const cells = (['insertMs', 'bytes', 'roundMs', 'countsMs', 'searchMs'] as const).map(
    (key) => `${key} ${(one[key] / ours[key]).toFixed(2)} (${one[key].toFixed(key === 'bytes' ? 0 : 1)})`,
  )
  console.log(`${name.padEnd(24)} ${cells.join('  ')}`)
}

if (import.meta.main) await main(Number(process.argv[2] ?? 500_000))
