import kafkajs, { type Message, type Producer, type RecordMetadata } from 'kafkajs'
import { EvidenceError } from '../../schemas/errors.ts'
import type { MessageSink, OutgoingMessage, WrittenRange } from '../event-source.ts'
import { createKafka, toKafkaError } from './kafka-client.ts'
import type { KafkaSettings } from './kafka-settings.ts'

const { CompressionTypes, Partitioners } = kafkajs
const COMPRESSION = { zstd: CompressionTypes.ZSTD, gzip: CompressionTypes.GZIP, none: CompressionTypes.None }
const ALL_REPLICAS = -1

/**
 * A `MessageSink` on a Kafka topic. Not kafkajs's idempotent mode: it reuses sequence numbers after a lost
 * acknowledgement, and the broker then takes other messages for doubles (docs/kafka.md). One request at a time, and a
 * producer whose send was rejected is thrown away.
 */
export function createKafkaSink(settings: KafkaSettings, topic: string): MessageSink {
  let current: Promise<Connected> | null = null
  let isClosed = false
  const discard = async (used: Promise<Connected> | null): Promise<void> => {
    if (current === used) current = null
    // A producer that never connected, or is cut off, has nothing to say goodbye with.
    await used?.then(({ producer }) => producer.disconnect()).catch(() => undefined)
  }
  return {
    async send(messages) {
      if (isClosed) throw new EvidenceError('ledger_unavailable', `the writer of ${topic} is closed`)
      if (messages.length === 0) return []
      current ??= connectProducer(settings)
      const used = current
      try {
        const { producer, partitionOf } = await used
        const sent = messages.map(toKafkaMessage)
        const answers = await producer.send({ topic, acks: ALL_REPLICAS, compression: COMPRESSION[settings.compression], messages: sent })
        return toRanges(answers, sent, partitionOf)
      } catch (error) {
        await discard(used)
        throw toKafkaError(error, `writing to ${topic}`)
      }
    },
    async close() {
      isClosed = true
      await discard(current)
    },
  }
}

type Connected = { producer: Producer; partitionOf: (message: object) => number }

async function connectProducer(settings: KafkaSettings): Promise<Connected> {
  const placed = new WeakMap<object, number>()
  const producer = createKafka(settings).producer({
    createPartitioner: () => rememberingPartitioner(placed),
    idempotent: false,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
  })
  await producer.connect()
  return { producer, partitionOf: (message) => placed.get(message) ?? 0 }
}

/** Java's partitioner, asked once for a run of messages of one key, and what it said for each message. */
function rememberingPartitioner(placed: WeakMap<object, number>): ReturnType<typeof Partitioners.DefaultPartitioner> {
  const partitioner = Partitioners.DefaultPartitioner()
  let last: { key: unknown; count: number; partition: number } | null = null
  return (args) => {
    const [key, count] = [args.message.key, args.partitionMetadata.length]
    if (last === null || key === null || last.key !== key || last.count !== count) last = { key, count, partition: partitioner(args) }
    placed.set(args.message, last.partition)
    return last.partition
  }
}

function toKafkaMessage(message: OutgoingMessage): Message {
  const { buffer, byteOffset, byteLength } = message.value
  return { key: message.key, value: Buffer.from(buffer, byteOffset, byteLength), headers: { ...message.headers } }
}

/** The broker tells the first offset of each partition; how many messages went there the partitioner knows. */
function toRanges(answers: RecordMetadata[], sent: readonly Message[], partitionOf: Connected['partitionOf']): WrittenRange[] {
  const placed = new Map<number, { count: number; last: number }>()
  sent.forEach((message, last) => {
    const partition = partitionOf(message)
    placed.set(partition, { count: (placed.get(partition)?.count ?? 0) + 1, last })
  })
  return answers.map(({ partition, baseOffset }) => {
    const place = placed.get(partition)
    if (baseOffset === undefined || place === undefined) throw new EvidenceError('ledger_unavailable', 'Kafka acknowledged a write without its offset')
    return { partition, first: baseOffset, next: String(BigInt(baseOffset) + BigInt(place.count)), last: place.last }
  })
}
