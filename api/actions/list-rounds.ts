import type { Ledger } from '../../ledger/ledger.ts'
import { judgeFold, readRoundFold } from '../../projector/project-round.ts'
import { EvidenceError } from '../../schemas/errors.ts'

export type ListedRound = { artifact_id: string; opened_at: string | null; overall: string; integrity: string; policy_version: string | null }

/**
 * Rounds of a ledger, newest first, each judged from its events at this moment: a list must not repeat what was true once.
 * One that cannot be judged (of a newer program, or damaged where it was opened) is shown as unknown.
 */
export async function listRounds(ledger: Pick<Ledger, 'roundIds' | 'readRound'>, limit: number): Promise<ListedRound[]> {
  const ids = [...(await ledger.roundIds())].reverse().slice(0, limit)
  const rows: ListedRound[] = []
  for (const id of ids) rows.push(await toRow(ledger, id))
  return rows
}

async function toRow(ledger: Pick<Ledger, 'readRound'>, id: string): Promise<ListedRound> {
  const fold = await readRoundFold(ledger, id)
  try {
    const { opened_at, summary, evidence, policy_version } = judgeFold(id, fold)
    return { artifact_id: id, opened_at, overall: summary.OVERALL_DECLARATION ?? 'unknown', integrity: evidence.integrity, policy_version }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { artifact_id: id, opened_at: null, overall: 'unknown', integrity: 'unknown', policy_version: null }
  }
}

/** One line a round. */
export function listText(rows: readonly ListedRound[]): string {
  if (rows.length === 0) return 'no rounds in this ledger; make one with `evidence round run --estate FILE`\n'
  return rows.map((row) => `${row.opened_at ?? '-'.padEnd(24)}  ${row.overall.padEnd(34)}  ${row.integrity.padEnd(18)}  ${row.artifact_id}\n`).join('')
}
