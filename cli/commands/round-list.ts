import { listRounds, listText } from '../../api/actions/list-rounds.ts'
import { type Answer, printResult } from '../output.ts'
import { withStores } from '../stores.ts'

/** `evidence round list`: every round of the ledger, newest first; one that was never projected is shown as such. */
export async function run(_args: [], options: { ledger: string; limit: number; json?: boolean }): Promise<Answer> {
  const rows = await withStores(options.ledger, 'existing', ({ ledger, snapshots }) => listRounds(ledger, snapshots, options.limit))
  printResult(options.json, rows, listText(rows))
  return 0
}
