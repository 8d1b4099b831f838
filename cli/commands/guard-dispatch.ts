import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, printResult } from '../output.ts'

/** `evidence guard dispatch`: exit 1 while it is held because services are not green. */
export async function run([id]: [string | undefined], options: SourceOptions): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const result = dispatchNextGates(input)
  const answer = result.status === 'held_service_not_green' ? 1 : 0
  if (roundId !== null && options.record !== false) {
    const { recordDecision } = await import('../record-decision.ts')
    await recordDecision(options.ledger, roundId, 'guard.evaluated.v1', {
      guard: 'dispatch',
      policy_version: input.summary.values.POLICY_VERSION ?? 'unknown',
      evidence_root: input.summary.values.EVIDENCE_ROOT ?? null,
      summary_digest: input.summary.digest,
      result_digest: canonicalDigest(result),
      answer: answer === 0 ? 'yes' : 'no',
      declared: [],
    })
  }
  printResult(options.json, result, dispatchText(result))
  return answer
}
