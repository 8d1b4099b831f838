import { answerDispatch } from '../../api/actions/answer-dispatch.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, printResult } from '../output.ts'

/** `evidence guard dispatch`: exit 1 while it is held because services are not green. */
export async function run([id]: [string | undefined], options: SourceOptions): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const answer = answerDispatch(input)
  if (roundId !== null && options.record !== false) {
    const { recordAnswer } = await import('../record-decision.ts')
    await recordAnswer(options.ledger, roundId, input, answer)
  }
  printResult(options.json, answer.result, answer.text)
  return answer.isYes ? 0 : 1
}
