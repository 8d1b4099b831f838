import { type EventSource, type MessageSink, nextOffsetOf, type SourceBatch } from '../ledger/event-source.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { ProjectionTables } from './projection-store.ts'
import { type BatchOutcome, projectBatch } from './projector-batch.ts'
import { ProjectorCache } from './projector-cache.ts'
import type { ServiceMetrics } from './service-metrics.ts'

export type ProjectorPorts = {
  /** A new member of the consumer group; asked again after one ended because the topic could not be read. */
  readonly openSource: () => EventSource
  readonly tables: ProjectionTables
  /** The topic of rejections; null where there is none. The table of rejections is always written. */
  readonly rejectedSink: MessageSink | null
  readonly metrics: ServiceMetrics
  readonly now: () => Date
  /** Resolves after `ms`, or at once when the signal aborts. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
  /** One line for the operator. Never holds anything of a payload. */
  readonly onNote: (text: string) => void
}

const CACHED_EVENTS = 50_000
const BACK_OFF_MS = { first: 100, most: 30_000 }

/**
 * The projector service: event topic → verify → fold → judge → store, and only then the offsets (issue "beyond one
 * machine"). Resolves after `signal` aborted, the batch at hand was done and the group was left.
 *
 * - A batch is worked on as a whole (`projectBatch`) and again from its start where a store fails: its offsets are
 *   committed when everything is durable, and never otherwise. While a store is down the service waits, up to 30 s
 *   between attempts, holding one batch a partition and nothing else.
 * - A batch whose partition was taken away meanwhile is given up; its next owner gets it again.
 * - A topic that cannot be read is opened again, for as long as it takes.
 * - Throws what is neither: `internal`, `ledger_corrupt`, `ledger_newer`. A supervisor starts the process again.
 */
export async function runProjector(ports: ProjectorPorts, signal: AbortSignal): Promise<void> {
  for (let failures = 0; !signal.aborted; failures++) {
    const before = ports.metrics.batches
    try {
      await runMember(ports, signal)
    } catch (error) {
      if (!isPassing(error)) throw error
      ports.metrics.failed('topic')
      ports.onNote(`the topic cannot be read (${error.message}); trying again`)
      if (ports.metrics.batches > before) failures = 0
      await ports.sleep(backOffMs(failures), signal)
    }
  }
}

/** One membership of the group. `owned`: a signal for each partition that is ours, aborted when it is taken away. */
type Member = {
  readonly ports: ProjectorPorts
  readonly source: EventSource
  readonly cache: ProjectorCache
  readonly owned: Map<number, AbortController>
  readonly stopping: AbortSignal
}

async function runMember(ports: ProjectorPorts, signal: AbortSignal): Promise<void> {
  const member: Member = { ports, source: ports.openSource(), cache: new ProjectorCache(CACHED_EVENTS), owned: new Map(), stopping: signal }
  let turn: Promise<unknown> = Promise.resolve()
  const stop = (): void => void member.source.stop()
  signal.addEventListener('abort', stop)
  try {
    await member.source.run({
      // Partitions take turns, so that memory holds one batch at work. Whose it is was settled when it was delivered.
      onBatch: (batch) => {
        const ours = member.owned.get(batch.partition)
        const work = turn.then(() => (ours === undefined ? undefined : takeBatch(member, batch, ours)))
        turn = work.catch(() => undefined)
        return work
      },
      onAssigned: (partitions) => {
        for (const partition of partitions) member.owned.set(partition, new AbortController())
        ports.metrics.assigned([...member.owned.keys()])
      },
      onRevoked: (partitions) => {
        for (const partition of partitions) release(member, partition)
        ports.metrics.assigned([...member.owned.keys()])
      },
    })
  } finally {
    signal.removeEventListener('abort', stop)
    for (const partition of [...member.owned.keys()]) release(member, partition)
    ports.metrics.left()
  }
}

/** From here on batches of the partition are passed over until it is assigned again, and then it starts where it was committed. */
function release({ owned, cache }: Member, partition: number): void {
  owned.get(partition)?.abort()
  owned.delete(partition)
  cache.forget(partition)
}

async function takeBatch(member: Member, batch: SourceBatch, ours: AbortController): Promise<void> {
  const last = batch.messages.at(-1)
  if (last === undefined) return
  const outcome = await projectUntilDurable(member, batch, ours.signal)
  // A crash before this line brings the batch again; everything of it is there, and coming again changes nothing.
  const isKept = outcome !== null && (await member.source.commit(batch.partition, nextOffsetOf(last.offset)))
  if (isKept) member.ports.metrics.committed(batch, outcome, member.ports.now())
  else if (member.owned.get(batch.partition) === ours) release(member, batch.partition)
}

/** Null: given up, because the partition is no longer ours, or because the service stops while a store is down. */
async function projectUntilDurable({ ports, cache, stopping }: Member, batch: SourceBatch, ours: AbortSignal): Promise<BatchOutcome | null> {
  const givingUp = AbortSignal.any([ours, stopping])
  for (let failures = 0; !ours.aborted; failures++) {
    try {
      return await projectBatch({ tables: ports.tables, rejectedSink: ports.rejectedSink, now: ports.now }, cache, batch)
    } catch (error) {
      if (!isPassing(error)) throw error
      ports.metrics.failed('store')
      ports.onNote(`partition ${batch.partition} waits at offset ${batch.messages[0]?.offset}: ${error.message}`)
      await ports.sleep(backOffMs(failures), givingUp)
      if (stopping.aborted) return null
    }
  }
  return null
}

/** Failures that pass: somebody brings the store, the broker or the disk back. */
function isPassing(error: unknown): error is EvidenceError {
  return error instanceof EvidenceError && (error.code === 'ledger_unavailable' || error.code === 'ledger_full')
}

function backOffMs(failures: number): number {
  return Math.min(BACK_OFF_MS.most, BACK_OFF_MS.first * 2 ** Math.min(failures, 20))
}
