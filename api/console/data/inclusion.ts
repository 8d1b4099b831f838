import type { InclusionProof } from './shapes.ts'

/**
 * Checks an inclusion proof (RFC 9162 §2.1.3.2) in this browser over the exact bytes of an event, so that the page need not take
 * the server's word. Pure but for the browser's own SHA-256, which browsers offer on https and on the loopback only.
 */
export type InclusionAnswer = 'included' | 'not_included' | 'cannot_hash'

export async function checkInclusion(bytes: Uint8Array, { index, size, root, proof }: InclusionProof): Promise<InclusionAnswer> {
  if (globalThis.crypto?.subtle === undefined) return 'cannot_hash'
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return 'not_included'
  let hash = await sha256(0, bytes)
  let [at, last] = [index, size - 1]
  for (const hex of proof) {
    if (last === 0) return 'not_included'
    const sibling = fromHex(hex)
    if (sibling === null) return 'not_included'
    if (at % 2 === 1 || at === last) {
      hash = await sha256(1, sibling, hash)
      while (at % 2 === 0 && at !== 0) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
    } else hash = await sha256(1, hash, sibling)
    ;[at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  }
  return last === 0 && toHex(hash) === root ? 'included' : 'not_included'
}

async function sha256(prefix: number, ...parts: readonly Uint8Array[]): Promise<Uint8Array> {
  const input = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0))
  input[0] = prefix
  let at = 1
  for (const part of parts) {
    input.set(part, at)
    at += part.length
  }
  return new Uint8Array(await crypto.subtle.digest('SHA-256', input))
}

function fromHex(hex: string): Uint8Array | null {
  return /^[0-9a-f]{64}$/.test(hex) ? Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16)) : null
}

const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
