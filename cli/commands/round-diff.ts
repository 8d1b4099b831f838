import { differenceText, diffSnapshots } from '../../projector/diff-snapshots.ts'
import { projectRound } from '../../projector/project-round.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence round diff A B`: exit 0 where both conclude the same. */
export async function run([a, b]: [string, string], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const difference = await withLedger(options.ledger, 'readonly', async (ledger) => diffSnapshots(await projectRound(ledger, a), await projectRound(ledger, b)))
  printResult(options.json, { a, b, ...difference }, differenceText(difference))
  return difference.checks.length + difference.keys.length === 0 ? 0 : 1
}
