import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { toEventMessage } from '../../ledger/event-message.ts'
import { type EventSource, nextOffsetOf, type SourceMessage } from '../../ledger/event-source.ts'
import { whileCoordinatorLoads } from '../../ledger/kafka/kafka-client.ts'
import { createKafkaEventSource } from '../../ledger/kafka/kafka-event-source.ts'
import { readRanges, readRangesOf } from '../../ledger/kafka/kafka-reader.ts'
import { createKafkaSink } from '../../ledger/kafka/kafka-sink.ts'
import { ensureTopics, withAdmin } from '../../ledger/kafka/kafka-topics.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeRound } from '../support/make-events.ts'

const kafka = await startKafka()
afterAll(async () => await kafka?.stop())

const require = createRequire(import.meta.url)
const Broker = require('kafkajs/src/broker') as { prototype: { joinGroup: (...words: unknown[]) => Promise<unknown> } }
const { createErrorFromCode } = require('kafkajs/src/protocol/error') as { createErrorFromCode: (code: number) => Error }

const FAST = { sessionTimeout: 6000, rebalanceTimeout: 6000, heartbeatInterval: 300 }

/** Reads until `isDone` says so, then stops; commits when told to. */
async function take(source: EventSource, isDone: (all: SourceMessage[]) => boolean, commits = false): Promise<SourceMessage[]> {
  const all: SourceMessage[] = []
  await source.run({
    async onBatch({ partition, messages }) {
      all.push(...messages)
      if (commits) expect(await source.commit(partition, nextOffsetOf(messages.at(-1)?.offset ?? '0'))).toBe(true)
      if (isDone(all)) void source.stop()
    },
  })
  return all
}

/** Each event once: a write that is tried again, as where a partition has no leader yet, may leave doubles. */
function once(all: readonly SourceMessage[]): SourceMessage[] {
  return [...new Map(all.toReversed().map((message) => [message.headers.ce_id, message])).values()].toReversed()
}

describe.skipIf(kafka === null)('Kafka: topics, writer and reader', () => {
  const settingsOf = (name: string) => testKafkaSettings(kafka?.brokers ?? [], name)

  it('creates topics with explicit settings, once, and refuses one that forgets', async () => {
    const settings = settingsOf('topics')
    await ensureTopics(settings)
    await ensureTopics(settings)
    const entries = (): Promise<Record<string, string>> =>
      withAdmin(settings, 'test', async (admin) => {
        const { resources } = await admin.describeConfigs({ includeSynonyms: false, resources: [{ type: 2, name: settings.events_topic }] })
        return Object.fromEntries(resources[0]?.configEntries.map(({ configName, configValue }) => [configName, configValue]) ?? [])
      })
    expect(await entries()).toMatchObject({
      'cleanup.policy': 'delete',
      'retention.ms': '-1',
      'retention.bytes': '-1',
      'min.insync.replicas': '1',
      'max.message.bytes': '2097152',
    })
    await withAdmin(settings, 'test', (admin) =>
      admin.alterConfigs({
        validateOnly: false,
        resources: [{ type: 2, name: settings.events_topic, configEntries: [{ name: 'retention.ms', value: '1000' }] }],
      }),
    )
    // The controller has it; the broker that is asked reads it from the metadata log a moment later.
    while ((await entries())['retention.ms'] !== '1000') await sleep(20)
    await expect(ensureTopics(settings)).rejects.toMatchObject({ code: 'usage' })
  })

  it.each(['zstd', 'gzip', 'none'] as const)('gives back bytes, key and headers (%s)', async (compression) => {
    const settings = { ...settingsOf(`codec-${compression}`), compression }
    await ensureTopics(settings)
    const sink = createKafkaSink(settings, settings.events_topic)
    const rounds = [makeRound('round-a', 30), makeRound('round-b', 30), makeRound('round-c', 30)]
    const ranges = await sink.send(rounds.flat().map(toEventMessage))
    expect(ranges.reduce((sum, { first, next }) => sum + Number(next) - Number(first), 0)).toBe(96)
    await sink.close()
    await expect(sink.send([])).rejects.toMatchObject({ code: 'ledger_unavailable' })
    // A member that had to join again is given what it did not commit once more.
    const got = once(await take(createKafkaEventSource(settings, FAST), (all) => once(all).length >= 96))
    for (const round of rounds) {
      const mine = got.filter(({ key }) => key === round[0]?.subject)
      expect(mine.map(({ value }) => Buffer.from(value ?? []).toString())).toEqual(round.map(({ bytes }) => Buffer.from(bytes).toString()))
    }
    const evidence = rounds[0]?.[1]
    expect(got.find(({ headers }) => headers.ce_id === evidence?.id)?.headers).toEqual({
      'content-type': 'application/cloudevents+json; charset=UTF-8',
      ce_specversion: '1.0',
      ce_id: evidence?.id,
      ce_type: 'evidence.tcp.observed.v1',
      ce_source: 'urn:evidence-ledger:test',
      ce_subject: 'round-a',
      ce_time: evidence?.time,
      ce_dataschema: 'urn:evidence-ledger:schema:evidence.tcp.observed.v1',
      ce_checkid: 'check-0001',
    })
  })

  it('delivers again what was not committed, and not what was; a reader that throws ends the source', async () => {
    const settings = settingsOf('commit')
    await ensureTopics(settings)
    const sink = createKafkaSink(settings, settings.events_topic)
    await sink.send(makeRound('round-a', 8).map(toEventMessage))
    expect((await take(createKafkaEventSource(settings, FAST), (all) => all.length === 10)).length).toBe(10)
    expect((await take(createKafkaEventSource(settings, FAST), (all) => all.length === 10, true)).length).toBe(10)
    await sink.send(makeRound('round-b', 3).map(toEventMessage))
    await sink.close()
    const failing = createKafkaEventSource(settings, FAST)
    await expect(failing.run({ onBatch: () => Promise.reject(new Error('no')) })).rejects.toThrow('no')
    const rest = await take(createKafkaEventSource(settings, FAST), (all) => all.length === 5)
    expect(new Set(rest.map(({ key }) => key))).toEqual(new Set(['round-b']))
  })

  it('rebalance: a second member takes over, commits of what was taken away are refused, nothing is lost', async () => {
    const settings = settingsOf('rebalance')
    await ensureTopics(settings)
    const sink = createKafkaSink(settings, settings.events_topic)
    const events = Array.from({ length: 24 }, (_, i) => makeRound(`round-${i + 10}`, 3)).flat()
    await sink.send(events.map(toEventMessage))
    const [first, second] = [createKafkaEventSource(settings, FAST), createKafkaEventSource(settings, FAST)]
    const seen = new Set<string>()
    const log: string[] = []
    const handlers = (name: string, source: EventSource, joined: () => void) => ({
      onAssigned: (partitions: readonly number[]) => {
        log.push(`${name}+${partitions.length}`)
        joined()
      },
      onRevoked: (partitions: readonly number[]) => void log.push(`${name}-${partitions.length}`),
      onBatch: async ({ partition, messages }: { partition: number; messages: readonly SourceMessage[] }) => {
        for (const { headers } of messages) seen.add(headers.ce_id ?? '')
        await source.commit(partition, nextOffsetOf(messages.at(-1)?.offset ?? '0'))
      },
    })
    let secondRun: Promise<void> = Promise.resolve()
    const bothHave = new Promise<void>((resolve) => {
      const watch = () => void (log.includes('b+3') && log.filter((line) => line === 'a+3').length > 0 && resolve())
      const firstRun = first.run(
        handlers('a', first, () => {
          if (log.length === 1) secondRun = second.run(handlers('b', second, watch))
          watch()
        }),
      )
      void firstRun.catch(() => undefined)
    })
    await bothHave
    expect(log.slice(0, 2)).toEqual(['a+6', 'a-6'])
    const more = Array.from({ length: 12 }, (_, i) => makeRound(`round-${i + 50}`, 3)).flat()
    await sink.send(more.map(toEventMessage))
    await expect.poll(() => seen.size, { timeout: 30_000 }).toBe(events.length + more.length)
    await first.stop()
    await sink.send(makeRound('round-last', 3).map(toEventMessage))
    await expect.poll(() => seen.size, { timeout: 30_000 }).toBe(events.length + more.length + 5)
    expect(await first.commit(0, '1')).toBe(false)
    await second.stop()
    await secondRun
    await sink.close()
  })

  describe('a coordinator that is loading', () => {
    const refused = createErrorFromCode(14)
    afterEach(() => vi.restoreAllMocks())

    it('is waited for by members of a group and by readers of ranges', async () => {
      const settings = settingsOf('loading')
      await ensureTopics(settings)
      const sink = createKafkaSink(settings, settings.events_topic)
      const events = makeRound('round-a', 8)
      await sink.send(events.map(toEventMessage))
      await sink.close()
      const join = vi.spyOn(Broker.prototype, 'joinGroup')
      for (let i = 0; i < 3; i++) join.mockRejectedValueOnce(refused)
      expect(once(await take(createKafkaEventSource(settings, FAST), (all) => once(all).length >= events.length)).length).toBe(events.length)
      for (let i = 0; i < 3; i++) join.mockRejectedValueOnce(refused)
      const read: SourceMessage[] = []
      await readRangesOf(
        settings,
        settings.events_topic,
        await readRanges(settings, settings.events_topic),
        async ({ messages }) => void read.push(...messages),
      )
      expect(once(read).map(({ headers }) => headers.ce_id)).toEqual(events.map(({ id }) => id))
    })

    it('is not waited for without end, and nothing else is', async () => {
      const startsAgain = whileCoordinatorLoads()
      const answers: boolean[] = []
      for (let i = 0; i < 61; i++) answers.push(await startsAgain(refused))
      expect(answers).toEqual([...Array.from({ length: 60 }, () => true), false])
      const isOther = whileCoordinatorLoads()
      expect(await isOther(createErrorFromCode(29))).toBe(false)
      expect(await isOther(new Error('The coordinator is loading'))).toBe(false)
    })
  })

  it('says ledger_unavailable where nobody listens', async () => {
    const settings = testKafkaSettings(['127.0.0.1:1'], 'nobody')
    await expect(ensureTopics(settings)).rejects.toMatchObject({ code: 'ledger_unavailable' })
    await expect(createKafkaSink(settings, settings.events_topic).send(makeRound('round-a', 1).map(toEventMessage))).rejects.toMatchObject({
      code: 'ledger_unavailable',
    })
    await expect(createKafkaEventSource(settings, FAST).run({ onBatch: async () => {} })).rejects.toMatchObject({ code: 'ledger_unavailable' })
  })
})
