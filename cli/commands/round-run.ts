import { roundText } from '../../api/actions/round-text.ts'
import type { WatchAttempt } from '../../api/actions/watch-rounds.ts'
import { isGreenOverall } from '../../schemas/summary.ts'
import { type Answer, paint, printResult } from '../output.ts'
import { type FinishedRound, type RoundRunOptions, runRoundHere } from '../round-runner.ts'
import { assertWatchOptions, type WatchOptions, watchRoundsHere } from '../watch-runner.ts'

/** `evidence round run`: exit 0 for a green result, 1 for anything less; with `--watch`, of the last attempt. */
export async function run(_args: [], options: RoundRunOptions & WatchOptions & { json?: boolean }): Promise<Answer> {
  assertWatchOptions(options)
  if (!options.watch) return answer(await runRoundHere(options), options.json)
  const { last, attempts } = await watchRoundsHere(options)
  return answer(last, options.json, attempts)
}

function answer({ snapshot, summaryFile }: FinishedRound, isJson: boolean | undefined, attempts?: readonly WatchAttempt[]): Answer {
  const { summary } = snapshot
  const result = {
    artifact_id: snapshot.artifact_id,
    overall: summary.OVERALL_DECLARATION,
    cold_start: snapshot.cold_start.result,
    integrity: snapshot.evidence.integrity,
    evidence_root: snapshot.evidence.root,
    summary_file: summaryFile,
    ...(attempts === undefined ? {} : { attempts }),
  }
  const tried = attempts === undefined ? '' : `attempts   ${attempts.length}\n`
  printResult(isJson, result, `${roundText(snapshot, paint)}\nsummary    ${summaryFile}\n${tried}`)
  return isGreenOverall(summary.OVERALL_DECLARATION) ? 0 : 1
}
