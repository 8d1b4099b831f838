import type { RoundReader } from '../../ledger/ledger.ts'
import { inclusionProof, verifyInclusion } from '../../ledger/merkle-proof.ts'
import { roundLeaves, roundRoot } from '../../ledger/round-root.ts'
import { readRoundFold } from '../../projector/project-round.ts'
import { EvidenceError } from '../../schemas/errors.ts'

/** Hashes are hex. `verified`: the proof holds, and every seal of the round names this root and this many events. */
export type InclusionAnswer = { leaf_hash: string; index: number; size: number; root: string; proof: string[]; verified: boolean }

/**
 * Proves that an event is under its round's root (contract §2), over exactly what the ledger holds now. Null where the
 * round has no such event under its root: decisions and the seal are beside it. Throws `internal` before it gives a proof
 * that does not hold, and what the reader throws.
 */
export async function proveInclusion(rounds: RoundReader, roundId: string, eventId: string): Promise<InclusionAnswer | null> {
  const fold = await readRoundFold(rounds, roundId)
  const all = [...fold.events.values()]
  const leaves = roundLeaves(all)
  const index = leaves.findIndex(({ id }) => id === eventId)
  const leaf = leaves[index]
  if (leaf === undefined) return null
  const { root, count: size } = roundRoot(all)
  const proof = inclusionProof(
    leaves.map((one) => one.leafHash),
    index,
  )
  if (!verifyInclusion({ leafHash: leaf.leafHash, index, size, proof, root })) throw new EvidenceError('internal', 'an inclusion proof did not hold')
  const seals = all.flatMap(({ event }) => (event.type === 'round.sealed.v1' ? [event.data] : []))
  const isSealed = seals.length > 0 && seals.every((seal) => seal.root === root && seal.count === size)
  return { leaf_hash: leaf.leafHash, index, size, root, proof, verified: isSealed && fold.contradictory.size === 0 }
}
