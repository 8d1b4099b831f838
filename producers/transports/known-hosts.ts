import { createHmac, timingSafeEqual } from 'node:crypto'
import { EvidenceError } from '../../schemas/errors.ts'

/** One line of a known_hosts file. `patterns` is the host field as written; `blob` the public key in wire form. */
type KnownHostsLine = { marker: '' | '@revoked' | '@cert-authority'; patterns: string; keyType: string; blob: Buffer }
export type KnownHosts = readonly KnownHostsLine[]
/** What is recorded about one host: keys to trust, and keys that are refused whatever else is written. */
export type KnownKeys = { trusted: readonly Buffer[]; revoked: readonly Buffer[]; keyTypes: readonly string[] }

/**
 * Reads the estate's known_hosts text (OpenSSH's format). A line that cannot be read refuses the whole file: it might
 * be the one that revokes a key. Throws `EvidenceError('estate_invalid')`.
 */
export function parseKnownHosts(text: string): KnownHosts {
  return text.split('\n').flatMap((raw, i) => {
    const line = raw.trim()
    return line === '' || line.startsWith('#') ? [] : [parseLine(line, i + 1)]
  })
}

function parseLine(line: string, number: number): KnownHostsLine {
  const refuse = (why: string): EvidenceError => new EvidenceError('estate_invalid', `known_hosts line ${number}: ${why}`)
  const words = line.split(/[ \t]+/u)
  const marker = words[0]?.startsWith('@') ? (words.shift() ?? '') : ''
  if (marker !== '' && marker !== '@revoked' && marker !== '@cert-authority') throw refuse('unknown marker')
  const [patterns, keyType, key] = words
  if (patterns === undefined || keyType === undefined || key === undefined) throw refuse('needs host, key type and key')
  if (patterns.startsWith('|') && !/^\|1\|[A-Za-z0-9+/]+=*\|[A-Za-z0-9+/]+=*$/u.test(patterns)) throw refuse('not a hashed host name')
  const blob = Buffer.from(key, 'base64')
  if (blob.toString('base64').replace(/=+$/u, '') !== key.replace(/=+$/u, '')) throw refuse('key is not base64')
  if (keyTypeOf(blob) !== keyType) throw refuse('key is not of the type the line says')
  return { marker, patterns, keyType, blob }
}

/** The algorithm name a public key in wire form begins with; empty when it is none. */
export function keyTypeOf(blob: Buffer): string {
  if (blob.length < 4) return ''
  const length = blob.readUInt32BE(0)
  return length > 64 || blob.length <= 4 + length ? '' : blob.toString('latin1', 4, 4 + length)
}

/** Everything recorded for `host` at `port`. Certificate authorities give no trust: certificates are not checked here. */
export function keysOf(knownHosts: KnownHosts, host: string, port: number): KnownKeys {
  const lines = knownHosts.filter((line) => matchesHost(line.patterns, host, port))
  const trusted = lines.filter((line) => line.marker === '')
  return {
    trusted: trusted.map((line) => line.blob),
    revoked: lines.filter((line) => line.marker === '@revoked').map((line) => line.blob),
    keyTypes: [...new Set(trusted.map((line) => line.keyType))],
  }
}

function matchesHost(patterns: string, host: string, port: number): boolean {
  const name = host.toLowerCase()
  const names = port === 22 ? [name, `[${name}]:22`] : [`[${name}]:${port}`]
  if (patterns.startsWith('|')) return names.some((one) => matchesHash(patterns, one))
  const parts = patterns.split(',')
  const hits = (pattern: string): boolean => names.some((one) => wildcard(pattern.toLowerCase()).test(one))
  if (parts.some((part) => part.startsWith('!') && hits(part.slice(1)))) return false
  return parts.some((part) => !part.startsWith('!') && hits(part))
}

/** `|1|salt|hash`: HMAC-SHA1 of the name with the salt as key, both base64. */
function matchesHash(hashed: string, name: string): boolean {
  const [, , salt = '', hash = ''] = hashed.split('|')
  const expected = Buffer.from(hash, 'base64')
  const actual = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return expected.length === actual.length && timingSafeEqual(expected, actual)
}

/** Only `*` and `?` are special, as in OpenSSH. */
function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/gu, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 'u')
}
