import { type FileStat, ProbeFailure } from '../transport.ts'

/** A file's size and time as evidence can carry them; a time outside the years 0-9999 is refused, not bent. */
export function toFileStat(sizeBytes: number, modifiedMs: number): FileStat {
  const modified = new Date(Math.floor(modifiedMs))
  const text = Number.isNaN(modified.getTime()) ? '' : modified.toISOString()
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || text.length !== 24) throw new ProbeFailure('parse', 'read', 'not a usable size or time')
  return { exists: true, sizeBytes, modifiedAt: text }
}
