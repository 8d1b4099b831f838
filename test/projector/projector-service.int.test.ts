import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { createKafkaSink } from '../../ledger/kafka/kafka-sink.ts'
import { ensureTopics, withAdmin } from '../../ledger/kafka/kafka-topics.ts'
import { roundRoot } from '../../ledger/round-root.ts'
import { type Clickhouse, openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../../projector/clickhouse/clickhouse-config.ts'
import { type EncodedEvent, encodeEvent } from '../../schemas/event.ts'
import { loadRecordedCorpus } from '../corpus/recorded-corpus.ts'
import { aDraft, sealDraft } from '../support/generated-rounds.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeTcpObserved } from '../support/make-events.ts'
import { isDrained, projectorPrograms, until } from '../support/projector-program.ts'
import { createRelayFixture } from '../support/relay-fixture.ts'
import { assertSameAsLocal } from '../support/same-as-local.ts'

/** How many rounds are generated; EVIDENCE_TEST_ROUNDS=3000 for a thorough run (CONTRIBUTING.md). */
const GENERATED = Number(process.env.EVIDENCE_TEST_ROUNDS ?? 300)
const kafka = await startKafka()
const hasEngine = await import('chdb/connection').then(
  () => true,
  () => false,
)
if (!hasEngine) console.log('CLICKHOUSE ABSENT: the package chdb is not installed')
const folder = mkdtempSync(join(tmpdir(), 'evidence-projector-int-'))

afterAll(async () => {
  await kafka?.stop()
  rmSync(folder, { recursive: true, force: true })
})

/** A generated round under a name and ids of its own, sealed again. */
function renamed(events: readonly EncodedEvent[], subject: string): EncodedEvent[] {
  const rename = (event: EncodedEvent, data?: unknown): EncodedEvent => {
    const parsed = JSON.parse(Buffer.from(event.bytes).toString('utf8')) as { id: string; data: unknown }
    const id = parsed.id.slice(0, -12) + createHash('sha256').update(`${subject} ${parsed.id}`).digest('hex').slice(0, 12)
    return encodeEvent({ ...parsed, id, subject, data: data ?? parsed.data })
  }
  const rooted = events.slice(0, -1).map((event) => rename(event))
  return [...rooted, ...events.slice(-1).map((seal) => rename(seal, roundRoot(rooted)))]
}

/** Every recorded round of the example (the 23 of the corpus among them), and generated ones. */
async function allRounds(): Promise<EncodedEvent[]> {
  const recorded = [...(await loadRecordedCorpus()).values()].flatMap((one) => one.events)
  const generated = fc.sample(aDraft, { numRuns: GENERATED, seed: 11 }).flatMap((draft, n) => renamed(sealDraft(draft), `generated-${n}`))
  return [...recorded, ...generated]
}

describe.skipIf(kafka === null || !hasEngine)('SQLite ledger, relay, Kafka, projector, ClickHouse', () => {
  it(`gives what the local ledger gives for ${GENERATED} generated rounds, though the projector is killed again and again`, {
    timeout: 120_000 + 600 * GENERATED,
  }, async () => {
    const settings = { ...testKafkaSettings(kafka?.brokers ?? [], 'projector'), session_timeout_ms: 6000 }
    await ensureTopics(settings)
    const url = `chdb:${join(folder, 'chdb')}`
    const programs = projectorPrograms(settings, url)
    const events = await allRounds()
    const fixture = await createRelayFixture(settings, events)
    await fixture.relay()
    const poison = createKafkaSink(settings, settings.events_topic)
    const late = makeTcpObserved(events[0]?.subject ?? '', 99, 'late-check')
    await poison.send([
      { key: 'nobody', value: Buffer.from('password=hunter2'), headers: {} },
      { key: late.subject, value: late.bytes, headers: {} },
    ])
    await poison.close()
    for (let n = 0; n < 3; n++) {
      const service = await programs.start()
      // In the middle of whatever it does after its first commits.
      await until(async () => (await service.metric('evidence_projector_batches_total')) > n || (await isDrained(settings)))
      await service.end('SIGKILL')
    }
    const service = await programs.start()
    await until(async () => (await service.metric('evidence_projector_ready')) === 1 && (await isDrained(settings)))
    expect(await service.end('SIGTERM')).toBe(0)
    const check = async (spoil: (clickhouse: Clickhouse) => Promise<void> = async () => undefined): Promise<void> => {
      const clickhouse = await openClickhouse(readClickhouseConfig({}, url))
      try {
        expect(await assertSameAsLocal(clickhouse, fixture.ledger)).toBeGreaterThanOrEqual(GENERATED + 23)
        const [count] = await clickhouse.query('SELECT count() AS rows, uniqExact(id) AS ids FROM {db}.events FINAL')
        expect([Number(count?.rows), Number(count?.ids)]).toEqual([events.length, events.length])
        const rejected = await clickhouse.query('SELECT reason FROM {db}.rejected FINAL ORDER BY reason')
        expect(rejected.map((row) => row.reason)).toEqual(['not_json', 'round_sealed'])
        await spoil(clickhouse)
      } finally {
        await clickhouse.close()
      }
    }
    await check((clickhouse) => spoilConclusions(clickhouse, events[0]?.subject ?? ''))
    expect(programs.rebuild('topic')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`events ${events.length} from the topic, 0 from the store, rejected 2`),
    })
    await check(async (clickhouse) => clickhouse.command('TRUNCATE TABLE {db}.snapshots'))
    await withAdmin(settings, 'test', (admin) => admin.deleteTopics({ topics: [settings.events_topic] }))
    expect(programs.rebuild('topic')).toMatchObject({ status: 3, stderr: expect.stringContaining('there is no topic') })
    expect(programs.rebuild('events')).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`events 0 from the topic, ${events.length} from the store, rejected 0`),
    })
    await check()
    programs.dispose()
    await fixture.dispose()
  })
})

/** What somebody with the right to write might do: snapshots gone and forged, and an event in a round that was sealed. */
async function spoilConclusions(clickhouse: Clickhouse, roundId: string): Promise<void> {
  const [one] = await clickhouse.query('SELECT * EXCEPT (snapshot_key), toString(snapshot_key) AS snapshot_key FROM {db}.snapshots FINAL LIMIT 1')
  await clickhouse.command(`DELETE FROM {db}.snapshots WHERE startsWith(artifact_id, 'generated-1')`)
  await clickhouse.insert('snapshots', [{ ...one, version: '18446744073709551615', overall: 'FULL_STACK_GREEN', snapshot: '{}' }])
  const forged = makeTcpObserved(roundId, 98, 'forged-check')
  const text = Buffer.from(forged.bytes).toString('utf8')
  await clickhouse.insert('events', [
    { artifact_id: roundId, time_ms: 0, id: forged.id, type: 'evidence.tcp.observed.v1', check_id: '', partition: 0, offset: '0', text },
  ])
}
