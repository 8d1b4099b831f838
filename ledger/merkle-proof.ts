import { EMPTY_ROOT, isHash, nodeHash, rootOfLeafHashes } from './merkle.ts'

/**
 * Proofs of RFC 6962 §2.1.1 and §2.1.2; verification after RFC 9162 §2.1.3.2 and §2.1.4.2, closed where that text is
 * open: sizes must be safe integers, and a proof from the empty tree proves nothing. All hashes are hex.
 */

/** The hashes beside the path from leaf `index` up to the root. Throws `RangeError` where there is no such leaf. */
export function inclusionProof(leafHashes: readonly string[], index: number): string[] {
  if (!Number.isInteger(index) || index < 0 || index >= leafHashes.length) throw new RangeError('no such leaf')
  return path(leafHashes, index)
}

function path(leaves: readonly string[], index: number): string[] {
  if (leaves.length === 1) return []
  const split = largestPowerBelow(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  return index < split ? [...path(left, index), rootOfLeafHashes(right)] : [...path(right, index - split), rootOfLeafHashes(left)]
}

export type Inclusion = { leafHash: string; index: number; size: number; proof: readonly string[]; root: string }

/** True only if `root` over `size` leaves commits to this leaf at this index. Never throws. */
export function verifyInclusion({ leafHash, index, size, proof, root }: Inclusion): boolean {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return false
  if (!isHash(leafHash) || !proof.every(isHash)) return false
  let [node, last, hash] = [index, size - 1, leafHash]
  for (const sibling of proof) {
    if (last === 0) return false
    if (isOdd(node) || node === last) {
      hash = nodeHash(sibling, hash)
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      hash = nodeHash(hash, sibling)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && hash === root
}

/** Proof that the tree over the first `size1` leaves is a prefix of the tree over all. Throws `RangeError` outside 1..n. */
export function consistencyProof(leafHashes: readonly string[], size1: number): string[] {
  if (!Number.isInteger(size1) || size1 < 1 || size1 > leafHashes.length) throw new RangeError('no such tree size')
  return subproof(size1, leafHashes, true)
}

function subproof(size1: number, leaves: readonly string[], isOldRoot: boolean): string[] {
  if (size1 === leaves.length) return isOldRoot ? [] : [rootOfLeafHashes(leaves)]
  const split = largestPowerBelow(leaves.length)
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)]
  if (size1 <= split) return [...subproof(size1, left, isOldRoot), rootOfLeafHashes(right)]
  return [...subproof(size1 - split, right, false), rootOfLeafHashes(left)]
}

export type Consistency = { size1: number; size2: number; root1: string; root2: string; proof: readonly string[] }

/** True only if the tree of `root2` begins with all leaves of the tree of `root1`. Never throws. */
export function verifyConsistency({ size1, size2, root1, root2, proof }: Consistency): boolean {
  if (!Number.isSafeInteger(size1) || !Number.isSafeInteger(size2) || size1 < 0 || size1 > size2) return false
  if (size1 === size2) return proof.length === 0 && root1 === root2 && (size1 !== 0 || root1 === EMPTY_ROOT)
  if (size1 === 0 || proof.length === 0 || !isHash(root1) || !proof.every(isHash)) return false
  let [node, last] = [size1 - 1, size2 - 1]
  while (isOdd(node)) [node, last] = [half(node), half(last)]
  // The old root is itself the first node of the path where the old tree is a full subtree.
  const [seed = '', ...rest] = node === 0 ? [root1, ...proof] : proof
  let [hash1, hash2] = [seed, seed]
  for (const sibling of rest) {
    if (last === 0) return false
    if (isOdd(node) || node === last) {
      hash1 = nodeHash(sibling, hash1)
      hash2 = nodeHash(sibling, hash2)
      while (!isOdd(node) && node !== 0) [node, last] = [half(node), half(last)]
    } else {
      hash2 = nodeHash(hash2, sibling)
    }
    ;[node, last] = [half(node), half(last)]
  }
  return last === 0 && hash1 === root1 && hash2 === root2
}

function largestPowerBelow(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

// Plain arithmetic instead of bit operations, which would cut sizes beyond 2^31 in silence.
function isOdd(n: number): boolean {
  return n % 2 === 1
}

function half(n: number): number {
  return Math.floor(n / 2)
}
