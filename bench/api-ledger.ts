import { roundRoot } from '../ledger/round-root.ts'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import { projectRound } from '../projector/project-round.ts'
import { openSqliteSnapshotStore } from '../projector/sqlite-snapshot-store.ts'
import { type EncodedEvent, encodeEvent } from '../schemas/event.ts'
import { makeRound } from '../test/support/make-events.ts'

const CHECKS = 98
export const EVENTS_A_ROUND = CHECKS + 2
const ROUND_EVERY_MS = 600_000
const TEMPLATE = makeRound('bench-template', CHECKS).map((event) => JSON.parse(Buffer.from(event.bytes).toString('utf8')) as Envelope)
type Envelope = { id: string; type: string; time: string; data: Record<string, unknown> }

export const roundName = (n: number): string => `bench-${String(n).padStart(7, '0')}`

/** Round number `n`, opened ten minutes after the one before, every third without a check, sealed with its own root. */
export function benchRound(n: number): EncodedEvent[] {
  const rooted = TEMPLATE.slice(0, n % 3 === 0 ? -2 : -1).map((event) => shifted(event, n))
  return [...rooted, shifted({ ...(TEMPLATE.at(-1) as Envelope), data: roundRoot(rooted) }, n)]
}

function shifted(event: Envelope, n: number): EncodedEvent {
  const at = new Date(Date.parse(event.time) + n * ROUND_EVERY_MS)
  const stamp = at.getTime().toString(16).padStart(12, '0')
  const id = `${stamp.slice(0, 8)}-${stamp.slice(8)}${event.id.slice(13)}`
  return encodeEvent({ ...event, id, subject: roundName(n), time: at.toISOString() })
}

/** A ledger of so many events, projected as `round run` leaves it. Tells how far it is, a line every 10 %. */
export async function makeBenchLedger(path: string, events: number): Promise<number> {
  const rounds = Math.ceil(events / EVENTS_A_ROUND)
  const ledger = openSqliteLedger({ path, mode: 'create' })
  const snapshots = openSqliteSnapshotStore({ path, mode: 'existing' })
  for (let n = 0; n < rounds; n++) {
    await ledger.append(benchRound(n))
    await projectRound(ledger, roundName(n), { store: snapshots })
    if (n % Math.ceil(rounds / 10) === 0) process.stderr.write(`${n} of ${rounds} rounds\n`)
  }
  snapshots.close()
  await ledger.close()
  return rounds
}
