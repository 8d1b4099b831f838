import { preflightOfRound, recordPreflight } from '../../api/actions/preflight-response.ts'
import { MAX_RESPONSE_BYTES, preflightResponse, preflightText } from '../../guards/preflight.ts'
import type { PreflightResult } from '../../schemas/response.ts'
import { type GuardSource, readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, printResult } from '../output.ts'
import { readInputFileIfThere } from '../read-input-file.ts'

/** `evidence guard preflight`: exit 1 unless the response is ready for an independent review. Nothing of it is kept. */
export async function run([id]: [string | undefined], options: SourceOptions & { responseFile?: string }): Promise<Answer> {
  const source = await readGuardSource(id, options)
  const response = options.responseFile === undefined ? null : await readInputFileIfThere(options.responseFile, MAX_RESPONSE_BYTES)
  const result = await preflight(source, response, options)
  printResult(options.json, result, preflightText(result))
  return result.ok ? 0 : 1
}

async function preflight({ input, roundId }: GuardSource, response: Uint8Array | null, options: SourceOptions): Promise<PreflightResult> {
  const at = new Date().toISOString()
  if (roundId === null) return preflightResponse(input, response, { at, isReplayed: false })
  const [{ withLedger }, { withDecisions }] = await Promise.all([import('../stores.ts'), import('../record-decision.ts')])
  const result = await withLedger(options.ledger, 'readonly', (ledger) => preflightOfRound(ledger, roundId, input, response, at))
  if (options.record !== false) await withDecisions(options.ledger, (ports) => recordPreflight(ports, roundId, result))
  return result
}
