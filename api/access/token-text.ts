import { hash, randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * A bearer token: `evl_<id>_<secret><checksum>`. The prefix lets scanners of repositories find one that was committed, the
 * checksum lets them (and us) tell it from text that only looks like one; the id is no secret. 40 letters and digits are
 * 238 bits, so a plain SHA-256 of the token is enough to keep: there is nothing to guess.
 */
const TOKEN = /^evl_([0-9a-f]{12})_([0-9A-Za-z]{40})([0-9a-f]{8})$/
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export type NewToken = { readonly id: string; readonly text: string; readonly hash: Buffer }

/** A new token from the system's source of randomness. Its text is shown once and kept nowhere. */
export function makeToken(): NewToken {
  const id = Array.from({ length: 12 }, () => randomInt(16).toString(16)).join('')
  const secret = Array.from({ length: 40 }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
  const start = `evl_${id}_${secret}`
  const text = `${start}${checksum(start)}`
  return { id, text, hash: hashToken(text) }
}

/** Id of a token that is one by its form and checksum; null: mistyped, cut off or something else. */
export function tokenIdOf(text: string): string | null {
  const [, id, secret, sum] = TOKEN.exec(text) ?? []
  return id !== undefined && checksum(`evl_${id}_${secret}`) === sum ? id : null
}

export function hashToken(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0')
}
