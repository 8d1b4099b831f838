import { randomBytes } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EvidenceError } from '../../schemas/errors.ts'

/**
 * Writes a file whole or not at all: temporary file beside it, fsync, rename, fsync of the folder (contract §4).
 * After a crash at any line the old file or the new one is there. `mode` is set whatever the umask says; without one the
 * file is 0644 less the umask. Throws `output_unwritable`.
 */
export async function writeFileAtomically(path: string, data: string | Uint8Array, mode?: number): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    const file = await open(temporary, 'wx', 0o644)
    try {
      await file.writeFile(data)
      if (mode !== undefined) await file.chmod(mode)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw new EvidenceError('output_unwritable', `cannot write ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`, {
      remedy: 'check the folder, its permissions and free space; the ledger is not affected',
      cause: error,
    })
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
