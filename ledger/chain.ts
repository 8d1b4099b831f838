import { hash } from 'node:crypto'

/** The chain before the first event. */
export const CHAIN_START: Uint8Array = new Uint8Array(32)

/**
 * Running hash over a ledger: chain(n) = SHA-256(0x02 ‖ chain(n-1) ‖ bytes of event n). Each row keeps its own, so a
 * changed, missing, doubled or moved row is found and named; 0x02 keeps it apart from Merkle leaves and nodes.
 */
export class Chain {
  /** 0x02, the chain so far, room for an event; the hash is written back in place. */
  #input: Buffer

  constructor(start: Uint8Array) {
    this.#input = Buffer.alloc(4096)
    this.#input[0] = 2
    this.#input.set(start, 1)
  }

  /** Goes on over the bytes of the next event and writes the new chain into `into` (32 bytes). */
  push(bytes: Uint8Array, into: Buffer): void {
    const length = 33 + bytes.length
    if (this.#input.length < length) this.#input = Buffer.concat([this.#input.subarray(0, 33)], 2 * length)
    this.#input.set(bytes, 33)
    const value = hash('sha256', this.#input.subarray(0, length), 'binary')
    this.#input.write(value, 1, 32, 'latin1')
    into.write(value, 0, 32, 'latin1')
  }
}
