import { rebuildLocalHistory } from '../open-history.ts'
import { type Answer, printResult } from '../output.ts'

/** `evidence history rebuild`: the tables of history once more from the events. */
export async function run(_args: [], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const rounds = await rebuildLocalHistory(options.ledger)
  printResult(options.json, { rounds }, `history made again from ${rounds} rounds\n`)
  return 0
}
