import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { declarationText, evaluateDeclarations } from '../../guards/declaration.ts'
import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import { snapshotInput } from '../../guards/guard-input.ts'
import type { KafkaSettings } from '../../ledger/kafka/kafka-settings.ts'
import { createKafkaSink } from '../../ledger/kafka/kafka-sink.ts'
import { ensureTopics, withAdmin } from '../../ledger/kafka/kafka-topics.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { roundRoot } from '../../ledger/round-root.ts'
import { type Clickhouse, openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../../projector/clickhouse/clickhouse-config.ts'
import { buildClickhouseProjectionStore } from '../../projector/clickhouse/clickhouse-projection-store.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold, projectRound } from '../../projector/project-round.ts'
import { snapshotText } from '../../projector/snapshot-text.ts'
import { type EncodedEvent, encodeEvent } from '../../schemas/event.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { summaryText } from '../../schemas/summary-text.ts'
import { loadRecordedCorpus } from '../corpus/recorded-corpus.ts'
import { aDraft, sealDraft } from '../support/generated-rounds.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeTcpObserved } from '../support/make-events.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'
import { createRelayFixture } from '../support/relay-fixture.ts'
import { freePort } from '../support/sshd.ts'

const GENERATED = 300
const kafka = await startKafka()
const hasEngine = await import('chdb/connection').then(
  () => true,
  () => false,
)
if (!hasEngine) console.log('CLICKHOUSE ABSENT: the package chdb is not installed')
const folder = mkdtempSync(join(tmpdir(), 'evidence-projector-int-'))
const children = new Set<ChildProcess>()

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
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

type Process = { child: ChildProcess; url: string; errors: () => string }

async function startService(settings: KafkaSettings): Promise<Process> {
  const config = join(folder, 'kafka.json')
  writeFileSync(config, JSON.stringify(settings))
  const url = `127.0.0.1:${await freePort()}`
  const args = ['project', '--kafka-config', config, '--clickhouse', `chdb:${join(folder, 'chdb')}`, '--listen', url]
  const child = spawn(process.execPath, [join(REPOSITORY, 'cli/evidence.js'), ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  children.add(child)
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')))
  return { child, url: `http://${url}`, errors: () => errors }
}

/** What the metrics say; 0 while nobody answers. */
async function metric(service: Process, name: string): Promise<number> {
  if (service.child.exitCode !== null) throw new Error(`the service ended: ${service.errors()}`)
  const text = await fetch(`${service.url}/metrics`).then(
    (response) => response.text(),
    () => '',
  )
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? 0)
}

async function isDrained(settings: KafkaSettings): Promise<boolean> {
  return withAdmin(settings, 'comparing offsets', async (admin) => {
    const ends = await admin.fetchTopicOffsets(settings.events_topic)
    const committed = (await admin.fetchOffsets({ groupId: settings.group_id, topics: [settings.events_topic] }))[0]?.partitions ?? []
    return ends.every(({ partition, high }) => high === '0' || committed.find((one) => one.partition === partition)?.offset === high)
  })
}

async function until(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await wait(200)
}

async function end(service: Process, signal: NodeJS.Signals): Promise<number | null> {
  const ended = once(service.child, 'exit')
  service.child.kill(signal)
  await ended
  children.delete(service.child)
  return service.child.exitCode
}

/** Snapshots, roots, summaries and guards of every round: byte for byte those of the local ledger. */
async function assertSameAsLocal(clickhouse: Clickhouse, ledger: Ledger): Promise<number> {
  const rows = await clickhouse.query('SELECT artifact_id, is_final, snapshot FROM {db}.snapshots FINAL')
  const stored = new Map(rows.map((row) => [String(row.artifact_id), row]))
  const store = buildClickhouseProjectionStore(clickhouse)
  const ids = await ledger.roundIds()
  expect([...stored.keys()].sort()).toEqual([...ids].sort())
  for (const id of ids) {
    const local = await projectRound(ledger, id)
    expect([String(stored.get(id)?.snapshot), Number(stored.get(id)?.is_final)]).toEqual([snapshotText(local), 1])
    // Canonical JSON has its keys sorted, so what is printed is judged again from the events ClickHouse holds.
    const fold = emptyFold()
    for await (const page of store.readRound(id)) foldEvents(fold, page)
    expect(printed(judgeFold(id, fold))).toEqual(printed(local))
  }
  return ids.length
}

function printed(snapshot: Snapshot): string[] {
  const input = snapshotInput(snapshot)
  return [snapshot.evidence.root, summaryText(snapshot.summary), declarationText(evaluateDeclarations(input)), dispatchText(dispatchNextGates(input))]
}

describe.skipIf(kafka === null || !hasEngine)('SQLite ledger, relay, Kafka, projector, ClickHouse', () => {
  it('gives what the local ledger gives, though the projector is killed again and again', { timeout: 300_000 }, async () => {
    const settings = testKafkaSettings(kafka?.brokers ?? [], 'projector')
    await ensureTopics(settings)
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
      const service = await startService(settings)
      // In the middle of whatever it does after its first commits.
      await until(async () => (await metric(service, 'evidence_projector_batches_total')) > n || (await isDrained(settings)))
      await end(service, 'SIGKILL')
    }
    const service = await startService(settings)
    await until(async () => (await metric(service, 'evidence_projector_ready')) === 1 && (await isDrained(settings)))
    expect(await end(service, 'SIGTERM')).toBe(0)
    const clickhouse = await openClickhouse(readClickhouseConfig({}, `chdb:${join(folder, 'chdb')}`))
    expect(await assertSameAsLocal(clickhouse, fixture.ledger)).toBeGreaterThanOrEqual(GENERATED + 23)
    const [count] = await clickhouse.query('SELECT count() AS rows, uniqExact(id) AS ids FROM {db}.events FINAL')
    expect([Number(count?.rows), Number(count?.ids)]).toEqual([events.length, events.length])
    const rejected = await clickhouse.query('SELECT reason FROM {db}.rejected FINAL ORDER BY reason')
    expect(rejected.map((row) => row.reason)).toEqual(['not_json', 'round_sealed'])
    await clickhouse.close()
    await fixture.dispose()
  })
})
