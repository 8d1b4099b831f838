import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, printResult } from '../output.ts'

/** `evidence guard dispatch`: exit 1 while it is held because services are not green. */
export async function run([id]: [string | undefined], options: SourceOptions): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const result = dispatchNextGates(input)
  const answer = result.status === 'held_service_not_green' ? 1 : 0
  if (roundId !== null && options.record !== false) {
    const { recordGuard } = await import('../record-decision.ts')
    await recordGuard(options.ledger, roundId, input, { guard: 'dispatch', result, isYes: answer === 0 })
  }
  printResult(options.json, result, dispatchText(result))
  return answer
}
