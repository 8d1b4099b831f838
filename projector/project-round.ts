import type { RoundReader } from '../ledger/ledger.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { Snapshot } from '../schemas/snapshot.ts'
import { buildSnapshot } from './build-snapshot.ts'
import { emptyFold, type Fold, foldEvents } from './fold.ts'
import { findPolicy } from './policies.ts'
import { readRoundEvidence } from './round-evidence.ts'
import type { SnapshotStore } from './snapshot-store.ts'

/**
 * From a round's events to its snapshot, the second of the two pages to read (the first is `producers/run-round.ts`):
 *
 *     read    all events of the round, as the ledger holds them
 *     fold    into a set by event id: doubles and order change nothing
 *     verify  the root over exactly what was folded against the seal
 *     judge   every declared check under a policy version, then gates, sections and results
 *     summary the flat view, and with it the snapshot
 *     save    only after all of the above
 */
export async function projectRound(rounds: RoundReader, roundId: string, options: { policy?: string; store?: SnapshotStore } = {}): Promise<Snapshot> {
  const fold = await readRoundFold(rounds, roundId)
  if (fold.events.size === 0) throw new EvidenceError('round_unknown', `no round ${roundId} in this ledger`, { remedy: 'see `evidence round list`' })
  const snapshot = judgeFold(roundId, fold, options.policy)
  // A crash before this line leaves no snapshot, and projecting again gives the same bytes.
  await options.store?.save(snapshot)
  return snapshot
}

/** Reads a round page by page; memory depends on the round, not on the ledger. */
export async function readRoundFold(rounds: RoundReader, roundId: string): Promise<Fold> {
  const fold = emptyFold()
  for await (const page of rounds.readRound(roundId)) {
    foldEvents(
      fold,
      page.map((stored) => stored.text),
    )
  }
  return fold
}

/** Judges folded events under a policy reference, by default the one the round was opened with. Pure. */
export function judgeFold(roundId: string, fold: Fold, policy?: string): Snapshot {
  const evidence = readRoundEvidence(roundId, fold)
  const { id, version } = evidence.opened.data.policy
  return buildSnapshot(evidence, findPolicy(policy ?? `${id}@${version}`))
}
