import { randomUUID } from 'node:crypto'
import type { Consumer, EachBatchPayload } from 'kafkajs'
import { EvidenceError } from '../../schemas/errors.ts'
import type { SourceBatch } from '../event-source.ts'
import type { PartitionRange } from '../relay-topic.ts'
import { createKafka, toKafkaError, whileCoordinatorLoads } from './kafka-client.ts'
import { toSourceMessage } from './kafka-event-source.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import { withAdmin } from './kafka-topics.ts'

/** Groups of readers that come and go; a cluster with access rules must allow the prefix. */
export const READER_GROUP_PREFIX = 'evidence-reader-'

/** What every partition of a topic holds now. Throws `ledger_unavailable`, also where there is no such topic. */
export async function readRanges(settings: KafkaSettings, topic: string): Promise<readonly PartitionRange[]> {
  const offsets = await withAdmin(settings, `looking at ${topic}`, (admin) => admin.fetchTopicOffsets(topic))
  return offsets.map(({ partition, low, high }) => ({ partition, low, end: high })).sort((a, b) => a.partition - b.partition)
}

/**
 * Reads exactly these ranges of a topic, each in offset order, and resolves at their end. kafkajs reads only as a member
 * of a group, so it is one of its own, which is deleted afterwards. Throws `ledger_unavailable`, or what `onBatch` threw.
 */
export async function readRangesOf(
  settings: KafkaSettings,
  topic: string,
  ranges: readonly PartitionRange[],
  onBatch: (batch: SourceBatch) => Promise<void>,
): Promise<void> {
  const open = new Map(ranges.filter(({ low, end }) => BigInt(low) < BigInt(end)).map((range) => [range.partition, range]))
  if (open.size === 0) return
  const groupId = `${READER_GROUP_PREFIX}${randomUUID()}`
  const consumer = createKafka(settings).consumer({
    groupId,
    maxWaitTimeInMs: 100,
    maxBytesPerPartition: 4_194_304,
    allowAutoTopicCreation: false,
    retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 2000, restartOnFailure: whileCoordinatorLoads() },
  })
  try {
    await untilRead(consumer, topic, open, onBatch)
  } catch (error) {
    throw error instanceof Error && error.name.startsWith('KafkaJS') ? toKafkaError(error, `reading ${topic}`) : error
  } finally {
    await consumer.disconnect().catch(() => undefined)
    await withAdmin(settings, 'deleting a group', (admin) => admin.deleteGroups([groupId])).catch(() => undefined)
  }
}

const STALL_MS = 30_000

type Open = Map<number, PartitionRange>

function untilRead(consumer: Consumer, topic: string, open: Open, onBatch: (batch: SourceBatch) => Promise<void>): Promise<void> {
  return new Promise<void>((done, failed) => {
    const resolve = (): void => stop(done)
    const reject = (error: unknown): void => stop(() => failed(error))
    const { events } = consumer
    consumer.on(events.CRASH, ({ payload }) => {
      if (!payload.restart) reject(payload.error)
    })
    // Every range starts again where it was left: the group has no committed offsets.
    consumer.on(events.GROUP_JOIN, ({ payload }) => {
      const assigned = payload.memberAssignment[topic] ?? []
      for (const partition of assigned) {
        const range = open.get(partition)
        if (range === undefined) consumer.pause([{ topic, partitions: [partition] }])
        else consumer.seek({ topic, partition, offset: range.low })
      }
      const missing = [...open.keys()].find((partition) => !assigned.includes(partition))
      if (missing !== undefined) reject(new EvidenceError('ledger_unavailable', `the topic ${topic} has no partition ${missing}`))
    })
    let lastProgress = performance.now()
    const stalled = setInterval(() => {
      if (performance.now() - lastProgress < STALL_MS) return
      reject(new EvidenceError('ledger_unavailable', `reading ${topic}: nothing came any more; was it cut short meanwhile?`))
    }, STALL_MS / 10)
    const stop = (finish: () => void): void => {
      clearInterval(stalled)
      finish()
    }
    // Also comes for batches of control records, which are never delivered.
    consumer.on(events.END_BATCH_PROCESS, ({ payload }) => {
      lastProgress = performance.now()
      advance(consumer, topic, open, payload.partition, BigInt(payload.lastOffset) + 1n)
      if (open.size === 0) resolve()
    })
    const start = async (): Promise<void> => {
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      await consumer.run({ autoCommit: false, eachBatch: (payload) => deliver(payload, open, onBatch).catch(reject) })
    }
    start().catch(reject)
  })
}

function advance(consumer: Consumer, topic: string, open: Open, partition: number, next: bigint): void {
  const range = open.get(partition)
  if (range === undefined) return
  if (next < BigInt(range.end)) open.set(partition, { ...range, low: String(next) })
  else {
    open.delete(partition)
    consumer.pause([{ topic, partitions: [partition] }])
  }
}

async function deliver({ batch }: EachBatchPayload, open: Open, onBatch: (batch: SourceBatch) => Promise<void>): Promise<void> {
  const range = open.get(batch.partition)
  if (range === undefined) return
  const [low, end] = [BigInt(range.low), BigInt(range.end)]
  const messages = batch.messages.filter(({ offset }) => BigInt(offset) >= low && BigInt(offset) < end).map(toSourceMessage)
  if (messages.length > 0) await onBatch({ partition: batch.partition, messages, endOffset: batch.highWatermark })
}
