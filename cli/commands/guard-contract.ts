import { answerContract, MAX_PACKET_BYTES } from '../../api/actions/answer-contract.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, printResult } from '../output.ts'
import { readInputFile } from '../read-input-file.ts'

/** `evidence guard contract`: exit 1 unless the packet file is exactly what the summary gives. */
export async function run([id]: [string | undefined], options: SourceOptions & { packetFile: string }): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const answer = answerContract(input, await readInputFile(options.packetFile, MAX_PACKET_BYTES))
  if (roundId !== null && options.record !== false) {
    const { recordAnswer } = await import('../record-decision.ts')
    await recordAnswer(options.ledger, roundId, input, answer)
  }
  printResult(options.json, answer.result, answer.text)
  return answer.isYes ? 0 : 1
}
