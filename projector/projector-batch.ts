import type { MessageSink, OutgoingMessage, SourceBatch, SourceMessage } from '../ledger/event-source.ts'
import { canonicalJson } from '../schemas/canonical-json.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { Snapshot } from '../schemas/snapshot.ts'
import type { RoundIntegrity } from '../schemas/summary.ts'
import { judgeFold } from './project-round.ts'
import type { ProjectionTables, RejectedMessage } from './projection-store.ts'
import { isComplete, type ProjectorCache } from './projector-cache.ts'
import { type ReadMessage, readMessage, toRejected } from './projector-message.ts'
import { type BatchPlan, type HeldRound, planBatch, toHeldRound } from './projector-plan.ts'

export type BatchPorts = { readonly tables: ProjectionTables; readonly rejectedSink: MessageSink | null; readonly now: () => Date }
/** What became of the rounds whose state this batch changed. `published`: integrity of each snapshot. `unjudged`: codes of rounds that gave no snapshot. */
export type BatchOutcome = { events: number; duplicates: number; rejected: readonly RejectedMessage[]; published: RoundIntegrity[]; unjudged: string[] }
export type JudgedRound = { readonly snapshot: Snapshot; readonly isFinal: boolean } | { readonly problem: string }

/** Rounds held in memory at once, whatever the batch touches. */
const ROUNDS_AT_ONCE = 100

/**
 * Everything a batch must leave behind before its offsets may be committed, in this order for each group of rounds:
 * events, rejections, the rejected topic, snapshots. After a crash at any line the batch comes again and changes nothing
 * that is there. Throws what the ports throw; nothing is committed here.
 */
export async function projectBatch(ports: BatchPorts, cache: ProjectorCache, batch: SourceBatch): Promise<BatchOutcome> {
  const outcome: BatchOutcome = { events: 0, duplicates: 0, rejected: [], published: [], unjudged: [] }
  const first = batch.messages[0]
  if (first === undefined) return outcome
  const cached = cache.take(batch.partition, first.offset)
  const held = new Map(cached)
  for (const messages of groupByKey(batch.messages)) {
    // Read group by group: what is parsed takes several times the room of the bytes.
    const group = messages.map((message) => readMessage(batch.partition, message))
    const plan = planBatch(await readKnown(ports.tables, group, cached), group)
    const rejected = plan.rejected.map((one) => toRejected(one, ports.now()))
    // Judging looks at nothing that is stored, so it goes on while the store writes.
    const saved = plan.events.length > 0 ? ports.tables.saveEvents(plan.events) : null
    const judged = judgeAll(plan)
    await saved
    if (rejected.length > 0) {
      await ports.tables.saveRejected(rejected)
      await ports.rejectedSink?.send(rejected.map(toOutgoing))
    }
    if (judged.snapshots.length > 0) await ports.tables.saveSnapshots(judged.snapshots)
    outcome.events += plan.events.length
    outcome.duplicates += plan.duplicates
    outcome.rejected = [...outcome.rejected, ...rejected]
    outcome.published.push(...judged.snapshots.map((one) => one.snapshot.evidence.integrity))
    outcome.unjudged.push(...judged.problems)
    for (const [id, round] of plan.touchedRounds) {
      held.delete(id)
      // At the end, because it was used last.
      if (!isComplete(round)) held.set(id, round)
    }
  }
  cache.keep(batch.partition, (batch.messages.at(-1) ?? first).offset, held)
  return outcome
}

/** Judges what is held of a round under its own policy; a round that cannot be judged (yet) says why. Pure. */
export function judgeHeld(roundId: string, { fold, openedId }: HeldRound): JudgedRound {
  if (openedId === null) return { problem: 'round_unknown' }
  try {
    const snapshot = judgeFold(roundId, fold)
    const { integrity } = snapshot.evidence
    return { snapshot, isFinal: snapshot.sealed_at !== null && (integrity === 'verified' || integrity === 'legacy_unverified') }
  } catch (error) {
    // Judging looks at values only, so its failure is this round's and must not stop the others. No snapshot allows nothing.
    return { problem: error instanceof EvidenceError ? error.code : 'internal' }
  }
}

function judgeAll({ touchedRounds }: BatchPlan): { snapshots: { snapshot: Snapshot; isFinal: boolean }[]; problems: string[] } {
  const judged = [...touchedRounds].map(([id, held]) => judgeHeld(id, held))
  return {
    snapshots: judged.flatMap((one) => ('snapshot' in one ? [one] : [])),
    problems: judged.flatMap((one) => ('problem' in one ? [one.problem] : [])),
  }
}

/** What is held of the rounds of these messages: from the cache, else from the store. */
async function readKnown(tables: ProjectionTables, messages: readonly ReadMessage[], cached: ReadonlyMap<string, HeldRound>): Promise<Map<string, HeldRound>> {
  const ids = new Set(messages.flatMap((one) => (one.isEvent ? [one.roundId] : [])))
  const known = new Map([...cached].filter(([id]) => ids.has(id)))
  const missing = [...ids].filter((id) => !known.has(id))
  for (const [id, held] of await readHeldRounds(tables, missing)) known.set(id, held)
  return known
}

/** Reads up to 100 rounds at once. */
export async function readHeldRounds(tables: ProjectionTables, ids: readonly string[]): Promise<Map<string, HeldRound>> {
  const texts = new Map<string, string[]>()
  if (ids.length === 0) return new Map()
  for await (const page of tables.readRounds(ids)) {
    for (const text of page) {
      const { subject } = JSON.parse(text) as { subject: string }
      const own = texts.get(subject)
      if (own === undefined) texts.set(subject, [text])
      else own.push(text)
    }
  }
  return new Map([...texts].map(([id, own]) => [id, toHeldRound(own)]))
}

/**
 * Parts of a batch of few enough rounds each; the messages of a round stay together and in order, because what has
 * another key than its round is no event of it (`readMessage`).
 */
function groupByKey(messages: readonly SourceMessage[]): SourceMessage[][] {
  const groupOf = new Map<string | null, number>()
  const groups: SourceMessage[][] = []
  for (const message of messages) {
    const at = groupOf.get(message.key) ?? Math.floor(groupOf.size / ROUNDS_AT_ONCE)
    groupOf.set(message.key, at)
    const group = groups[at] ?? []
    group.push(message)
    groups[at] = group
  }
  return groups
}

/** What goes to `evidence.rejected.v1`: the record of the rejection, in canonical JSON. */
function toOutgoing(rejected: RejectedMessage): OutgoingMessage {
  return { key: rejected.roundId, value: Buffer.from(canonicalJson(rejected), 'utf8'), headers: { 'content-type': 'application/json' } }
}
