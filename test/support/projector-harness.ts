import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { zstdDecompressSync } from 'node:zlib'
import type { MessageSink, OutgoingMessage } from '../../ledger/event-source.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { projectRound } from '../../projector/project-round.ts'
import type { ProjectionTables } from '../../projector/projection-store.ts'
import { type ProjectorPorts, runProjector } from '../../projector/projector-service.ts'
import { ServiceMetrics } from '../../projector/service-metrics.ts'
import { snapshotText } from '../../projector/snapshot-text.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import type { FakeTopic } from './fake-event-source.ts'

export type StepName = 'saveEvents' | 'saveRejected' | 'saveSnapshots' | 'readRounds' | 'send' | 'commit'
/** Called before and after every write; throws what is to go wrong there. */
export type Fault = (step: StepName, when: 'before' | 'after') => void | Promise<void>

/** The process dies here: not an error anybody handles. */
export class Killed extends Error {}
export const unavailable = (): EvidenceError => new EvidenceError('ledger_unavailable', 'the store does not answer')

export function tempFile(name: string): string {
  return join(mkdtempSync(join(tmpdir(), 'evidence-projector-')), name)
}

export function withFaults(tables: ProjectionTables, fault: Fault): ProjectionTables {
  const around = async <T>(step: StepName, work: () => Promise<T>): Promise<T> => {
    await fault(step, 'before')
    const result = await work()
    await fault(step, 'after')
    return result
  }
  return {
    saveEvents: (events) => around('saveEvents', () => tables.saveEvents(events)),
    saveRejected: (messages) => around('saveRejected', () => tables.saveRejected(messages)),
    saveSnapshots: (snapshots) => around('saveSnapshots', () => tables.saveSnapshots(snapshots)),
    readRound: (id) => tables.readRound(id),
    async *readRounds(ids) {
      await fault('readRounds', 'before')
      yield* tables.readRounds(ids)
    },
    roundIds: () => tables.roundIds(),
    close: () => tables.close(),
  }
}

/** A sink that keeps what it got. */
export class FakeSink implements MessageSink {
  readonly messages: OutgoingMessage[] = []
  readonly #fault: Fault
  constructor(fault: Fault = () => undefined) {
    this.#fault = fault
  }
  async send(messages: readonly OutgoingMessage[]): Promise<readonly []> {
    await this.#fault('send', 'before')
    this.messages.push(...messages)
    await this.#fault('send', 'after')
    return []
  }
  async close(): Promise<void> {}
}

export type Running = { readonly metrics: ServiceMetrics; readonly ended: Promise<unknown>; stop(): Promise<void> }

/** A projector service over a topic; `sleep` is over at once, so that nothing here waits for a clock. */
export function startProjector(topic: FakeTopic, tables: ProjectionTables, more: Partial<ProjectorPorts> & { fault?: Fault } = {}): Running {
  const { fault = () => undefined, ...ports } = more
  const metrics = new ServiceMetrics()
  const controller = new AbortController()
  const openSource = () => {
    const source = topic.openSource()
    const commit = source.commit.bind(source)
    source.commit = async (partition, next) => {
      await fault('commit', 'before')
      const isKept = await commit(partition, next)
      await fault('commit', 'after')
      return isKept
    }
    return source
  }
  const ended = runProjector(
    {
      openSource,
      tables: withFaults(tables, fault),
      rejectedSink: new FakeSink(fault),
      metrics,
      now: () => new Date('2026-11-21T00:00:00.000Z'),
      sleep: () => new Promise((resolve) => setImmediate(resolve)),
      onNote: () => undefined,
      ...ports,
    },
    controller.signal,
  ).then(
    () => null,
    (error: unknown) => error,
  )
  return {
    metrics,
    ended,
    async stop() {
      controller.abort()
      const error = await ended
      if (error !== null) throw error
    },
  }
}

/** Puts rounds on the topic one event of each in turn, a round in one partition. */
export function publish(topic: FakeTopic, rounds: readonly (readonly EncodedEvent[])[]): void {
  const longest = Math.max(...rounds.map((round) => round.length))
  for (let n = 0; n < longest; n++) {
    for (const [index, round] of rounds.entries()) {
      const event = round[n]
      if (event) topic.append(index % topic.partitions.length, event.subject, event.bytes)
    }
  }
}

/** Snapshots (canonical JSON by round) of a local SQLite ledger that was given the same rounds. */
export async function projectLocally(rounds: readonly (readonly EncodedEvent[])[]): Promise<Map<string, string>> {
  const ledger = openSqliteLedger({ path: tempFile('ledger.db'), mode: 'create' })
  try {
    for (const round of rounds) await ledger.append(round)
    const ids = await ledger.roundIds()
    return new Map(await Promise.all(ids.map(async (id) => [id, snapshotText(await projectRound(ledger, id))] as const)))
  } finally {
    await ledger.close()
  }
}

export type Projected = {
  readonly events: readonly string[]
  readonly rejected: readonly { reason: string; partition: number; offset: string; digest: string; detail: string }[]
  readonly snapshots: ReadonlyMap<string, string>
  readonly finals: readonly string[]
  readonly all: string
}

/** Everything the store's file holds, read with plain SQL and not through the adapter. */
export function readProjected(file: string): Projected {
  const db = new DatabaseSync(file, { readOnly: true })
  try {
    const rows = (sql: string) => db.prepare(sql).all()
    const events = rows('SELECT text FROM projection_events ORDER BY text').map((row) => String(row.text))
    const rejected = rows('SELECT reason, partition, "offset", digest, detail FROM projection_rejected ORDER BY partition, CAST("offset" AS INTEGER)')
    const snapshots = rows('SELECT artifact_id, snapshot, is_final FROM projection_snapshots ORDER BY artifact_id')
    return {
      events,
      rejected: rejected.map((row) => ({ ...row })) as never,
      snapshots: new Map(snapshots.map((row) => [String(row.artifact_id), zstdDecompressSync(row.snapshot as Uint8Array).toString('utf8')])),
      finals: snapshots.flatMap((row) => (row.is_final === 1 ? [String(row.artifact_id)] : [])),
      all: JSON.stringify([events, rejected, snapshots]),
    }
  } finally {
    db.close()
  }
}

export const textOf = (event: EncodedEvent): string => Buffer.from(event.bytes).toString('utf8')
