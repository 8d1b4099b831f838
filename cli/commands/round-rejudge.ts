import { rejudgeRound } from '../../api/actions/compare-rounds.ts'
import { projectRound } from '../../projector/project-round.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence round rejudge ID --policy sop@V`: same evidence, other rules; exit 0 where the new result is green. */
export async function run([id]: [string], options: { ledger: string; policy: string; json?: boolean }): Promise<Answer> {
  const { value, text, isYes } = await withLedger(options.ledger, 'readonly', (ledger) =>
    rejudgeRound((round, policy) => projectRound(ledger, round, policy === undefined ? {} : { policy }), id, options.policy),
  )
  printResult(options.json, value, text)
  return isYes ? 0 : 1
}
