import { MAX_RESPONSE_BYTES, preflightResponse, preflightText } from '../../guards/preflight.ts'
import { sha256Digest } from '../../schemas/digest.ts'
import type { EvidenceEvent } from '../../schemas/event.ts'
import type { PreflightResult } from '../../schemas/response.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, printResult } from '../output.ts'
import { readInputFileIfThere } from '../read-input-file.ts'

/** `evidence guard preflight`: exit 1 unless the response is ready for an independent review. Nothing of it is kept. */
export async function run([id]: [string | undefined], options: SourceOptions & { responseFile?: string }): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const response = options.responseFile === undefined ? null : await readInputFileIfThere(options.responseFile, MAX_RESPONSE_BYTES)
  const isReplayed = roundId !== null && response !== null && (await isAlreadyUsed(options.ledger, roundId, sha256Digest(response)))
  const result = preflightResponse(input, response, { at: new Date().toISOString(), isReplayed })
  if (roundId !== null && options.record !== false) await recordPreflight(options.ledger, roundId, result)
  printResult(options.json, result, preflightText(result))
  return result.ok ? 0 : 1
}

/** A response that a review of this round already decided is not decided again. */
async function isAlreadyUsed(ledgerPath: string, roundId: string, digest: string): Promise<boolean> {
  const { withLedger } = await import('../stores.ts')
  return withLedger(ledgerPath, 'readonly', async (ledger) => {
    for await (const page of ledger.readRound(roundId)) {
      for (const { text } of page) {
        const event = JSON.parse(text) as EvidenceEvent
        if (event.type === 'review.recorded.v1' && event.data.response_digest === digest) return true
      }
    }
    return false
  })
}

async function recordPreflight(ledger: string, roundId: string, result: PreflightResult): Promise<void> {
  const { recordDecision } = await import('../record-decision.ts')
  await recordDecision(ledger, roundId, 'response.preflighted.v1', {
    packet_set_digest: result.packet_set_digest,
    response_digest: result.response_digest,
    status: result.status,
    reasons: result.reasons,
    expected_gates: result.expected_gates,
    received: result.received,
  })
}
