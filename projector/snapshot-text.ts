import type { Snapshot } from '../schemas/snapshot.ts'

/**
 * The stored form of a snapshot. Not canonical JSON, which sorts keys: the order of `summary` is that of summary.txt, so
 * that a loaded snapshot writes the same file. The order is fixed by the program, so the same snapshot gives the same text.
 */
export function snapshotText(snapshot: Snapshot): string {
  return JSON.stringify(snapshot)
}
