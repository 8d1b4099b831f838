import { open } from 'node:fs/promises'
import ssh2 from 'ssh2'
import { ProbeFailure } from '../transport.ts'

const MAX_KEY_BYTES = 65_536

/**
 * Reads a private key for one connection; nothing keeps or prints it. Refuses, as OpenSSH does, a file of ours that
 * others may read, and a key with a passphrase (use the agent). No message quotes the file or the parser.
 */
export async function readPrivateKey(keyFile: string): Promise<Buffer> {
  const key = await readOwnFile(keyFile)
  const parsed = ssh2.utils.parseKey(key)
  if (parsed instanceof Error) throw new ProbeFailure('auth', 'auth', 'private key file cannot be used: not a key, or protected by a passphrase')
  if (!parsed.isPrivateKey()) throw new ProbeFailure('auth', 'auth', 'private key file holds a public key')
  return key
}

async function readOwnFile(keyFile: string): Promise<Buffer> {
  try {
    await using handle = await open(keyFile, 'r')
    const { mode, uid, size } = await handle.stat()
    if (uid === process.getuid?.() && (mode & 0o077) !== 0) throw new ProbeFailure('permission', 'auth', 'private key file may be read by others')
    if (size > MAX_KEY_BYTES) throw new ProbeFailure('auth', 'auth', 'private key file is too large')
    return await handle.readFile()
  } catch (error) {
    if (error instanceof ProbeFailure) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new ProbeFailure(code === 'EACCES' ? 'permission' : 'auth', 'auth', `private key file cannot be read: ${code}`)
  }
}
