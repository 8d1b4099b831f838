import { readFile, stat } from 'node:fs/promises'
import { EvidenceError } from '../schemas/errors.ts'

/**
 * Reads a file a user named, up to a limit in bytes; one byte more is read where it is larger, so that the reader can
 * say so without taking it all into memory. Throws `file_unreadable`.
 */
export async function readInputFile(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const info = await stat(path)
    if (info.isDirectory()) throw new EvidenceError('file_unreadable', `${path} is a folder`)
    if (info.size <= maxBytes) return await readFile(path)
    const { open } = await import('node:fs/promises')
    const handle = await open(path)
    try {
      const { buffer } = await handle.read(Buffer.alloc(maxBytes + 1), 0, maxBytes + 1, 0)
      return buffer
    } finally {
      await handle.close()
    }
  } catch (error) {
    if (error instanceof EvidenceError) throw error
    throw new EvidenceError('file_unreadable', `cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`, { cause: error })
  }
}

/** A file that does not exist is an answer to some questions. */
export async function readInputFileIfThere(path: string, maxBytes: number): Promise<Uint8Array | null> {
  try {
    return await readInputFile(path, maxBytes)
  } catch (error) {
    const code = error instanceof EvidenceError && error.cause instanceof Error && 'code' in error.cause ? error.cause.code : null
    if (code === 'ENOENT') return null
    throw error
  }
}
