import { execFileSync } from 'node:child_process'
import { createCipheriv, createDecipheriv, createHash, scryptSync } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A real restic repository with one snapshot of one small file, at `dir`.
 *
 * restic makes its key so that opening it takes half a second of a processor. A round opens thirteen repositories; here
 * the key is wrapped again with a derivation that costs nothing (restic's design document, "Keys, Encryption and MAC").
 */
export function makeRepository(dir: string, password: string, scratch: string): void {
  mkdirSync(scratch, { recursive: true })
  writeFileSync(join(scratch, 'password'), password)
  writeFileSync(join(scratch, 'kept'), 'something to keep\n')
  const restic = (...words: string[]): void => {
    execFileSync('restic', ['-q', '--no-cache', '-r', dir, '--password-file', join(scratch, 'password'), ...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  }
  restic('init')
  wrapAgain(join(dir, 'keys'), password)
  restic('backup', join(scratch, 'kept'))
  rmSync(scratch, { recursive: true })
}

type KeyFile = { kdf: 'scrypt'; N: number; r: number; p: number; salt: string; data: string }

function wrapAgain(folder: string, password: string): void {
  const [name = ''] = readdirSync(folder)
  const key = JSON.parse(readFileSync(join(folder, name), 'utf8')) as KeyFile
  const master = open(Buffer.from(key.data, 'base64'), derive(password, key))
  const cheap = { ...key, N: 2, p: 1 }
  const text = JSON.stringify({ ...cheap, data: seal(master, Buffer.from(key.data, 'base64').subarray(0, 16), derive(password, cheap)).toString('base64') })
  rmSync(join(folder, name))
  writeFileSync(join(folder, createHash('sha256').update(text).digest('hex')), text, { mode: 0o400 })
}

type Derived = { encrypt: Buffer; k: Buffer; r: Buffer }

function derive(password: string, { salt, N, r, p }: KeyFile): Derived {
  const bytes = scryptSync(password, Buffer.from(salt, 'base64'), 64, { N, r, p, maxmem: 512 * 1024 * 1024 })
  return { encrypt: bytes.subarray(0, 32), k: bytes.subarray(32, 48), r: bytes.subarray(48, 64) }
}

function open(data: Buffer, { encrypt }: Derived): Buffer {
  return createDecipheriv('aes-256-ctr', encrypt, data.subarray(0, 16)).update(data.subarray(16, -16))
}

function seal(plain: Buffer, iv: Buffer, { encrypt, k, r }: Derived): Buffer {
  const text = createCipheriv('aes-256-ctr', encrypt, iv).update(plain)
  const s = createCipheriv('aes-128-ecb', k, null).setAutoPadding(false).update(iv)
  return Buffer.concat([iv, text, poly1305(text, r, s)])
}

/** Poly1305 (RFC 8439, 2.5.1) with the two halves of its key given apart. */
function poly1305(message: Buffer, r: Buffer, s: Buffer): Buffer {
  const p = (1n << 130n) - 5n
  const factor = little(r) & 0x0ffffffc0ffffffc0ffffffc0fffffffn
  let sum = 0n
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16)
    sum = ((sum + little(block) + (1n << BigInt(8 * block.length))) * factor) % p
  }
  const tag = (sum + little(s)) & ((1n << 128n) - 1n)
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse()
}

const little = (bytes: Buffer): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex') || '0'}`)
