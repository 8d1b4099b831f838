import { ProbeFailure } from '../transport.ts'

/** Text of bytes that must be UTF-8; replacing what is not would change evidence. A byte-order mark is dropped. */
export function toUtf8Text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new ProbeFailure('parse', 'parse', 'not UTF-8 text', error)
  }
}
