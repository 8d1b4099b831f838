import { isRootedType } from '../schemas/event.ts'
import { CompactTree, leafHash } from './merkle.ts'

/** What places an event under its round's root (contract §2, "Round root"). */
export type RoundLeafKey = { readonly type: string; readonly checkId: string | null; readonly id: string }
/** Canonical bytes, or the text whose UTF-8 they are. */
export type RoundLeafData = { readonly bytes: Uint8Array } | { readonly text: string }
export type RoundRoot = { root: string; count: number }

/**
 * Root (hex) and number of leaves of one round: `round.opened` first, then evidence by (checkid, id), compared by UTF-16
 * code units. Events that are not under the root (the seal, decisions) are passed over. Arrival order plays no role;
 * the caller has folded second copies away, because each leaf given counts.
 */
export function roundRoot(leaves: readonly (RoundLeafKey & RoundLeafData)[]): RoundRoot {
  const tree = new CompactTree()
  for (const leaf of inRootOrder(leaves)) tree.addLeaf('text' in leaf ? leaf.text : leaf.bytes)
  return { root: tree.root(), count: tree.size }
}

/** As `roundRoot`, for a caller that kept the leaf hashes (hex) and not the bytes. */
export function roundRootOfHashes(leaves: readonly (RoundLeafKey & { readonly leafHash: string })[]): RoundRoot {
  const tree = new CompactTree()
  for (const leaf of inRootOrder(leaves)) tree.addLeafHash(leaf.leafHash)
  return { root: tree.root(), count: tree.size }
}

/** The leaves under a round's root in their order, each with its hash (hex): what an inclusion proof is made from. */
export function roundLeaves(leaves: readonly (RoundLeafKey & { readonly text: string })[]): { id: string; leafHash: string }[] {
  return inRootOrder(leaves).map(({ id, text }) => ({ id, leafHash: leafHash(Buffer.from(text, 'utf8')) }))
}

function inRootOrder<T extends RoundLeafKey>(leaves: readonly T[]): T[] {
  return leaves.filter((leaf) => isRootedType(leaf.type)).sort(compareLeaves)
}

/** Without a check id (only `round.opened`) sorts first; `<` on strings compares UTF-16 code units. */
function compareLeaves(a: RoundLeafKey, b: RoundLeafKey): number {
  if (a.checkId !== b.checkId) {
    if (a.checkId === null) return -1
    if (b.checkId === null) return 1
    return a.checkId < b.checkId ? -1 : 1
  }
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}
