import { afterAll, describe, expect, it } from 'vitest'
import { createKafkaSink } from '../../ledger/kafka/kafka-sink.ts'
import { ensureTopics, withAdmin } from '../../ledger/kafka/kafka-topics.ts'
import { type Clickhouse, openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { type ClickhouseHttp, type HttpFault, startClickhouseHttp } from '../support/clickhouse-http.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeRound } from '../support/make-events.ts'
import { groupState, isDrained, type ProjectorProgram, projectorPrograms, until } from '../support/projector-program.ts'
import { createRelayFixture, type RelayFixture } from '../support/relay-fixture.ts'
import { assertSameAsLocal } from '../support/same-as-local.ts'
import { truncateTopic } from '../support/truncate-topic.ts'

/**
 * Programs of a real cluster going wrong one after another: `evidence project` two at a time, Apache Kafka, and the
 * ClickHouse engine behind HTTP. After each fault everything relayed so far must be there once, and final exactly where
 * it is sealed.
 */
const kafka = await startKafka({ toKill: true })
const server = await startClickhouseHttp().catch((error: Error) => void console.log(`CLICKHOUSE ABSENT: ${error.message.split('\n')[0]}`))
const settings = { ...testKafkaSettings(kafka?.brokers ?? ['127.0.0.1:1'], 'cluster'), session_timeout_ms: 6000, request_timeout_ms: 5000 }
const programs = projectorPrograms(settings, server?.config('evidence').url ?? '', { EVIDENCE_CLICKHOUSE_TIMEOUT_MS: '2000' })

afterAll(async () => {
  programs.dispose()
  await server?.stop()
  await kafka?.stop()
})

const CHECKS = 8
const ROUNDS = 24
const isInsert = (statement: string): boolean => statement.startsWith('INSERT')

/** The next insert of events by this program waits until `release`; `held` resolves when it is there. */
function holdInsert({ setFault }: ClickhouseHttp, user: string): { held: Promise<void>; release: () => void } {
  const held = Promise.withResolvers<void>()
  const freed = Promise.withResolvers<void>()
  let left = 1
  setFault(async (statement, by): Promise<HttpFault> => {
    if (by === user && isInsert(statement) && statement.includes('.events ') && left-- > 0) {
      held.resolve()
      await freed.promise
    }
    return 'pass'
  })
  return { held: held.promise, release: () => freed.resolve() }
}

describe.skipIf(!kafka || !server)('a cluster that goes wrong', { timeout: 120_000 }, () => {
  let fixture: RelayFixture
  let clickhouse: Clickhouse
  let a: ProjectorProgram
  let b: ProjectorProgram
  let fed = 0
  /** The last seals of each portion come with the next one, so that there are always rounds that must not be final. */
  let seals: ReturnType<typeof makeRound> = []
  const engine = (): ClickhouseHttp => server as ClickhouseHttp

  /** More rounds on the topic, by way of the ledger and the relay; while the broker is away, as soon as it is back. */
  async function feed(): Promise<void> {
    const rounds = Array.from({ length: ROUNDS }, (_, n) => makeRound(`cluster-${fed + n}`, CHECKS))
    fed += ROUNDS
    const late = rounds.slice(-4).flatMap((round) => round.slice(-1))
    await fixture.ledger.append([...seals, ...rounds.flat().filter((event) => !late.includes(event))])
    seals = late
    await until(async () => (await fixture.relay().catch(() => null)) !== null)
  }

  /** Until each of the two has its half: what is fed then comes to both. */
  async function untilShared(): Promise<void> {
    for (const one of [a, b]) await until(async () => (await one.metric('evidence_projector_assigned_partitions')) === 3)
  }

  async function expectWhole(): Promise<void> {
    await until(() => isDrained(settings).catch(() => false))
    await assertWhole()
  }

  async function assertWhole(): Promise<void> {
    expect(await assertSameAsLocal(clickhouse, fixture.ledger)).toBe(fed)
    const [count] = await clickhouse.query('SELECT count() AS rows, uniqExact(id) AS ids FROM {db}.events FINAL')
    const { events } = await fixture.ledger.stats()
    expect([Number(count?.rows), Number(count?.ids)]).toEqual([events, events])
    const [finals] = await clickhouse.query('SELECT count() AS n FROM {db}.snapshots FINAL WHERE is_final = 1')
    expect(Number(finals?.n)).toBe(fed - seals.length)
  }

  it('starts while no broker answers and while ClickHouse is away', async () => {
    await ensureTopics(settings)
    fixture = await createRelayFixture(settings, makeRound('cluster-before', CHECKS))
    fed = 1
    clickhouse = await openClickhouse({ ...engine().config('evidence'), user: 'checker' })
    await kafka?.kill()
    await engine().kill()
    a = await programs.start('a')
    await until(() => a.errors().includes('trying again'))
    expect([await a.isLive(), await a.metric('evidence_projector_ready')]).toEqual([true, 0])
    await kafka?.restart()
    await until(() => a.errors().includes('ClickHouse'))
    await engine().start()
    await feed()
    await expectWhole()
    expect(await a.metric('evidence_projector_ready')).toBe(1)
  })

  it('a second one joins in the middle of a batch', async () => {
    const { held, release } = holdInsert(engine(), 'a')
    await feed()
    await held
    b = await programs.start('b')
    await until(async () => (await groupState(settings)) === 'PreparingRebalance')
    release()
    await expectWhole()
    await untilShared()
  })

  it('the first insert into each table is done but reported as failed', async () => {
    const lost = new Set<string>()
    engine().setFault((statement) => {
      const table = /^INSERT INTO \w+\.(\w+) /.exec(statement)?.[1]
      if (table === undefined || lost.has(table)) return 'pass'
      lost.add(table)
      return 'lose'
    })
    await feed()
    await expectWhole()
    expect([...lost]).toEqual(expect.arrayContaining(['events', 'checks', 'summary_keys', 'snapshots']))
  })

  it('ClickHouse does not answer in time', async () => {
    let inserts = 0
    engine().setFault((statement, user) => (isInsert(statement) && user !== 'checker' && ++inserts <= 3 ? 'stall' : 'pass'))
    await feed()
    await expectWhole()
    expect(
      (await a.metric('evidence_projector_failures_total{what="store"}')) + (await b.metric('evidence_projector_failures_total{what="store"}')),
    ).toBeGreaterThan(2)
  })

  it.each(['events', 'snapshots'])('ClickHouse is killed in the middle of an insert into %s, is away, and comes back', async (table) => {
    let left = 1
    engine().setFault((statement) => (isInsert(statement) && statement.includes(`.${table} `) && left-- > 0 ? 'kill' : 'pass'))
    await feed()
    await until(() => left <= 0)
    await engine().kill()
    await engine().start()
    await expectWhole()
  })

  it('the broker is killed in the middle of a batch', async () => {
    const { held, release } = holdInsert(engine(), 'a')
    await feed()
    await held
    await kafka?.kill()
    release()
    await kafka?.restart()
    await feed()
    await expectWhole()
  })

  it('one is killed in the middle of a batch, and what it sent last arrives after its end', async () => {
    await untilShared()
    const { held, release } = holdInsert(engine(), 'b')
    await feed()
    await held
    await b.end('SIGKILL')
    await expectWhole()
    release()
    await feed()
    await expectWhole()
    expect(await a.metric('evidence_projector_assigned_partitions')).toBe(6)
  })

  it('one leaves in the middle of a batch, which it finishes first', async () => {
    b = await programs.start('c')
    await untilShared()
    const { held, release } = holdInsert(engine(), 'a')
    await feed()
    await held
    const ended = a.end('SIGTERM')
    release()
    expect(await ended).toBe(0)
    await expectWhole()
    expect(await b.metric('evidence_projector_assigned_partitions')).toBe(6)
  })

  it('messages that are no events and everything once more change nothing', async () => {
    const sink = createKafkaSink(settings, settings.events_topic)
    const again = makeRound('cluster-3', CHECKS)
    await sink.send([
      { key: 'nobody', value: Buffer.from('password=hunter2'), headers: {} },
      ...again.map((event) => ({ key: event.subject, value: event.bytes, headers: {} })),
    ])
    await sink.close()
    await expectWhole()
    expect((await clickhouse.query('SELECT reason FROM {db}.rejected FINAL')).map((row) => row.reason)).toEqual(['not_json'])
    expect(await b.end('SIGTERM')).toBe(0)
  })

  it('a topic that was deleted and relayed anew comes as a whole once more and changes nothing', async () => {
    await withAdmin(settings, 'test', (admin) => admin.deleteTopics({ topics: [settings.events_topic] }))
    await feed()
    const next = await programs.start('d')
    await expectWhole()
    const { events } = await fixture.ledger.stats()
    await until(async () => (await next.metric('evidence_projector_messages_total')) === events)
    expect(await next.metric('evidence_projector_events_total')).toBeLessThan(events / 5)
    expect(await next.end('SIGTERM')).toBe(0)
  })

  it.skipIf(kafka?.dataDir === null)('a topic that lost its tail: relayed again, its offsets set back, it is whole', async () => {
    await kafka?.kill()
    truncateTopic(kafka?.dataDir ?? '', settings.events_topic)
    await kafka?.restart()
    fixture.notes.length = 0
    await until(async () => (await fixture.relay({ verify: true }).catch(() => null)) !== null)
    expect(fixture.notes.join()).toContain('the topic lost something of')
    await withAdmin(settings, 'test', (admin) => admin.resetOffsets({ groupId: settings.group_id, topic: settings.events_topic, earliest: true }))
    await feed()
    const next = await programs.start('e')
    await expectWhole()
    expect(await next.end('SIGTERM')).toBe(0)
  })

  it.each([
    ['it reads the topic', `_rebuild.events `],
    ['it swaps the tables', 'EXCHANGE TABLES evidence.checks'],
  ])('ClickHouse is killed while a rebuild runs and %s: run again, it is whole', async (_when, part) => {
    let left = 1
    engine().setFault((statement) => (/^(INSERT|EXCHANGE)/.test(statement) && statement.includes(part) && left-- > 0 ? 'kill' : 'pass'))
    expect(await programs.rebuildBeside('topic')).toMatchObject({ status: 3, stderr: expect.stringContaining('ledger_unavailable') })
    await engine().kill()
    await engine().start()
    if (!part.startsWith('EXCHANGE')) await assertWhole()
    const { status, stdout } = await programs.rebuildBeside('topic')
    expect([status, stdout]).toEqual([0, expect.stringContaining(`rebuilt ${fed} rounds, ${fed - seals.length} final`)])
    await assertWhole()
  })

  afterAll(async () => {
    await clickhouse?.close()
    await fixture?.dispose()
  })
})
