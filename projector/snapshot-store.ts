import type { Snapshot } from '../schemas/snapshot.ts'

export type SnapshotRow = { artifactId: string; policyVersion: string; openedAt: string; integrity: string; overall: string; snapshotDigest: string }

/**
 * Where snapshots are kept, so that lists and history need no projecting. A cache: every snapshot can be made again
 * from the ledger, and guards never trust a stored one over the events.
 *
 * - `save` is durable when it resolves, and idempotent: the same artifact and policy version replaces itself.
 * - `load` gives back exactly the saved value, or null.
 * - `list` is ordered by opening time, newest first.
 * - Throws `ledger_unavailable` or `ledger_full` (exit 3).
 */
export interface SnapshotStore {
  save(snapshot: Snapshot): Promise<void>
  load(artifactId: string, policyVersion: string): Promise<Snapshot | null>
  list(options: { limit: number }): Promise<readonly SnapshotRow[]>
}
