import { createKafka } from '../ledger/kafka/kafka-client.ts'
import { createKafkaEventSource } from '../ledger/kafka/kafka-event-source.ts'
import type { KafkaSettings } from '../ledger/kafka/kafka-settings.ts'
import { createKafkaSink } from '../ledger/kafka/kafka-sink.ts'
import { ensureTopics } from '../ledger/kafka/kafka-topics.ts'
import type { ProjectionTables } from '../projector/projection-store.ts'
import { runProjector } from '../projector/projector-service.ts'
import { ServiceMetrics } from '../projector/service-metrics.ts'
import { makeRound } from '../test/support/make-events.ts'

const CHECKS_A_ROUND = 98

/** Makes the topic and fills it with sealed rounds of a hundred events; returns how many events. */
export async function fillTopic(settings: KafkaSettings, eventCount: number): Promise<number> {
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

/** Milliseconds from the first message to the last. */
export async function consumeBare(settings: KafkaSettings, count: number): Promise<number> {
  const consumer = createKafka(settings).consumer({ groupId: settings.group_id, maxWaitTimeInMs: 500, maxBytesPerPartition: 524_288, maxBytes: 2_097_152 })
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

/** Runs the service until `count` messages are committed: milliseconds from the first batch. `onCommit` hears how many are done. */
export async function project(settings: KafkaSettings, tables: ProjectionTables, count: number, onCommit: (done: number) => void = () => {}): Promise<number> {
  const stop = new AbortController()
  const sink = createKafkaSink(settings, settings.rejected_topic)
  let [start, ms] = [0, 0]
  const metrics = new (class extends ServiceMetrics {
    override committed(...args: Parameters<ServiceMetrics['committed']>): void {
      super.committed(...args)
      const done = this.value('evidence_projector_messages_total')
      onCommit(done)
      if (done < count) return
      ms = performance.now() - start
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
  return ms
}

/** A store that keeps nothing. */
export const NOWHERE: ProjectionTables = {
  saveEvents: async () => undefined,
  saveRejected: async () => undefined,
  saveSnapshots: async () => undefined,
  async *readRound() {},
  async *readRounds() {},
  roundIds: async () => [],
  close: async () => undefined,
}
