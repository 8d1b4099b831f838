import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKafka } from '../ledger/kafka/kafka-client.ts'
import { createKafkaEventSource } from '../ledger/kafka/kafka-event-source.ts'
import type { KafkaSettings } from '../ledger/kafka/kafka-settings.ts'
import { createKafkaSink } from '../ledger/kafka/kafka-sink.ts'
import { ensureTopics } from '../ledger/kafka/kafka-topics.ts'
import { openClickhouse } from '../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../projector/clickhouse/clickhouse-config.ts'
import { buildClickhouseProjectionStore } from '../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../projector/clickhouse/migrate.ts'
import type { ProjectionTables } from '../projector/projection-store.ts'
import { runProjector } from '../projector/projector-service.ts'
import { ServiceMetrics } from '../projector/service-metrics.ts'
import { startKafka } from '../test/support/kafka-broker.ts'
import { testKafkaSettings } from '../test/support/kafka-settings.ts'
import { makeRound } from '../test/support/make-events.ts'
import type { BenchRow } from './append.ts'

const CHECKS_A_ROUND = 98

/**
 * The projector service from the topic to the ClickHouse engine in this process, against a bare kafkajs consumer that does
 * JSON.parse on every message of the same topic; and the service without a store, which is what it costs by itself.
 * Joining the group is not counted. Empty without a Kafka.
 */
export async function benchProjector(eventCount: number): Promise<BenchRow[]> {
  const kafka = await startKafka()
  if (kafka === null) return []
  const folder = mkdtempSync(join(tmpdir(), 'bench-projector-'))
  try {
    const settings = testKafkaSettings(kafka.brokers, 'projector')
    const count = await fillTopic(settings, eventCount)
    const bare = await consumeBare({ ...settings, group_id: `${settings.group_id}-bare` }, count)
    const alone = await project({ ...settings, group_id: `${settings.group_id}-alone` }, NOWHERE, count)
    const clickhouse = await openClickhouse(readClickhouseConfig({}, `chdb:${folder}`))
    await migrateClickhouse(clickhouse)
    const whole = await project(settings, buildClickhouseProjectionStore(clickhouse), count)
    await clickhouse.close()
    const rate = (ms: number): string => `${Math.round((1000 * count) / ms)}/s`
    const detail = `${count} events: service ${rate(whole.ms)}, without a store ${rate(alone.ms)}, bare consumer ${rate(bare)}`
    const memory = `memory ${megabytes(whole.half)} MB after half of them, ${megabytes(whole.end)} MB at the end; without a store ${megabytes(alone.half)} and ${megabytes(alone.end)} MB`
    return [
      { name: 'projector into ClickHouse against a bare kafkajs consumer with JSON.parse', ratio: bare / whole.ms, floor: 0.5, detail },
      { name: 'projector without a store against the same', ratio: bare / alone.ms, floor: null, detail: memory },
    ]
  } finally {
    rmSync(folder, { recursive: true, force: true })
    await kafka.stop()
  }
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e6)

async function fillTopic(settings: KafkaSettings, eventCount: number): Promise<number> {
  await ensureTopics(settings)
  const sink = createKafkaSink(settings, settings.events_topic)
  const rounds = Math.ceil(eventCount / (CHECKS_A_ROUND + 2))
  for (let r = 0; r < rounds; r += 10) {
    const events = Array.from({ length: Math.min(10, rounds - r) }, (_, n) => makeRound(`bench-projector-${r + n}`, CHECKS_A_ROUND)).flat()
    await sink.send(events.map(({ subject, bytes }) => ({ key: subject, value: bytes, headers: {} })))
  }
  await sink.close()
  return rounds * (CHECKS_A_ROUND + 2)
}

/** From the first message to the last. */
async function consumeBare(settings: KafkaSettings, count: number): Promise<number> {
  const consumer = createKafka(settings).consumer({ groupId: settings.group_id, maxWaitTimeInMs: 500, maxBytesPerPartition: 4_194_304, maxBytes: 16_777_216 })
  await consumer.connect()
  await consumer.subscribe({ topics: [settings.events_topic], fromBeginning: true })
  const ms = await new Promise<number>((resolve, reject) => {
    let [seen, start] = [0, 0]
    const eachBatch = async ({ batch }: { batch: { messages: { value: Buffer | null }[] } }): Promise<void> => {
      if (seen === 0) start = performance.now()
      for (const { value } of batch.messages) JSON.parse(String(value))
      seen += batch.messages.length
      if (seen >= count) resolve(performance.now() - start)
    }
    consumer.run({ eachBatch }).catch(reject)
  })
  await consumer.disconnect()
  return ms
}

type Projected = { ms: number; half: number; end: number }

async function project(settings: KafkaSettings, tables: ProjectionTables, count: number): Promise<Projected> {
  const stop = new AbortController()
  const sink = createKafkaSink(settings, settings.rejected_topic)
  const result: Projected = { ms: 0, half: 0, end: 0 }
  let start = 0
  const metrics = new (class extends ServiceMetrics {
    override committed(...args: Parameters<ServiceMetrics['committed']>): void {
      super.committed(...args)
      const done = this.value('evidence_projector_messages_total')
      if (result.half === 0 && done >= count / 2) result.half = process.memoryUsage.rss()
      if (done < count) return
      result.ms = performance.now() - start
      result.end = process.memoryUsage.rss()
      stop.abort()
    }
  })()
  const openSource = () => {
    const source = createKafkaEventSource(settings)
    const run = source.run.bind(source)
    source.run = (handlers) =>
      run({
        ...handlers,
        onBatch: (batch) => {
          if (start === 0) start = performance.now()
          return handlers.onBatch(batch)
        },
      })
    return source
  }
  await runProjector(
    { openSource, tables, rejectedSink: sink, metrics, now: () => new Date(), sleep: async () => undefined, onNote: console.error },
    stop.signal,
  )
  await sink.close()
  return result
}

/** A store that keeps nothing. */
const NOWHERE: ProjectionTables = {
  saveEvents: async () => undefined,
  saveRejected: async () => undefined,
  saveSnapshots: async () => undefined,
  async *readRound() {},
  async *readRounds() {},
  roundIds: async () => [],
  close: async () => undefined,
}

if (import.meta.main) for (const row of await benchProjector(Number(process.argv[2] ?? 100_000))) console.log(row)
