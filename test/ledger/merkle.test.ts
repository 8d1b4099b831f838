import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CompactTree, EMPTY_ROOT, leafHash, nodeHash, rootOfLeafHashes } from '../../ledger/merkle.ts'
import { consistencyProof, inclusionProof, verifyConsistency, verifyInclusion } from '../../ledger/merkle-proof.ts'
import { roundRoot, roundRootOfHashes } from '../../ledger/round-root.ts'
import { makeRound } from '../support/make-events.ts'

const sha256 = (...parts: Uint8Array[]): Buffer => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()

/** RFC 6962 §2.1 word by word, with another hash interface: the model the fast tree is held to. */
function modelRoot(leaves: readonly Uint8Array[]): Buffer {
  if (leaves.length === 0) return sha256()
  const [first] = leaves
  if (leaves.length === 1 && first) return sha256(Buffer.from([0]), first)
  const split = 2 ** Math.floor(Math.log2(leaves.length - 1))
  return sha256(Buffer.from([1]), modelRoot(leaves.slice(0, split)), modelRoot(leaves.slice(split)))
}

const leavesOf = (min: number) => fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: min, maxLength: 70 })
const tree = (min: number) => leavesOf(min).map((leaves) => ({ leaves, hashes: leaves.map(leafHash) }))
const other = leafHash(Buffer.from('no leaf of any tree here'))

describe('tree', () => {
  it('has the roots that everybody has', () => {
    expect(EMPTY_ROOT).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
    expect(rootOfLeafHashes([])).toBe(EMPTY_ROOT)
    expect(leafHash(new Uint8Array())).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  })

  it('has the root of the model for any leaves', () => {
    fc.assert(
      fc.property(tree(0), ({ leaves, hashes }) => {
        const compact = new CompactTree()
        for (const leaf of leaves) compact.addLeaf(leaf)
        expect(compact.root()).toBe(modelRoot(leaves).toString('hex'))
        expect(compact.size).toBe(leaves.length)
        expect(rootOfLeafHashes(hashes)).toBe(compact.root())
      }),
    )
  })

  it('takes leaves longer than its first buffer', () => {
    const leaf = Buffer.alloc(300_000, 7)
    expect(leafHash(leaf)).toBe(modelRoot([leaf]).toString('hex'))
  })

  it('tells a, b, c from a, b, c, c and a leaf from a node', () => {
    const [a, b, c] = ['a', 'b', 'c'].map((text) => leafHash(Buffer.from(text))) as [string, string, string]
    expect(rootOfLeafHashes([a, b, c])).not.toBe(rootOfLeafHashes([a, b, c, c]))
    expect(leafHash(Buffer.from(a + b, 'hex'))).not.toBe(nodeHash(a, b))
  })

  it('refuses what is not a hash', () => {
    expect(() => nodeHash('00', other)).toThrow(RangeError)
    expect(() => rootOfLeafHashes([other.toUpperCase()])).toThrow(RangeError)
  })
})

describe('inclusion', () => {
  it('proves every leaf and only at its place', () => {
    fc.assert(
      fc.property(tree(1), fc.nat(), fc.nat(), ({ hashes }, at, wrong) => {
        const [index, size, root] = [at % hashes.length, hashes.length, rootOfLeafHashes(hashes)]
        const proof = inclusionProof(hashes, index)
        const claim = { leafHash: hashes[index] as string, index, size, proof, root }
        expect(verifyInclusion(claim)).toBe(true)
        expect(verifyInclusion({ ...claim, leafHash: other })).toBe(false)
        expect(verifyInclusion({ ...claim, root: other })).toBe(false)
        expect(verifyInclusion({ ...claim, proof: [...proof, other] })).toBe(false)
        if (proof.length > 0) {
          expect(verifyInclusion({ ...claim, proof: proof.slice(1) })).toBe(false)
          expect(verifyInclusion({ ...claim, proof: proof.with(wrong % proof.length, other) })).toBe(false)
        }
      }),
    )
  })

  it('refuses sizes and indexes that are none', () => {
    const [leaf, proof] = [other, [] as string[]]
    for (const [index, size] of [
      [0, 0],
      [1, 1],
      [-1, 1],
      [0.5, 1],
      [0, 2 ** 53],
      [Number.NaN, 1],
    ] as const) {
      expect(verifyInclusion({ leafHash: leaf, index, size, proof, root: leaf })).toBe(false)
    }
    expect(() => inclusionProof([leaf], 1)).toThrow(RangeError)
    expect(() => inclusionProof([], 0)).toThrow(RangeError)
  })
})

describe('consistency', () => {
  it('proves every prefix and nothing else', () => {
    fc.assert(
      fc.property(tree(1), fc.nat(), fc.nat(), ({ hashes }, at, wrong) => {
        const [size1, size2] = [1 + (at % hashes.length), hashes.length]
        const proof = consistencyProof(hashes, size1)
        const claim = { size1, size2, root1: rootOfLeafHashes(hashes.slice(0, size1)), root2: rootOfLeafHashes(hashes), proof }
        expect(verifyConsistency(claim)).toBe(true)
        expect(verifyConsistency({ ...claim, root1: other })).toBe(false)
        expect(verifyConsistency({ ...claim, root2: other })).toBe(false)
        expect(verifyConsistency({ ...claim, proof: [...proof, other] })).toBe(false)
        if (proof.length > 0) expect(verifyConsistency({ ...claim, proof: proof.with(wrong % proof.length, other) })).toBe(false)
      }),
    )
  })

  it('takes two empty trees only with the root of the empty tree', () => {
    const empty = { size1: 0, size2: 0, root1: EMPTY_ROOT, root2: EMPTY_ROOT, proof: [] }
    expect(verifyConsistency(empty)).toBe(true)
    expect(verifyConsistency({ ...empty, root1: other, root2: other })).toBe(false)
    expect(verifyConsistency({ ...empty, size2: 1, root2: other })).toBe(false)
    expect(() => consistencyProof([other], 0)).toThrow(RangeError)
  })
})

describe('round root', () => {
  const round = makeRound('round-root', 12)

  it('does not depend on the order of arrival', () => {
    const wanted = roundRoot(round)
    expect(wanted.count).toBe(13)
    fc.assert(
      fc.property(fc.shuffledSubarray(round, { minLength: round.length }), (shuffled) => {
        expect(roundRoot(shuffled)).toEqual(wanted)
        expect(roundRootOfHashes(shuffled.map((event) => ({ ...event, leafHash: leafHash(event.bytes) })))).toEqual(wanted)
      }),
    )
  })

  it('puts round.opened first, then checkid and id by UTF-16 code units', () => {
    const keys = [
      { type: 'evidence.tcp.observed.v1', checkId: '\u{1F600}', id: 'a' },
      { type: 'evidence.tcp.observed.v1', checkId: '\uFFFD', id: 'b' },
      { type: 'evidence.tcp.observed.v1', checkId: '\uFFFD', id: 'a' },
      { type: 'round.sealed.v1', checkId: null, id: 'a' },
      { type: 'round.opened.v1', checkId: null, id: 'z' },
    ]
    const leaves = keys.map((key) => ({ ...key, bytes: Buffer.from(`${key.checkId}/${key.id}`) }))
    // A surrogate (0xD83D) sorts before U+FFFD by code unit, though its code point is greater.
    const wanted = ['null/z', '\u{1F600}/a', '\uFFFD/a', '\uFFFD/b'].map((text) => Buffer.from(text))
    expect(roundRoot(leaves)).toEqual({ root: modelRoot(wanted).toString('hex'), count: 4 })
  })
})
