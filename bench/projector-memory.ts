import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openClickhouse } from '../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../projector/clickhouse/clickhouse-config.ts'
import { buildClickhouseProjectionStore } from '../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../projector/clickhouse/migrate.ts'
import type { ProjectionTables } from '../projector/projection-store.ts'
import { startKafka } from '../test/support/kafka-broker.ts'
import { testKafkaSettings } from '../test/support/kafka-settings.ts'
import { fillTopic, NOWHERE, project } from './projector-topic.ts'

const HELP = `node bench/projector-memory.ts [--events N] [--clickhouse]

Memory of the projector service over a long topic, at every tenth of it: of the whole process and of JavaScript.
Without a store that is the service's own; with --clickhouse the in-process engine's caches are in it too.
`
const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' }, clickhouse: { type: 'boolean' }, help: { type: 'boolean' } } })
if (values.help) process.stdout.write(HELP)
else await main(Number(values.events), values.clickhouse === true)

async function main(eventCount: number, hasStore: boolean): Promise<void> {
  const kafka = await startKafka()
  if (kafka === null) return
  const folder = mkdtempSync(join(tmpdir(), 'bench-memory-'))
  try {
    const settings = testKafkaSettings(kafka.brokers, 'memory')
    const count = await fillTopic(settings, eventCount)
    const tables = hasStore ? await openStore(folder) : NOWHERE
    let next = count / 10
    report(0)
    const ms = await project(settings, tables, count, (done) => {
      if (done < next) return
      report(done)
      next = (Math.floor((10 * done) / count) + 1) * (count / 10)
    })
    console.log(`${count} events in ${Math.round(ms / 1000)} s, ${Math.round((1000 * count) / ms)}/s`)
    await tables.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await kafka.stop()
  }
}

async function openStore(folder: string): Promise<ProjectionTables> {
  const clickhouse = await openClickhouse(readClickhouseConfig({}, `chdb:${folder}`))
  await migrateClickhouse(clickhouse)
  return buildClickhouseProjectionStore(clickhouse)
}

function report(done: number): void {
  const { rss, heapUsed, external } = process.memoryUsage()
  const [all, heap, buffers] = [rss, heapUsed, external].map((bytes) => `${Math.round(bytes / 1e6)}`.padStart(5))
  console.log(`${String(done).padStart(9)} events: ${all} MB, of which heap ${heap}, buffers ${buffers}`)
}
