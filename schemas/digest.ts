import { hash } from 'node:crypto'
import { canonicalJson } from './canonical-json.ts'

/** `sha256:<64 hex>` of bytes or of a string's UTF-8. */
export type Digest = `sha256:${string}`

export function sha256Digest(data: string | Uint8Array): Digest {
  return `sha256:${hash('sha256', data, 'hex')}`
}

/** Digest of a value's RFC 8785 canonical JSON. */
export function canonicalDigest(value: unknown): Digest {
  return sha256Digest(canonicalJson(value))
}
