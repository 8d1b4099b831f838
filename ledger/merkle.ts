import { hash } from 'node:crypto'

/**
 * The Merkle tree of RFC 6962 §2.1: leaf = SHA-256(0x00 ‖ data), node = SHA-256(0x01 ‖ left ‖ right). The two prefixes
 * keep a leaf from being passed off as a node. Hashes are 64 lower-case hex digits everywhere outside this file.
 */

/** Root of a tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT = hash('sha256', '', 'hex')

export function leafHash(data: Uint8Array): string {
  return hash('sha256', Buffer.concat([Buffer.of(0), data]), 'hex')
}

/** Both arguments are hashes in hex; throws `RangeError` for anything else. */
export function nodeHash(left: string, right: string): string {
  return hash('sha256', Buffer.from(`01${assertHash(left)}${assertHash(right)}`, 'hex'), 'hex')
}

/** Root over leaf hashes (hex), in the order given. */
export function rootOfLeafHashes(leafHashes: readonly string[]): string {
  const tree = new CompactTree()
  for (const leaf of leafHashes) tree.addLeafHash(leaf)
  return tree.root()
}

/**
 * A growing tree that keeps only the roots of its full subtrees: O(log n) memory, one leaf hash and on average one node
 * hash a leaf. Good for up to 2^32 - 1 leaves.
 */
export class CompactTree {
  readonly #hasher = new Hasher()
  /** Roots of the full subtrees, largest first: one for each bit that is set in `#size`. */
  readonly #roots: string[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  /** `data`: bytes, or a well-formed string whose UTF-8 they are. */
  addLeaf(data: Uint8Array | string): void {
    this.#push(this.#hasher.leaf(data))
  }

  addLeafHash(hex: string): void {
    this.#push(fromHex(hex))
  }

  root(): string {
    let right = this.#roots.at(-1)
    if (right === undefined) return EMPTY_ROOT
    for (let i = this.#roots.length - 2; i >= 0; i--) right = this.#hasher.node(this.#roots[i] as string, right)
    return toHex(right)
  }

  #push(leaf: string): void {
    let top = leaf
    for (let size = this.#size; (size & 1) === 1; size >>>= 1) top = this.#hasher.node(this.#roots.pop() as string, top)
    this.#roots.push(top)
    this.#size++
  }
}

/**
 * Hashes travel as `binary` strings (one character a byte) in here: with one-shot `crypto.hash` that takes a third of
 * the time of a Buffer result, and the input buffer is reused because the hash has read it before the call returns.
 */
class Hasher {
  #leafInput = Buffer.alloc(1024)
  readonly #nodeInput = Buffer.alloc(65, 1)

  leaf(data: Uint8Array | string): string {
    if (typeof data === 'string') return hash('sha256', `\0${data}`, 'binary')
    const length = data.length + 1
    if (this.#leafInput.length < length) this.#leafInput = Buffer.alloc(2 * length)
    this.#leafInput.set(data, 1)
    return hash('sha256', this.#leafInput.subarray(0, length), 'binary')
  }

  node(left: string, right: string): string {
    this.#nodeInput.write(left, 1, 32, 'latin1')
    this.#nodeInput.write(right, 33, 32, 'latin1')
    return hash('sha256', this.#nodeInput, 'binary')
  }
}

const HASH = /^[0-9a-f]{64}$/

/** True for the one spelling of a hash that this module takes. */
export function isHash(text: string): boolean {
  return HASH.test(text)
}

function assertHash(text: string): string {
  if (!isHash(text)) throw new RangeError('a hash is 64 lower-case hex digits')
  return text
}

function fromHex(hex: string): string {
  return Buffer.from(assertHash(hex), 'hex').toString('latin1')
}

function toHex(binary: string): string {
  return Buffer.from(binary, 'latin1').toString('hex')
}
