import { answerDeclaration } from '../../api/actions/answer-declaration.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, note, printResult } from '../output.ts'

/** `evidence guard declaration`: exit 1 where integrity fails, or a declaration asked for is forbidden or unknown. */
export async function run([id]: [string | undefined], options: SourceOptions & { declare: string[] }): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const answer = answerDeclaration(input, options.declare)
  if (roundId !== null && options.record !== false) {
    const { recordAnswer } = await import('../record-decision.ts')
    await recordAnswer(options.ledger, roundId, input, answer)
  }
  printResult(options.json, answer.result, answer.text)
  for (const name of answer.refused)
    note(`refused: ${answer.result.declarations.some((one) => one.name === name) ? `${name} is forbidden` : 'a declaration that is not in the catalogue'}`)
  return answer.isYes ? 0 : 1
}
