import type { Ledger } from '../../ledger/ledger.ts'
import { projectRound } from '../../projector/project-round.ts'
import type { SnapshotStore } from '../../projector/snapshot-store.ts'
import { monitorResult } from './monitor-values.ts'

/** Two weeks of rounds every ten minutes; a green from before that shows as none, which is only worse. */
const LOOK_BACK = 2000

/**
 * When the newest green round of the estate was sealed, or null. Stored snapshots only say where to look: the round is
 * projected again from its events before it counts. Throws what the stores throw.
 */
export async function lastGreenAt(ledger: Ledger, snapshots: SnapshotStore, estateId: string): Promise<Date | null> {
  for (const row of await snapshots.list({ limit: LOOK_BACK })) {
    const stored = row.integrity === 'verified' ? await snapshots.load(row.artifactId, row.policyVersion) : null
    if (stored === null || stored.estate.id !== estateId || monitorResult(stored) !== 'green') continue
    const proved = await projectRound(ledger, row.artifactId)
    if (proved.sealed_at !== null && monitorResult(proved) === 'green') return new Date(proved.sealed_at)
  }
  return null
}
