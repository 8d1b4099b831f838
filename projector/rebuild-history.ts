import type { Ledger } from '../ledger/ledger.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { HistoryStore } from './history-store.ts'
import { projectRound } from './project-round.ts'
import type { SnapshotStore } from './snapshot-store.ts'

const PAGE_ROWS = 10_000

/**
 * Projects every round of a ledger that history does not tell of yet: rounds of an older program, or appended by one
 * that was killed before it saved the snapshot. After `clearHistory` that is all of them. Gives the number of rounds
 * projected; one that has events but was never opened is passed over.
 */
export async function fillHistory(ledger: Ledger, store: SnapshotStore, history: HistoryStore): Promise<number> {
  const known = await knownRounds(history)
  let projected = 0
  for (const roundId of await ledger.roundIds()) {
    if (known.has(roundId)) continue
    if (await projectKnownRound(ledger, roundId, store)) projected++
  }
  return projected
}

/** Projects one round into the store. False where the subject has events and was never opened: that is no round. Else throws as `projectRound`. */
export async function projectKnownRound(ledger: Ledger, roundId: string, store: SnapshotStore): Promise<boolean> {
  try {
    await projectRound(ledger, roundId, { store })
    return true
  } catch (error) {
    if (error instanceof EvidenceError && error.code === 'round_unknown') return false
    throw error
  }
}

async function knownRounds(history: HistoryStore): Promise<ReadonlySet<string>> {
  const known = new Set<string>()
  for (let after: string | null = null; ; ) {
    const page = await history.rounds({}, { limit: PAGE_ROWS, after })
    for (const row of page.rows) known.add(row.artifactId)
    if (page.next === null) return known
    after = page.next
  }
}
