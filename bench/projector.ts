import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KafkaSettings } from '../ledger/kafka/kafka-settings.ts'
import { type Clickhouse, openClickhouse, type Row } from '../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../projector/clickhouse/clickhouse-config.ts'
import { buildClickhouseProjectionStore } from '../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../projector/clickhouse/migrate.ts'
import { startKafka } from '../test/support/kafka-broker.ts'
import { testKafkaSettings } from '../test/support/kafka-settings.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'
import { consumeBare, fillTopic, NOWHERE, project } from './projector-topic.ts'

const TIMES = 3

type Spent = Record<'bare' | 'alone' | 'whole' | 'inserts', number[]>
type Insert = { readonly table: string; readonly rows: readonly Row[] }

/**
 * The projector service from the topic to the ClickHouse engine in this process, and without a store, which is what it
 * costs by itself; against a bare kafkajs consumer that does JSON.parse on every message of the same topic, and against
 * that consumer followed by bare JSONEachRow inserts of the very rows the projector writes. They take turns; ratios are of
 * medians. Joining the group is not counted. Empty without a Kafka.
 */
export async function benchProjector(eventCount: number): Promise<BenchRow[]> {
  const kafka = await startKafka()
  if (kafka === null) return []
  const folder = mkdtempSync(join(tmpdir(), 'bench-projector-'))
  try {
    const settings = testKafkaSettings(kafka.brokers, 'projector')
    const count = await fillTopic(settings, eventCount)
    const clickhouse = await openClickhouse(readClickhouseConfig({}, `chdb:${folder}`))
    const spent: Spent = { bare: [], alone: [], whole: [], inserts: [] }
    // The first turn is not counted: nothing is compiled yet.
    for (let i = 0; i <= TIMES; i++) {
      const took = await turn(settings, clickhouse, count, i)
      if (i > 0) for (const name of Object.keys(spent) as (keyof Spent)[]) spent[name].push(took[name])
    }
    await clickhouse.close()
    return toRows(spent, count)
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await kafka.stop()
  }
}

async function turn(settings: KafkaSettings, clickhouse: Clickhouse, count: number, i: number): Promise<Record<keyof Spent, number>> {
  const member = (name: string): KafkaSettings => ({ ...settings, group_id: `${settings.group_id}-${name}-${i}` })
  const bare = await consumeBare(member('bare'), count)
  const alone = await project(member('alone'), NOWHERE, count)
  const own = clickhouse.inDatabase(`projector_${i}`)
  await migrateClickhouse(own)
  const inserts: Insert[] = []
  const noting: Clickhouse = {
    ...own,
    insert(table, rows) {
      inserts.push({ table, rows })
      return own.insert(table, rows)
    },
  }
  const whole = await project(member('whole'), buildClickhouseProjectionStore(noting), count)
  const insertMs = await insertBare(clickhouse.inDatabase(`bare_${i}`), inserts)
  for (const database of [own.database, `bare_${i}`]) await clickhouse.inDatabase(database).command('DROP DATABASE {db} SYNC')
  return { bare, alone, whole, inserts: insertMs }
}

/** The rows a projector wrote, inserted once more into tables of the same form, one call after the other. */
async function insertBare(clickhouse: Clickhouse, inserts: readonly Insert[]): Promise<number> {
  await migrateClickhouse(clickhouse)
  const start = performance.now()
  for (const { table, rows } of inserts) await clickhouse.insert(table, rows)
  return performance.now() - start
}

function toRows(spent: Spent, count: number): BenchRow[] {
  const ms = { bare: median(spent.bare), alone: median(spent.alone), whole: median(spent.whole), inserts: median(spent.inserts) }
  const rate = (time: number): string => `${Math.round((1000 * count) / time)}/s`
  const detail = `${count} events: service ${rate(ms.whole)}, without a store ${rate(ms.alone)}, bare consumer ${rate(ms.bare)}, bare inserts of the same rows ${rate(ms.inserts)}`
  return [
    { name: 'projector into ClickHouse against a bare kafkajs consumer with JSON.parse', ratio: ms.bare / ms.whole, floor: 0.5, detail },
    { name: 'projector without a store against the same', ratio: ms.bare / ms.alone, floor: 0.5, detail },
    {
      name: 'projector into ClickHouse against that consumer and bare inserts of the same rows',
      ratio: (ms.bare + ms.inserts) / ms.whole,
      floor: null,
      detail,
    },
  ]
}

if (import.meta.main) for (const row of await benchProjector(Number(process.argv[2] ?? 100_000))) console.log(row)
