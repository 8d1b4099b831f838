import { hash } from 'node:crypto'
import type { Ledger, StoredEvent } from './ledger.ts'
import { leafHash } from './merkle.ts'
import { TopicIndex } from './relay-index.ts'
import type { RelayMark } from './relay-state.ts'
import type { PartitionRange, RelayTopic } from './relay-topic.ts'

/**
 * `lost`: rounds of which the topic lacks something that was relayed, in ledger order. `differing`: sealed rounds whose
 * root over what the topic holds is not the seal although nothing is missing: someone else wrote into them, or the seal
 * is wrong in the ledger too. Sending again would not help; the projector says what it sees.
 */
export type TopicLoss = { readonly lost: readonly string[]; readonly differing: readonly string[] }

export function messageHash(value: Uint8Array): string {
  return hash('sha256', value, 'hex')
}

/** Cheap: does each partition still begin and go on as marked, and is the marked message still where it was? */
export async function fitsMarks(topic: RelayTopic, marks: readonly RelayMark[]): Promise<boolean> {
  const ranges = new Map((await topic.ranges()).map((range) => [range.partition, range]))
  for (const mark of marks) {
    const range = ranges.get(mark.partition)
    if (range === undefined || BigInt(range.low) > BigInt(mark.low) || BigInt(range.end) < BigInt(mark.next)) return false
  }
  const held = await readLast(
    topic,
    marks.map(({ partition, low, next }) => ({ partition, low, end: next })),
  )
  return marks.every(({ partition, low, next, lastHash }) => low === next || held.get(partition) === lastHash)
}

/** Marks of the topic as it is now, after everything that was relayed was found on it. */
export async function takeMarks(topic: RelayTopic): Promise<readonly RelayMark[]> {
  const ranges = await topic.ranges()
  const held = await readLast(topic, ranges)
  return ranges.map(({ partition, low, end }) => ({ partition, low, next: end, lastHash: held.get(partition) ?? '' }))
}

/** Hash of the last message of each range that is not empty. */
async function readLast(topic: RelayTopic, ranges: readonly PartitionRange[]): Promise<Map<number, string>> {
  const hashes = new Map<number, string>()
  const last = ranges.filter(({ low, end }) => BigInt(low) < BigInt(end)).map(({ partition, end }) => ({ partition, low: String(BigInt(end) - 1n), end }))
  await topic.read(last, async ({ partition, messages }) => {
    const value = messages.at(-1)?.value
    if (value) hashes.set(partition, messageHash(value))
  })
  return hashes
}

/** Thorough: reads the whole topic and compares every event up to `position`, and every sealed round's root. */
export async function findLoss(topic: RelayTopic, ledger: Ledger, position: number): Promise<TopicLoss> {
  const index = new TopicIndex()
  try {
    await topic.read(await topic.ranges(), async ({ messages }) => index.add(messages))
    const lost = new Set<string>()
    const differing = new Set<string>()
    for await (const page of ledger.readAll(0)) {
      for (const event of page) {
        if (event.position > position) break
        compare(event, index, lost, differing)
      }
    }
    return { lost: [...lost], differing: [...differing].filter((roundId) => !lost.has(roundId)) }
  } finally {
    index.close()
  }
}

function compare({ id, text }: StoredEvent, index: TopicIndex, lost: Set<string>, differing: Set<string>): void {
  const event = JSON.parse(text) as { subject: string; type: string; data: { root?: unknown; count?: unknown } }
  if (!index.has(id, leafHash(Buffer.from(text, 'utf8')))) lost.add(event.subject)
  if (event.type !== 'round.sealed.v1') return
  const { root, count } = index.roundRoot(event.subject)
  if (root !== event.data.root || count !== event.data.count) differing.add(event.subject)
}
