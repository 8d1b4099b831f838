import { listRounds, listText } from '../../api/actions/list-rounds.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence round list`: every round of the ledger, newest first; each is judged from its events. */
export async function run(_args: [], options: { ledger: string; limit: number; json?: boolean }): Promise<Answer> {
  const rows = await withLedger(options.ledger, 'existing', (ledger) => listRounds(ledger, options.limit))
  printResult(options.json, rows, listText(rows))
  return 0
}
