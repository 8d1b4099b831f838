import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs from 'kafkajs'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { toEventMessage } from '../../ledger/event-message.ts'
import { type EventSource, nextOffsetOf, type SourceBatch } from '../../ledger/event-source.ts'
import { createKafkaEventSource } from '../../ledger/kafka/kafka-event-source.ts'
import { createKafkaSink } from '../../ledger/kafka/kafka-sink.ts'
import { ensureTopics } from '../../ledger/kafka/kafka-topics.ts'
import { type CuttingProxy, startCuttingProxy } from '../support/cutting-proxy.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeRound } from '../support/make-events.ts'
import { readTopicTexts, textsOf } from '../support/relay-fixture.ts'

const kafka = await startKafka({ toKill: true })
afterAll(async () => await kafka?.stop())

function bareProducer(proxy: CuttingProxy, brokers: readonly string[], idempotent: boolean): kafkajs.Producer {
  const client = new kafkajs.Kafka({
    brokers: [...brokers],
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { retries: 1, initialRetryTime: 50, maxRetryTime: 100 },
    // Whatever the broker says its address is, the way to it is through the proxy.
    socketFactory: ({ onConnect }) => connect({ host: '127.0.0.1', port: proxy.port }, onConnect),
  })
  return client.producer({ idempotent, maxInFlightRequests: 1, createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
}

describe.skipIf(kafka === null)('Kafka: brokers that die', () => {
  const brokers = kafka?.brokers ?? []

  it('killed again and again during produce: everything acknowledged is there', async () => {
    const settings = { ...testKafkaSettings(brokers, 'kill'), request_timeout_ms: 5000 }
    await ensureTopics(settings)
    const sink = createKafkaSink(settings, settings.events_topic)
    const acknowledged: string[] = []
    let isOver = false
    let round = 0
    const producing = (async () => {
      while (!isOver) {
        const events = makeRound(`kill-${round++}`, 60)
        for (;;) {
          const done = await sink.send(events.map(toEventMessage)).catch(() => null)
          if (done !== null) break
          await sleep(100)
        }
        acknowledged.push(...textsOf(events))
      }
    })()
    for (let kill = 0; kill < 4; kill++) {
      const before = acknowledged.length
      await expect.poll(() => acknowledged.length, { timeout: 120_000 }).toBeGreaterThan(before + 1000 + 370 * kill)
      await kafka?.kill()
      await kafka?.restart()
    }
    isOver = true
    await producing
    await sink.close()
    const texts = new Set(await readTopicTexts(settings))
    expect(acknowledged.filter((text) => !texts.has(text))).toEqual([])
    expect(texts.size).toBe(acknowledged.length)
  }, 300_000)

  it('killed under a reader: it goes on or ends with ledger_unavailable, and never hangs; a new one goes on from the commit', async () => {
    const settings = { ...testKafkaSettings(brokers, 'reader'), request_timeout_ms: 5000 }
    await ensureTopics(settings)
    const sink = createKafkaSink(settings, settings.events_topic)
    const events = Array.from({ length: 20 }, (_, i) => makeRound(`reader-${i + 10}`, 20)).flat()
    await sink.send(events.slice(0, 220).map(toEventMessage))
    const seen = new Set<string>()
    let source: EventSource | null = null
    const ends: unknown[] = []
    const reading = (async () => {
      while (seen.size < events.length) {
        const mine = createKafkaEventSource(settings, { sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 500 })
        source = mine
        const onBatch = async ({ partition, messages }: SourceBatch): Promise<void> => {
          for (const { headers } of messages) seen.add(headers.ce_id ?? '')
          await mine.commit(partition, nextOffsetOf(messages.at(-1)?.offset ?? '0'))
        }
        await mine.run({ onBatch }).catch((error: unknown) => ends.push(error))
        await sleep(200)
      }
    })()
    await expect.poll(() => seen.size, { timeout: 60_000 }).toBe(220)
    for (const more of [events.slice(220, 330), events.slice(330)]) {
      await kafka?.kill()
      await sleep(1000)
      await kafka?.restart()
      while ((await sink.send(more.map(toEventMessage)).catch(() => null)) === null) await sleep(200)
    }
    await expect.poll(() => seen.size, { timeout: 120_000 }).toBe(events.length)
    await (source as EventSource | null)?.stop()
    await reading
    await sink.close()
    for (const end of ends) expect(end).toMatchObject({ code: 'ledger_unavailable' })
  }, 300_000)

  /**
   * The reason for `idempotent: false`. An answer is lost and the send is rejected, as it must be. kafkajs then takes its
   * sequence number back and gives it to the next messages; the broker takes those for a double of the first ones,
   * acknowledges them, and writes nothing. The day this test finds nothing missing, the mode can be looked at again.
   */
  it.each([
    { idempotent: true, missing: ['second'] },
    { idempotent: false, missing: [] },
  ])('an answer is lost, the producer goes on (idempotent: $idempotent): acknowledged and not there: $missing', async ({ idempotent, missing }) => {
    const settings = testKafkaSettings(brokers, `idempotent-${idempotent}`)
    await ensureTopics(settings)
    const proxy = await startCuttingProxy(brokers[0] ?? '')
    const producer = bareProducer(proxy, brokers, idempotent)
    const send = (value: string) => producer.send({ topic: settings.events_topic, acks: -1, messages: [{ key: 'k', value }] })
    await producer.connect()
    // A topic that was just made may have no leader for a moment; nothing is written then.
    await vi.waitFor(() => send('zeroth'), { timeout: 20_000, interval: 100 })
    proxy.setMode('swallow')
    await expect(send('first')).rejects.toThrow()
    proxy.setMode('pass')
    await producer.connect()
    await send('second')
    await producer.disconnect()
    await proxy.stop()
    const texts = await readTopicTexts(settings)
    expect(['zeroth', 'second'].filter((value) => !texts.includes(value))).toEqual(missing)
  })
})
