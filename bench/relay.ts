import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import kafkajs, { type Message } from 'kafkajs'
import { toEventMessage } from '../ledger/event-message.ts'
import { createKafka } from '../ledger/kafka/kafka-client.ts'
import { connectRelayTopic } from '../ledger/kafka/kafka-relay-topic.ts'
import type { KafkaSettings } from '../ledger/kafka/kafka-settings.ts'
import { ensureTopics } from '../ledger/kafka/kafka-topics.ts'
import { runRelay } from '../ledger/relay.ts'
import { openRelayState } from '../ledger/relay-state.ts'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import type { EncodedEvent } from '../schemas/event.ts'
import { startKafka } from '../test/support/kafka-broker.ts'
import { testKafkaSettings } from '../test/support/kafka-settings.ts'
import { makeRound } from '../test/support/make-events.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'

const CHECKS_A_ROUND = 98
const BATCH = 1000
const TIMES = 3

/**
 * The relay (SQLite ledger to Kafka, acknowledged, position saved) against a bare kafkajs producer that sends the same
 * messages, made beforehand, with the same acks and codec in batches of the same size, and against a bare kafkajs consumer
 * that does JSON.parse on every message. They take turns on one broker; ratios are of medians. Empty without a Kafka.
 */
export async function benchRelay(eventCount: number): Promise<BenchRow[]> {
  const kafka = await startKafka()
  if (kafka === null) return []
  const folder = mkdtempSync(join(tmpdir(), 'bench-relay-'))
  try {
    const events = Array.from({ length: Math.ceil(eventCount / (CHECKS_A_ROUND + 2)) }, (_, i) => makeRound(`bench-${i + 100}`, CHECKS_A_ROUND)).flat()
    const path = join(folder, 'ledger.db')
    await fillLedger(path, events)
    const rows: BenchRow[] = []
    for (const compression of ['zstd', 'none'] as const) rows.push(...(await measure(kafka.brokers, path, events, compression)))
    return rows
  } finally {
    rmSync(folder, { recursive: true })
    await kafka.stop()
  }
}

async function fillLedger(path: string, events: readonly EncodedEvent[]): Promise<void> {
  const ledger = openSqliteLedger({ path, mode: 'create' })
  for (let i = 0; i < events.length; i += BATCH) await ledger.append(events.slice(i, i + BATCH))
  await ledger.close()
}

async function measure(brokers: readonly string[], path: string, events: readonly EncodedEvent[], compression: 'zstd' | 'none'): Promise<BenchRow[]> {
  const messages = events.map((event) => toBareMessage(event))
  const spent = { relay: [] as number[], producer: [] as number[], consumer: [] as number[] }
  // The first turn is not counted: nothing is compiled yet.
  for (let i = 0; i <= TIMES; i++) {
    const settings = { ...testKafkaSettings(brokers, `bench-${i}`), compression }
    const took = {
      relay: await timed(() => relayOnce(settings, path)),
      producer: await produceBare({ ...testKafkaSettings(brokers, `bare-${i}`), compression }, messages),
      consumer: await consumeBare(settings, events.length),
    }
    if (i > 0) for (const name of Object.keys(spent) as (keyof typeof spent)[]) spent[name].push(took[name])
  }
  const ms = { relay: median(spent.relay), producer: median(spent.producer), consumer: median(spent.consumer) }
  const rate = (name: keyof typeof ms): string => `${Math.round((1000 * events.length) / ms[name])}/s`
  const detail = `${events.length} events, ${compression}: relay ${rate('relay')}, bare producer ${rate('producer')}, bare consumer with JSON.parse ${rate('consumer')}`
  return [
    { name: `relay against a bare kafkajs producer (${compression})`, ratio: ms.producer / ms.relay, floor: null, detail },
    { name: `relay against a bare kafkajs consumer (${compression})`, ratio: ms.consumer / ms.relay, floor: compression === 'zstd' ? 0.5 : null, detail },
  ]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** Everything `evidence relay` does on a target it has never seen, connecting and the first look included. */
async function relayOnce(settings: KafkaSettings, path: string): Promise<void> {
  const ledger = openSqliteLedger({ path, mode: 'existing' })
  const state = openRelayState(path)
  const { signal } = new AbortController()
  await runRelay({ ledger, state, connect: () => connectRelayTopic(settings), follow: false, verify: false, signal, note: () => {} })
  state.close()
  await ledger.close()
}

function toBareMessage(event: EncodedEvent): Message {
  const { key, value, headers } = toEventMessage(event)
  return { key, value: Buffer.from(value), headers: { ...headers } }
}

async function produceBare(settings: KafkaSettings, messages: readonly Message[]): Promise<number> {
  await ensureTopics(settings)
  const compression = settings.compression === 'zstd' ? kafkajs.CompressionTypes.ZSTD : kafkajs.CompressionTypes.None
  const producer = createKafka(settings).producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  const ms = await timed(async () => {
    await producer.connect()
    for (let i = 0; i < messages.length; i += BATCH) {
      await producer.send({ topic: settings.events_topic, acks: -1, compression, messages: messages.slice(i, i + BATCH) })
    }
  })
  await producer.disconnect()
  return ms
}

/** From the first message to the last: joining a group is not counted. */
async function consumeBare(settings: KafkaSettings, count: number): Promise<number> {
  const consumer = createKafka(settings).consumer({ groupId: settings.group_id, maxWaitTimeInMs: 100 })
  await consumer.connect()
  await consumer.subscribe({ topics: [settings.events_topic], fromBeginning: true })
  const ms = await new Promise<number>((resolve, reject) => {
    let [seen, start] = [0, performance.now()]
    consumer.on(consumer.events.GROUP_JOIN, () => {
      start = performance.now()
    })
    const eachBatch = async ({ batch }: { batch: { messages: { value: Buffer | null }[] } }): Promise<void> => {
      for (const { value } of batch.messages) JSON.parse(value?.toString('utf8') ?? 'null')
      seen += batch.messages.length
      if (seen >= count) resolve(performance.now() - start)
    }
    consumer.run({ eachBatch }).catch(reject)
  })
  await consumer.disconnect()
  return ms
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { events: { type: 'string', default: '50000' } } })
  for (const row of await benchRelay(Number(values.events))) {
    const floor = row.floor === null ? '' : ` (floor ${row.floor})`
    console.info(`${row.name}: ${row.ratio.toFixed(2)}${floor} - ${row.detail}`)
  }
}
