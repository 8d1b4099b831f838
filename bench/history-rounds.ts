import { emptyFold, foldEvents } from '../projector/fold.ts'
import { judgeFold } from '../projector/project-round.ts'
import type { ProjectionStore, RawEvent } from '../projector/projection-store.ts'
import type { Snapshot } from '../schemas/snapshot.ts'
import { toRawEvents } from '../test/support/history-data.ts'
import { makeRound } from '../test/support/make-events.ts'

const CHECKS = 98
export const EVENTS_A_ROUND = CHECKS + 2
export const ROUNDS_A_BATCH = 100
export const ROUND_EVERY_MS = 600_000
export const START_MS = Date.parse('2026-06-27T03:50:46.000Z')

export const roundName = (n: number): string => `bench-${String(n).padStart(7, '0')}`

/** Round number `n`, opened ten minutes after the one before; a third of its checks failed, others now and then. */
export function rawRound(n: number): RawEvent[] {
  const at = n * ROUND_EVERY_MS
  const id = roundName(n)
  return TEMPLATE.map((event) => {
    const time = new Date(Date.parse(event.time) + at).toISOString()
    const stamp = (START_MS + at).toString(16).padStart(12, '0')
    const eventId = `${stamp.slice(0, 8)}-${stamp.slice(8)}${event.id.slice(13)}`
    const text = event.text.replace(event.id, eventId).replaceAll('bench-template', id).replace(`"time":"${event.time}"`, `"time":"${time}"`)
    return { ...event, id: eventId, roundId: id, time, text }
  })
}
const TEMPLATE = toRawEvents(makeRound('bench-template', CHECKS))
const SNAPSHOT = judgeFold(
  'bench-template',
  foldEvents(
    emptyFold(),
    TEMPLATE.map((one) => one.text),
  ),
)

/** Judging is not what is measured: one snapshot with the round's own name and time, and a check and a key that change. */
function snapshotOf(n: number): Snapshot {
  const isUp = Math.floor(n / 100) % 2 === 0
  const checks = SNAPSHOT.checks.map((check, i) => (i === 0 && !isUp ? { ...check, status: 'BLOCKED' as const } : check))
  return {
    ...SNAPSHOT,
    artifact_id: roundName(n),
    opened_at: new Date(START_MS + n * ROUND_EVERY_MS).toISOString(),
    checks,
    summary: { ...SNAPSHOT.summary, SERVICE_GREEN: isUp ? '1' : '0' },
  }
}

/** Brings a store from the rounds it has to as many as `size` events are. */
export async function fillRounds(store: ProjectionStore, size: number): Promise<void> {
  const until = size / EVENTS_A_ROUND
  const from = (await store.roundIds()).length
  for (let n = from; n < until; n += ROUNDS_A_BATCH) {
    const numbers = Array.from({ length: Math.min(ROUNDS_A_BATCH, until - n) }, (_, i) => n + i)
    await store.saveEvents(numbers.flatMap(rawRound))
    await store.saveSnapshots(numbers.map((one) => ({ snapshot: snapshotOf(one), isFinal: true })))
  }
}
