import { diffRounds } from '../../api/actions/compare-rounds.ts'
import { projectRound } from '../../projector/project-round.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence round diff A B`: exit 0 where both conclude the same. */
export async function run([a, b]: [string, string], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const { value, text, isYes } = await withLedger(options.ledger, 'readonly', (ledger) => diffRounds((id) => projectRound(ledger, id), a, b))
  printResult(options.json, value, text)
  return isYes ? 0 : 1
}
