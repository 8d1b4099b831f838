import { roundText } from '../../api/actions/round-text.ts'
import { projectRound } from '../../projector/project-round.ts'
import { isGreenOverall } from '../../schemas/summary.ts'
import { type Answer, paint, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence round show`: gates in order with their checks. Exit 0 only for a green result. */
export async function run([id]: [string], options: { ledger: string; policy?: string; json?: boolean }): Promise<Answer> {
  const snapshot = await withLedger(options.ledger, 'readonly', (ledger) =>
    projectRound(ledger, id, options.policy === undefined ? {} : { policy: options.policy }),
  )
  printResult(options.json, snapshot, roundText(snapshot, paint))
  return isGreenOverall(snapshot.summary.OVERALL_DECLARATION) ? 0 : 1
}
