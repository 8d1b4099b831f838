import { hash } from 'node:crypto'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { ProbeFailure } from '../transport.ts'
import type { KnownKeys } from './known-hosts.ts'

export type HostKeyVerdict = 'trusted' | 'revoked' | 'changed' | 'unknown'

/** A key is trusted when it is recorded for this host and not revoked; nothing else is. */
export function judgeHostKey(known: KnownKeys, key: Buffer): HostKeyVerdict {
  if (known.revoked.some((one) => one.equals(key))) return 'revoked'
  if (known.trusted.some((one) => one.equals(key))) return 'trusted'
  return known.trusted.length === 0 ? 'unknown' : 'changed'
}

/**
 * The only function that ssh2 gets as `hostVerifier`. ssh2 denies on a strict synchronous `false` and on nothing else,
 * and hangs on `undefined`; so whatever `verdict` is or does, this returns exactly `true` or exactly `false`, at once.
 */
export function toStrictVerifier(verdict: unknown): (key: Buffer) => boolean {
  return (key) => {
    if (typeof verdict !== 'function') return false
    try {
      const answer: unknown = verdict(key)
      // A promise is a denial; its rejection must not end the process either.
      if (answer instanceof Promise) answer.catch(() => {})
      return answer === true
    } catch {
      return false
    }
  }
}

/**
 * Host key algorithms to offer: only those of the recorded keys, or a healthy host that prefers another of its keys
 * looks changed. SHA-1 signatures are never offered. Undefined (ssh2's own list) where nothing usable is recorded:
 * the handshake then only serves to name the key that was seen, and is denied.
 */
export function hostKeyAlgorithms(keyTypes: readonly string[]): ServerHostKeyAlgorithm[] | undefined {
  const algorithms = keyTypes.flatMap((type) => ALGORITHMS[type] ?? [])
  return algorithms.length === 0 ? undefined : algorithms
}

const ALGORITHMS: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256'],
}

/** OpenSSH's form: `SHA256:` and unpadded base64. Public data. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${hash('sha256', key, 'base64').replace(/=+$/u, '')}`
}

export function hostKeyFailure(known: KnownKeys, seen: Buffer | null): ProbeFailure {
  const verdict = seen === null ? 'changed' : judgeHostKey(known, seen)
  const expected = known.trusted.length === 0 ? 'none recorded' : known.trusted.slice(0, 3).map(fingerprint).join(' ')
  const found = seen === null ? `no key of the recorded types ${known.keyTypes.join(' ')}` : fingerprint(seen)
  return new ProbeFailure('host_key', 'host_key', `host key ${verdict}: expected ${expected}, seen ${found}`)
}
