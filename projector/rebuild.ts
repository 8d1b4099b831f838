import type { SourceBatch } from '../ledger/event-source.ts'
import { DECISION_TYPES } from '../schemas/event.ts'
import { toFoldedEvent } from './fold.ts'
import type { ProjectionStore, ProjectionTables, RawEvent } from './projection-store.ts'
import { judgeHeld, readHeldRounds } from './projector-batch.ts'
import { readMessage, toRejected } from './projector-message.ts'
import { type HeldRound, planBatch, toRawEvent } from './projector-plan.ts'

export type RebuildPorts = {
  readonly store: ProjectionStore
  /** Reads the topic from its start to what was its end, each partition in order; null where it is gone. */
  readonly readTopic: ((onBatch: (batch: SourceBatch) => Promise<void>) => Promise<void>) | null
  readonly now: () => Date
  readonly onNote: (text: string) => void
}
/** `fromTopic`, `fromRaw`: events by where they came from. `unjudged`: rounds that gave no snapshot. */
export type RebuildResult = { fromTopic: number; fromRaw: number; rejected: number; rounds: number; finals: number; unjudged: number }

const ROUNDS_AT_ONCE = 50

/**
 * Makes everything the projector concluded again (`evidence project --rebuild`): into new tables, which take the place
 * of the old ones at the end and not before.
 *
 * First from the topic, by the rules of the service. Then from the raw events in use: whatever the topic no longer
 * holds, of each round whose root the topic does not prove, so that a topic that lost its tail, or is gone, loses
 * nothing. Contradictions among them are copied as they are. Then every round is folded, proved, judged and saved.
 *
 * No projector may write meanwhile: what it saves after its round was copied would not be in the new tables.
 * Throws what the ports throw; the tables in use are then as they were.
 */
export async function rebuildProjection(ports: RebuildPorts): Promise<RebuildResult> {
  const result: RebuildResult = { fromTopic: 0, fromRaw: 0, rejected: 0, rounds: 0, finals: 0, unjudged: 0 }
  const fresh = await ports.store.startRebuild()
  try {
    await ports.readTopic?.((batch) => takeFromTopic(ports, fresh, batch, result))
    ports.onNote(`${result.fromTopic} events from the topic`)
    for (const ids of inGroups(await ports.store.roundIds())) await takeFromRaw(ports.store, fresh, ids, result)
    ports.onNote(`${result.fromRaw} events that only the old tables held`)
    for (const ids of inGroups(await fresh.roundIds())) await judgeGroup(fresh, ids, result)
    await fresh.swap()
    return result
  } finally {
    await fresh.close()
  }
}

async function takeFromTopic({ now }: RebuildPorts, fresh: ProjectionTables, batch: SourceBatch, result: RebuildResult): Promise<void> {
  const messages = batch.messages.map((message) => readMessage(batch.partition, message))
  const ids = [...new Set(messages.flatMap((one) => (one.isEvent ? [one.roundId] : [])))]
  const known = new Map<string, HeldRound>()
  for (const group of inGroups(ids)) for (const [id, held] of await readHeldRounds(fresh, group)) known.set(id, held)
  const plan = planBatch(known, messages)
  if (plan.events.length > 0) await fresh.saveEvents(plan.events)
  if (plan.rejected.length > 0) await fresh.saveRejected(plan.rejected.map((one) => toRejected(one, now())))
  result.fromTopic += plan.events.length
  result.rejected += plan.rejected.length
}

async function takeFromRaw(old: ProjectionTables, fresh: ProjectionTables, ids: readonly string[], result: RebuildResult): Promise<void> {
  const known = await readHeldRounds(fresh, ids)
  const proved = new Set([...known].filter(([id, held]) => isProved(id, held)).map(([id]) => id))
  const lost: RawEvent[] = []
  for await (const page of old.readRounds(ids)) {
    for (const text of page) {
      const event = toFoldedEvent(text)
      if (event === null) continue
      const roundId = event.event.subject
      const held = known.get(roundId)?.fold.events.get(event.id)
      // Of a proved round only decisions can be missing.
      const isSettled = held?.text === text || (proved.has(roundId) && (held !== undefined || !DECISION_TYPES.has(event.type)))
      if (!isSettled) lost.push(toRawEvent(roundId, event, { partition: -1, offset: '0' }))
    }
  }
  if (lost.length > 0) await fresh.saveEvents(lost)
  result.fromRaw += lost.length
}

function isProved(id: string, held: HeldRound): boolean {
  const judged = judgeHeld(id, held)
  return 'isFinal' in judged && judged.isFinal
}

async function judgeGroup(fresh: ProjectionTables, ids: readonly string[], result: RebuildResult): Promise<void> {
  const judged = [...(await readHeldRounds(fresh, ids))].map(([id, held]) => judgeHeld(id, held))
  const snapshots = judged.flatMap((one) => ('snapshot' in one ? [one] : []))
  if (snapshots.length > 0) await fresh.saveSnapshots(snapshots)
  result.rounds += judged.length
  result.finals += snapshots.filter((one) => one.isFinal).length
  result.unjudged += judged.length - snapshots.length
}

function inGroups(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / ROUNDS_AT_ONCE) }, (_, n) => ids.slice(n * ROUNDS_AT_ONCE, (n + 1) * ROUNDS_AT_ONCE))
}
