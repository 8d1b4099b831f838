import type { Ledger } from '../../ledger/ledger.ts'
import type { SnapshotStore } from '../../projector/snapshot-store.ts'

export type ListedRound = { artifact_id: string; opened_at: string | null; overall: string; integrity: string; policy_version: string | null }

/** Rounds of a ledger, newest first, with their stored results; one that was never projected is shown as such. */
export async function listRounds(ledger: Pick<Ledger, 'roundIds'>, snapshots: Pick<SnapshotStore, 'list'>, limit: number): Promise<ListedRound[]> {
  const known = new Map((await snapshots.list({ limit: 1_000_000 })).map((row) => [row.artifactId, row]))
  const ids = [...(await ledger.roundIds())].reverse().slice(0, limit)
  return ids.map((id) => {
    const row = known.get(id)
    return {
      artifact_id: id,
      opened_at: row?.openedAt ?? null,
      overall: row?.overall ?? 'unknown',
      integrity: row?.integrity ?? 'not projected',
      policy_version: row?.policyVersion ?? null,
    }
  })
}

/** One line a round. */
export function listText(rows: readonly ListedRound[]): string {
  if (rows.length === 0) return 'no rounds in this ledger; make one with `evidence round run --estate FILE`\n'
  return rows.map((row) => `${row.opened_at ?? '-'.padEnd(24)}  ${row.overall.padEnd(34)}  ${row.integrity.padEnd(18)}  ${row.artifact_id}\n`).join('')
}
