import { afterAll, describe, expect, it, vi } from 'vitest'
import { readRanges } from '../../ledger/kafka/kafka-reader.ts'
import { connectRelayTopic } from '../../ledger/kafka/kafka-relay-topic.ts'
import type { KafkaSettings } from '../../ledger/kafka/kafka-settings.ts'
import { ensureTopics, withAdmin } from '../../ledger/kafka/kafka-topics.ts'
import { readRelayTargets } from '../../ledger/relay-state.ts'
import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold, readRoundFold } from '../../projector/project-round.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeGuardEvaluated, makeTcpObserved } from '../support/make-events.ts'
import { createRelayFixture, makeRounds, type RelayFixture, readTopicTexts, textsOf } from '../support/relay-fixture.ts'
import { truncateTopic } from '../support/truncate-topic.ts'

const kafka = await startKafka({ toKill: true })
afterAll(async () => await kafka?.stop())

/** Everything of the ledger is on the topic, nothing else is, rounds judge the same from both, and the ledger is whole. */
async function expectSame(fixture: RelayFixture, settings: KafkaSettings): Promise<void> {
  const texts = await readTopicTexts(settings)
  const held: string[] = []
  for await (const page of fixture.ledger.readAll(0)) held.push(...page.map(({ text }) => text))
  expect(new Set(texts)).toEqual(new Set(held))
  for (const roundId of (await fixture.ledger.roundIds()).slice(0, 3)) {
    const fold = foldEvents(
      emptyFold(),
      texts.filter((text) => text.includes(`"subject":"${roundId}"`)),
    )
    expect(canonicalDigest(judgeFold(roundId, fold))).toBe(canonicalDigest(judgeFold(roundId, await readRoundFold(fixture.ledger, roundId))))
  }
  expect((await verifyLedger(fixture.path)).ok).toBe(true)
}

describe.skipIf(kafka === null)('relay', () => {
  const settingsOf = (name: string): KafkaSettings => testKafkaSettings(kafka?.brokers ?? [], name)

  it('sends the ledger once, in order, goes on with what is appended, and says how far it is', async () => {
    const settings = settingsOf('once')
    const events = makeRounds('once', 40, 60)
    const fixture = await createRelayFixture(settings, events)
    expect(readRelayTargets({ path: fixture.path, mode: 'readonly' })).toEqual([])
    const first = await fixture.relay()
    expect(first).toMatchObject({ position: events.length, sent: events.length, resentRounds: 0, differingRounds: 0 })
    const texts = await readTopicTexts(settings)
    expect(texts.length).toBe(events.length)
    expect(texts.filter((text) => text.includes('"subject":"once-007"'))).toEqual(textsOf(events.filter(({ subject }) => subject === 'once-007')))
    await fixture.ledger.append([makeGuardEvaluated('once-001', 500)])
    expect(readRelayTargets({ path: fixture.path, mode: 'readonly' })).toEqual([{ target: first.target, position: events.length }])
    expect(await fixture.relay()).toMatchObject({ sent: 1, position: events.length + 1 })
    expect(await fixture.relay({ verify: true })).toMatchObject({ sent: 0, resentRounds: 0, differingRounds: 0 })
    await expectSame(fixture, settings)
    await fixture.dispose()
  })

  it.each(['before send', 'after send', 'before save', 'after save'])('killed %s, at every batch: nothing is lost, doubles change nothing', async (where) => {
    const settings = settingsOf(where.replace(' ', '-'))
    const events = makeRounds('crash', 60, 60)
    const fixture = await createRelayFixture(settings, events)
    let fuse = 0
    const crashAt = (place: string): void => {
      if (place === where && --fuse === 0) throw new Error(`killed ${where}`)
    }
    const connect = async () => {
      const topic = await connectRelayTopic(settings)
      const send: typeof topic.send = async (messages) => {
        crashAt('before send')
        const ranges = await topic.send(messages)
        crashAt('after send')
        return ranges
      }
      return { ...topic, send }
    }
    const { state } = fixture
    const save: typeof state.save = (target, progress) => {
      crashAt('before save')
      state.save(target, progress)
      crashAt('after save')
    }
    for (let at = 1; ; at++) {
      fuse = at
      const end = await fixture.relay({ connect, state: { ...state, save } }).catch((error: Error) => error.message)
      if (typeof end !== 'string') break
      expect(end).toBe(`killed ${where}`)
    }
    expect(state.load((await connectRelayTopic(settings)).id).position).toBe(events.length)
    await expectSame(fixture, settings)
    await fixture.dispose()
  })

  it('a topic that was made anew, and one whose head was deleted, get back what they lost', async () => {
    const settings = settingsOf('anew')
    const events = makeRounds('anew', 30, 20)
    const fixture = await createRelayFixture(settings, events)
    await fixture.relay()
    await deleteTopic(settings)
    expect(await fixture.relay()).toMatchObject({ sent: 0, resentRounds: 30 })
    expect((await readTopicTexts(settings)).length).toBe(events.length)
    const [{ partition, end } = { partition: 0, end: '0' }] = (await readRanges(settings, settings.events_topic)).filter((range) => range.end !== '0')
    await withAdmin(settings, 'test', async (admin) => {
      // Loads the metadata that the deletion needs.
      await admin.fetchTopicOffsets(settings.events_topic)
      await admin.deleteTopicRecords({ topic: settings.events_topic, partitions: [{ partition, offset: String(Math.ceil(Number(end) / 2)) }] })
    })
    const healed = await fixture.relay()
    expect(healed.resentRounds).toBeGreaterThan(0)
    expect(healed.resentRounds).toBeLessThan(30)
    await expectSame(fixture, settings)
    expect(await fixture.relay()).toMatchObject({ sent: 0, resentRounds: 0 })
    await fixture.dispose()
  })

  it('killed while it restores a topic: comes back to it', async () => {
    const settings = settingsOf('restore')
    const fixture = await createRelayFixture(settings, makeRounds('restore', 30, 20))
    await fixture.relay()
    await deleteTopic(settings)
    for (const after of [1, 5, 12]) {
      const connect = async () => {
        const topic = await connectRelayTopic(settings)
        let left = after
        const send: typeof topic.send = (messages) => (--left < 0 ? Promise.reject(new Error('killed')) : topic.send(messages))
        return { ...topic, send }
      }
      await expect(fixture.relay({ connect })).rejects.toThrow('killed')
    }
    await fixture.relay()
    await expectSame(fixture, settings)
    await fixture.dispose()
  })

  it('a round into which someone else wrote is named, and not sent for ever', async () => {
    const settings = settingsOf('foreign')
    const fixture = await createRelayFixture(settings, makeRounds('foreign', 3, 5))
    await fixture.relay()
    const topic = await connectRelayTopic(settings)
    const extra = makeTcpObserved('foreign-002', 700, 'check-0001', 9)
    await topic.send([
      { key: 'foreign-002', value: extra.bytes, headers: {} },
      { key: null, value: Buffer.from('no event'), headers: {} },
    ])
    await topic.close()
    expect(await fixture.relay({ verify: true })).toMatchObject({ resentRounds: 0, differingRounds: 1 })
    expect(fixture.notes.join()).toContain('round foreign-002')
    await fixture.dispose()
  })

  it.skipIf(kafka?.dataDir === null)(
    'a broker that lost the tail of its log on disk gets it again',
    async () => {
      const settings = settingsOf('tail')
      const fixture = await createRelayFixture(settings, makeRounds('tail', 30, 20))
      await fixture.relay()
      await kafka?.kill()
      truncateTopic(kafka?.dataDir ?? '', settings.events_topic)
      await kafka?.restart()
      await ensureTopics(settings)
      const before = (await readTopicTexts(settings)).length
      expect(before).toBeLessThan(30 * 22)
      const healed = await fixture.relay()
      expect(healed.resentRounds).toBeGreaterThan(0)
      await expectSame(fixture, settings)
      await fixture.dispose()
    },
    180_000,
  )

  it('brokers down at the start, then killed again and again while it sends: everything arrives', async () => {
    const settings = settingsOf('outage')
    await ensureTopics(settings)
    const fixture = await createRelayFixture(settings, makeRounds('outage', 20, 20))
    await kafka?.kill()
    await expect(fixture.relay()).rejects.toMatchObject({ code: 'ledger_unavailable' })
    const stop = new AbortController()
    const following = fixture.relay({ follow: true, signal: stop.signal })
    await expect.poll(() => fixture.notes.some((line) => line.includes('trying again')), { timeout: 30_000 }).toBe(true)
    for (let kill = 1; kill <= 3; kill++) {
      await kafka?.restart()
      const events = makeRounds(`outage-${kill}`, 40, 40)
      for (let i = 0; i < events.length; i += 42) await fixture.ledger.append(events.slice(i, i + 42))
      if (kill < 3) await kafka?.kill()
    }
    const { lastPosition } = await fixture.ledger.stats()
    await expect.poll(() => readRelayTargets({ path: fixture.path, mode: 'readonly' })[0]?.position, { timeout: 120_000 }).toBe(lastPosition)
    stop.abort()
    expect(await following).toMatchObject({ position: lastPosition })
    await expectSame(fixture, settings)
    await fixture.dispose()
  }, 300_000)
})

/** Resolves when it is gone: the broker answers before that, and what is made meanwhile goes with it. */
async function deleteTopic(settings: KafkaSettings): Promise<void> {
  await withAdmin(settings, 'test', async (admin) => {
    await admin.deleteTopics({ topics: [settings.events_topic] })
    await vi.waitFor(async () => expect(await admin.listTopics()).not.toContain(settings.events_topic), { timeout: 30_000, interval: 200 })
  })
}
