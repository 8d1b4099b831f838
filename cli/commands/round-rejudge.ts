import { differenceText, diffSnapshots } from '../../projector/diff-snapshots.ts'
import { projectRound } from '../../projector/project-round.ts'
import { isGreenOverall } from '../../schemas/summary.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/**
 * `evidence round rejudge ID --policy sop@V`: same evidence, other rules; exit 0 where the new result is green. Nothing
 * is stored: `round list` shows what a round was under its own policy.
 */
export async function run([id]: [string], options: { ledger: string; policy: string; json?: boolean }): Promise<Answer> {
  const { was, now } = await withLedger(options.ledger, 'readonly', async (ledger) => ({
    was: await projectRound(ledger, id),
    now: await projectRound(ledger, id, { policy: options.policy }),
  }))
  const difference = diffSnapshots(was, now)
  const head = [
    `round ${id}`,
    `POLICY sop@${was.policy_version} -> sop@${now.policy_version}`,
    `RESULT ${was.summary.OVERALL_DECLARATION} -> ${now.summary.OVERALL_DECLARATION}`,
  ]
  printResult(
    options.json,
    { artifact_id: id, from: was.policy_version, to: now.policy_version, ...difference, summary: now.summary },
    `${head.join('\n')}\n${differenceText(difference)}`,
  )
  return isGreenOverall(now.summary.OVERALL_DECLARATION) ? 0 : 1
}
