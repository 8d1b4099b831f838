import type { Ledger } from '../../ledger/ledger.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { buildRebootRecord, type Reboot, type RebootRecord } from './reboot-record.ts'
import { type BootedRound, readBootedRound, timelineOf } from './round-timeline.ts'

/** So many rounds before the one that is recorded are looked through. */
const LOOK_BACK = 200

/**
 * The record of a round's reboot: the rounds of its estate since the same boot, up to this one, and the reboot before.
 * `previousId` undefined: the newest earlier round of the estate in another boot. Throws `round_unknown`.
 */
export async function recordReboot(ledger: Ledger, roundId: string, previousId: string | undefined): Promise<RebootRecord> {
  const current = await findReboot(ledger, roundId)
  const before = previousId ?? current.before
  const previous = before === null ? null : await findReboot(ledger, before)
  const [own, other] = [current.rounds.at(-1), previous?.rounds.at(-1)].map((one) => one?.snapshot.estate.id)
  if (previous !== null && own !== other) throw new EvidenceError('usage', 'both rounds must be of one estate')
  return buildRebootRecord(current, previous)
}

async function findReboot(ledger: Ledger, roundId: string): Promise<Reboot & { before: string | null }> {
  const last = await readBootedRound(ledger, roundId)
  const start = sinceOf(last)
  const ids = await ledger.roundIds()
  const earlier = ids
    .slice(0, Math.max(0, ids.indexOf(roundId)))
    .slice(-LOOK_BACK)
    .reverse()
  const rounds = [last]
  for (const id of earlier) {
    const round = await readBootedRound(ledger, id).catch(ofDamaged)
    if (round === null || round.snapshot.estate.id !== last.snapshot.estate.id) continue
    // Where a boot is not known nothing says that two rounds are of one reboot.
    if (start === null || sinceOf(round) !== start) return { rounds: rounds.reverse(), before: id }
    rounds.push(round)
  }
  return { rounds: rounds.reverse(), before: null }
}

function sinceOf(round: BootedRound): string | null {
  return timelineOf(round, undefined).since
}

/** A round that cannot be read is none that can be compared with. */
function ofDamaged(error: unknown): null {
  if (error instanceof EvidenceError && (error.code === 'ledger_corrupt' || error.code === 'round_unknown')) return null
  throw error
}
