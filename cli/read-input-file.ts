import { open } from 'node:fs/promises'
import { EvidenceError } from '../schemas/errors.ts'

const CHUNK_BYTES = 65_536

/**
 * Reads a file a user named, up to a limit in bytes; one byte more is read where it is larger, so that the reader can
 * say so without taking it all into memory. Sizes are not believed: a pipe or a device has none. Throws `file_unreadable`.
 */
export async function readInputFile(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    const file = await open(path)
    try {
      if ((await file.stat()).isDirectory()) throw new EvidenceError('file_unreadable', `${path} is a folder`)
      const chunks: Uint8Array[] = []
      let left = maxBytes + 1
      while (left > 0) {
        const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, left))
        const { bytesRead } = await file.read(chunk, 0, chunk.length, null)
        if (bytesRead === 0) break
        chunks.push(chunk.subarray(0, bytesRead))
        left -= bytesRead
      }
      return Buffer.concat(chunks)
    } finally {
      await file.close()
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
