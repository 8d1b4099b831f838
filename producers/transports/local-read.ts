import { constants, type Stats } from 'node:fs'
import { type FileHandle, open, stat } from 'node:fs/promises'
import { scrubLine } from '../scrub-line.ts'
import { type FileStat, ProbeFailure, type RunOptions } from '../transport.ts'
import { outputTooLarge } from './collect-output.ts'
import { startDeadline } from './deadline.ts'
import { toFileStat } from './file-stat.ts'

const CHUNK_BYTES = 65_536

/**
 * Reads a regular file. A missing file is `unreachable` at stage `read`: there was nothing to look at. Opened without
 * blocking, so that a FIFO in a file's place cannot hang the reader; anything but a regular file is refused.
 */
export async function readLocalFile(path: string, options: RunOptions): Promise<Buffer> {
  const deadline = startDeadline(options)
  try {
    return await deadline.race(readAll(path, options.maxBytes, deadline.signal), 'read')
  } finally {
    deadline.clear()
  }
}

async function readAll(path: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
    if (!(await handle.stat()).isFile()) throw new ProbeFailure('parse', 'read', 'not a regular file')
    return await readChunks(handle, maxBytes, signal)
  } catch (error) {
    throw toReadFailure(error)
  } finally {
    await handle?.close()
  }
}

/** Sizes are not trusted: files in /proc say 0, and others grow while they are read. */
async function readChunks(handle: FileHandle, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  while (!signal.aborted) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES, null)
    if (bytesRead === 0) break
    size += bytesRead
    if (size > maxBytes) throw outputTooLarge(maxBytes)
    chunks.push(buffer.subarray(0, bytesRead))
  }
  return Buffer.concat(chunks)
}

/** `exists: false` only where the system says so (ENOENT, ENOTDIR); any other trouble is a failure to look. */
export async function statLocalFile(path: string, options: RunOptions): Promise<FileStat> {
  const deadline = startDeadline(options)
  try {
    const found = await deadline.race(statOrNull(path), 'read')
    return found === null ? { exists: false } : toFileStat(found.size, found.mtimeMs)
  } catch (error) {
    throw toReadFailure(error)
  } finally {
    deadline.clear()
  }
}

async function statOrNull(path: string): Promise<Stats | null> {
  try {
    return await stat(path)
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function isMissing(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

function toReadFailure(error: unknown): ProbeFailure {
  if (error instanceof ProbeFailure) return error
  const code = errorCode(error)
  if (isMissing(error)) return new ProbeFailure('unreachable', 'read', 'file does not exist', error)
  if (code === 'EACCES' || code === 'EPERM') return new ProbeFailure('permission', 'read', 'permission denied', error)
  return new ProbeFailure('internal', 'read', scrubLine(`cannot read: ${code}`), error)
}
