import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, it } from 'vitest'
import { toEventMessage } from '../../ledger/event-message.ts'
import { createKafkaSink } from '../../ledger/kafka/kafka-sink.ts'
import { ensureTopics } from '../../ledger/kafka/kafka-topics.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeRound } from '../support/make-events.ts'
import { readTopicTexts, textsOf } from '../support/relay-fixture.ts'

const kafka = await startKafka({ nodes: 3, toKill: true })
afterAll(async () => await kafka?.stop())

describe.skipIf(kafka === null)('Kafka: three nodes, three replicas, two in sync', () => {
  it('each node is killed in turn during produce: everything acknowledged is there', async () => {
    const settings = { ...testKafkaSettings(kafka?.brokers ?? [], 'cluster'), request_timeout_ms: 5000 }
    settings.topic = { partitions: 6, replication_factor: 3, min_insync_replicas: 2 }
    await ensureTopics(settings)
    const sink = createKafkaSink(settings, settings.events_topic)
    const acknowledged: string[] = []
    let isOver = false
    let round = 0
    const producing = (async () => {
      while (!isOver) {
        const events = makeRound(`cluster-${round++}`, 40)
        while ((await sink.send(events.map(toEventMessage)).catch(() => null)) === null) await sleep(100)
        acknowledged.push(...textsOf(events))
      }
    })()
    for (const node of [0, 1, 2]) {
      const before = acknowledged.length
      await expect.poll(() => acknowledged.length, { timeout: 120_000 }).toBeGreaterThan(before + 500)
      await kafka?.kill(node)
      // Two of three are enough.
      const without = acknowledged.length
      await expect.poll(() => acknowledged.length, { timeout: 120_000 }).toBeGreaterThan(without + 500)
      await kafka?.restart(node)
    }
    isOver = true
    await producing
    await sink.close()
    const texts = new Set(await readTopicTexts(settings))
    expect(acknowledged.filter((text) => !texts.has(text))).toEqual([])
  }, 600_000)
})
