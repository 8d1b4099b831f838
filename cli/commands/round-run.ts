import { roundText } from '../../api/actions/round-text.ts'
import { isGreenOverall } from '../../schemas/summary.ts'
import { type Answer, paint, printResult } from '../output.ts'
import { type RoundRunOptions, runRoundHere } from '../round-runner.ts'

/** `evidence round run`: exit 0 for a green result, 1 for anything less. */
export async function run(_args: [], options: RoundRunOptions & { json?: boolean }): Promise<Answer> {
  const { snapshot, summaryFile } = await runRoundHere(options)
  const { summary } = snapshot
  const result = {
    artifact_id: snapshot.artifact_id,
    overall: summary.OVERALL_DECLARATION,
    cold_start: snapshot.cold_start.result,
    integrity: snapshot.evidence.integrity,
    evidence_root: snapshot.evidence.root,
    summary_file: summaryFile,
  }
  printResult(options.json, result, `${roundText(snapshot, paint)}\nsummary    ${summaryFile}\n`)
  return isGreenOverall(summary.OVERALL_DECLARATION) ? 0 : 1
}
