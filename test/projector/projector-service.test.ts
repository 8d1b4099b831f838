import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listenForStatus } from '../../projector/projector-http.ts'
import { readMessage } from '../../projector/projector-message.ts'
import { type HeldRound, planBatch } from '../../projector/projector-plan.ts'
import { rebuildProjection } from '../../projector/rebuild.ts'
import { ServiceMetrics } from '../../projector/service-metrics.ts'
import { openSqliteProjectionStore } from '../../projector/sqlite-projection-store.ts'
import { canonicalJson } from '../../schemas/canonical-json.ts'
import { type EncodedEvent, encodeEvent, MAX_EVENT_BYTES } from '../../schemas/event.ts'
import { FakeTopic } from '../support/fake-event-source.ts'
import { aDraft, sealDraft } from '../support/generated-rounds.ts'
import { makeCheckFailed, makeOpened, makeRound, makeSealed, makeTcpObserved } from '../support/make-events.ts'
import { FakeSink, projectLocally, publish, readProjected, startProjector, tempFile, textOf } from '../support/projector-harness.ts'

const SECRET = 'hunter2-of-production'
const parsed = (event: EncodedEvent): Record<string, unknown> => JSON.parse(textOf(event)) as Record<string, unknown>
const bytes = (text: string): Uint8Array => Buffer.from(text, 'utf8')

/** Every kind of message that must not be taken, and why; the round `poison` is open when they come. */
function poisons(): { name: string; key: string | null; value: Uint8Array | null; reason: string }[] {
  const good = makeTcpObserved('poison', 1, 'check-0001')
  const other = parsed(makeTcpObserved('poison', 50, 'check-0002'))
  const canonical = (value: unknown): Uint8Array => bytes(canonicalJson(value))
  const spoilt = (more: object) => ({ key: 'poison', value: canonical({ ...other, ...more }), reason: 'event_invalid' })
  return [
    { name: 'no value', key: 'poison', value: null, reason: 'not_json' },
    { name: 'empty', key: 'poison', value: bytes(''), reason: 'not_json' },
    { name: 'not JSON', key: 'poison', value: bytes(`password=${SECRET}`), reason: 'not_json' },
    { name: 'not UTF-8', key: 'poison', value: Buffer.from([0x22, 0xff, 0x22]), reason: 'not_json' },
    { name: 'a byte order mark', key: 'poison', value: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), good.bytes]), reason: 'not_json' },
    { name: 'too large', key: 'poison', value: bytes(`"${SECRET.repeat(MAX_EVENT_BYTES / 10)}"`), reason: 'event_too_large' },
    { name: 'very deep', key: 'poison', value: bytes('['.repeat(100_000) + ']'.repeat(100_000)), reason: 'event_invalid' },
    { name: 'null', key: 'poison', value: bytes('null'), reason: 'event_invalid' },
    { name: 'an unknown field', ...spoilt({ [SECRET]: 1 }) },
    { name: 'an unknown field of data', ...spoilt({ data: { ...(other.data as object), [SECRET]: SECRET } }) },
    { name: 'an unknown type', ...spoilt({ type: 'evidence.magic.observed.v1' }) },
    {
      name: 'a duplicate key',
      key: 'poison',
      value: bytes(canonicalJson(other).replace('{"checkid"', `{"checkid":"${SECRET}","checkid"`)),
      reason: 'event_invalid',
    },
    { name: 'not canonical', key: 'poison', value: bytes(JSON.stringify(other, null, 1)), reason: 'event_invalid' },
    { name: 'another key', key: 'another', value: good.bytes, reason: 'event_invalid' },
    { name: 'no key', key: null, value: good.bytes, reason: 'event_invalid' },
    { name: 'a second opening', key: 'poison', value: makeOpened('poison', 60, ['check-0001']).bytes, reason: 'round_exists' },
    { name: 'the id of another event', key: 'poison', value: makeCheckFailed('poison', 1, 'check-0001').bytes, reason: 'event_conflict' },
  ]
}

describe('poison', () => {
  const opened = makeOpened('poison', 0, ['check-0001'])
  const first = makeTcpObserved('poison', 1, 'check-0001')
  const sealed = makeSealed('poison', 2, [opened, first])

  it('of each kind stops nothing: it is refused with its digest and a reason, and nothing of it is kept', async () => {
    const topic = new FakeTopic({ partitions: 1, batchSize: 4 })
    const put = (event: EncodedEvent): void => topic.append(0, event.subject, event.bytes)
    put(opened)
    put(first)
    for (const { key, value } of poisons()) topic.append(0, key, value)
    put(sealed)
    put(makeTcpObserved('poison', 3, 'check-0001'))
    put(makeSealed('poison', 4, [opened]))
    const file = tempFile('projection.db')
    const store = openSqliteProjectionStore(file)
    const sink = new FakeSink()
    const run = startProjector(topic, store, { rejectedSink: sink })
    await topic.drained()
    await run.stop()
    const projected = readProjected(file)
    const refused = [...poisons().map(({ value, reason }) => ({ value, reason })), { reason: 'round_sealed' }, { reason: 'round_sealed' }]
    expect(projected.rejected.map(({ reason }) => reason)).toEqual(refused.map(({ reason }) => reason))
    expect(projected.rejected.slice(0, -2).map(({ digest }) => digest)).toEqual(
      poisons().map(
        ({ value }) =>
          `sha256:${createHash('sha256')
            .update(value ?? new Uint8Array())
            .digest('hex')}`,
      ),
    )
    expect(projected.snapshots).toEqual(await projectLocally([[opened, first, sealed]]))
    expect(projected.finals).toEqual(['poison'])
    expect(`${projected.all}${sink.messages.map(({ value }) => Buffer.from(value).toString('utf8')).join('')}`).not.toContain('hunter2')
    expect(sink.messages.length).toBe(refused.length)
    expect(run.metrics.value('evidence_projector_rejected_total', { reason: 'not_json' })).toBe(5)
    await store.close()
  })

  it('a round whose seal is wrong is shown as a mismatch and never final', async () => {
    const topic = new FakeTopic({ partitions: 1 })
    publish(topic, [[opened, first, makeSealed('poison', 2, [opened])]])
    const file = tempFile('projection.db')
    const store = openSqliteProjectionStore(file)
    const run = startProjector(topic, store)
    await topic.drained()
    await run.stop()
    await store.close()
    expect(readProjected(file).finals).toEqual([])
    expect(JSON.parse(readProjected(file).snapshots.get('poison') ?? '')).toMatchObject({ evidence: { integrity: 'mismatch' } })
  })

  it('a policy that nobody knows leaves its round without a snapshot and the others alone', async () => {
    const event = parsed(opened)
    const strange = encodeEvent({ ...event, data: { ...(event.data as object), policy: { id: 'other', version: '1' } } })
    const topic = new FakeTopic({ partitions: 1 })
    publish(topic, [[strange], makeRound('beside', 3)])
    const file = tempFile('projection.db')
    const store = openSqliteProjectionStore(file)
    const run = startProjector(topic, store)
    await topic.drained()
    await run.stop()
    await store.close()
    expect(readProjected(file).finals).toEqual(['beside'])
    expect(run.metrics.value('evidence_projector_unjudged_total', { code: 'policy_unknown' })).toBeGreaterThan(0)
  })
})

describe('the plan of a batch', () => {
  const pool = [...makeRound('plan-a', 3), ...makeRound('plan-b', 2), makeTcpObserved('plan-a', 70, 'check-0001'), makeCheckFailed('plan-b', 1, 'check-0001')]
  const messages = fc
    .array(fc.nat(pool.length), { maxLength: 40 })
    .map((picks) =>
      picks.map((pick, n) => readMessage(0, { offset: String(n), key: pool[pick]?.subject ?? null, value: pool[pick]?.bytes ?? null, headers: {} })),
    )
  const merge = (known: ReadonlyMap<string, HeldRound>, next: ReadonlyMap<string, HeldRound>) => new Map([...known, ...next])
  const facts = (rounds: ReadonlyMap<string, HeldRound>) =>
    [...rounds].map(([id, { fold, ...rest }]) => [id, rest, [...fold.events.keys()].sort(), [...fold.contradictory]]).sort()

  it('in parts equals the whole', () => {
    fc.assert(
      fc.property(messages, fc.nat(40), (all, cut) => {
        const whole = planBatch(new Map(), all)
        const one = planBatch(new Map(), all.slice(0, cut))
        const two = planBatch(one.touchedRounds, all.slice(cut))
        expect([...one.events, ...two.events]).toEqual(whole.events)
        expect([...one.rejected, ...two.rejected]).toEqual(whole.rejected)
        expect(facts(merge(one.touchedRounds, two.touchedRounds))).toEqual(facts(whole.touchedRounds))
      }),
    )
  })

  it('again takes nothing, refuses the same and touches the same rounds; what was known is not changed', () => {
    fc.assert(
      fc.property(messages, (all) => {
        const once = planBatch(new Map(), all)
        const before = facts(once.touchedRounds)
        const twice = planBatch(once.touchedRounds, all)
        expect(twice.events).toEqual([])
        expect(facts(twice.touchedRounds)).toEqual(before)
        expect(facts(once.touchedRounds)).toEqual(before)
        const offsets = new Set(twice.rejected.map(({ place }) => place.offset))
        expect(once.rejected.filter(({ place }) => !offsets.has(place.offset))).toEqual([])
      }),
    )
  })
})

it('generated rounds come out as they do locally', async () => {
  const drafts = fc.sample(aDraft, { numRuns: 60, seed: 7 })
  for (const draft of drafts) {
    const round = sealDraft(draft)
    const topic = new FakeTopic({ partitions: 1, batchSize: 7 })
    publish(topic, [round])
    const file = tempFile('projection.db')
    const store = openSqliteProjectionStore(file)
    const run = startProjector(topic, store)
    await topic.drained()
    await run.stop()
    await store.close()
    expect(readProjected(file).snapshots).toEqual(await projectLocally([round]))
  }
})

describe('a rebuild', () => {
  const rounds = Array.from({ length: 4 }, (_, n) => makeRound(`rebuild-${n}`, 4))
  const setUp = async (published = rounds) => {
    const topic = new FakeTopic({ partitions: 2, batchSize: 5 })
    publish(topic, published)
    const file = tempFile('projection.db')
    const store = openSqliteProjectionStore(file)
    const run = startProjector(topic, store)
    await topic.drained()
    await run.stop()
    return { topic, file, store }
  }
  const readerOf = (topic: FakeTopic) => async (onBatch: (batch: NonNullable<ReturnType<FakeTopic['batchAt']>>) => Promise<void>) => {
    for (const [partition, { messages }] of topic.partitions.entries()) {
      for (let at = 0; at < messages.length; at += 5) {
        const batch = topic.batchAt(partition, at)
        if (batch) await onBatch(batch)
      }
    }
  }
  const ports = { now: () => new Date(0), onNote: () => undefined }

  it.each(['topic', 'raw events', 'a topic that lost its end'])('from %s gives the same snapshots', async (from) => {
    const { topic, file, store } = await setUp()
    const before = readProjected(file)
    if (from === 'a topic that lost its end') for (const { messages } of topic.partitions) messages.splice(messages.length - 3)
    const result = await rebuildProjection({ ...ports, store, readTopic: from === 'raw events' ? null : readerOf(topic) })
    await store.close()
    expect([result.rounds, result.finals, result.fromTopic + result.fromRaw]).toEqual([4, 4, rounds.flat().length])
    const after = readProjected(file)
    expect([after.events, after.snapshots, after.finals]).toEqual([before.events, before.snapshots, before.finals])
  })

  it('that fails leaves everything in use as it was', async () => {
    const { topic, file, store } = await setUp()
    const before = readProjected(file).all
    const broken = async (): Promise<void> => {
      await readerOf(topic)(async () => undefined)
      throw new Error('the topic went away')
    }
    await expect(rebuildProjection({ ...ports, store, readTopic: broken })).rejects.toThrow('went away')
    await store.close()
    expect(readProjected(file).all).toBe(before)
  })
})

it('status is told over HTTP, and nothing else', async () => {
  const metrics = new ServiceMetrics()
  const listener = await listenForStatus(metrics, { host: '127.0.0.1', port: 0 })
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`${listener.url}${path}`, { method })
    return { status: response.status, text: await response.text() }
  }
  expect(await get('/health/live')).toEqual({ status: 200, text: '{"live":true}\n' })
  expect((await get('/health/ready')).status).toBe(503)
  metrics.assigned([0, 3])
  expect((await get('/health/ready')).status).toBe(200)
  metrics.failed('store')
  expect((await get('/health/ready')).status).toBe(503)
  const { text } = await get('/metrics')
  expect(text).toContain('evidence_projector_lag{partition="3"} 0\n')
  expect(text).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+\n|[a-z_]+(\{[a-z]+="[^"]*"\})? [0-9.e+-]+\n)+$/)
  expect([(await get('/metrics', 'POST')).status, (await get('/etc/passwd')).status]).toEqual([405, 404])
  await listener.close()
})
