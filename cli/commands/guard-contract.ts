import { checkPacketContract, contractText } from '../../guards/contract.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, printResult } from '../output.ts'
import { readInputFile } from '../read-input-file.ts'

const MAX_PACKET_BYTES = 4_194_304

/** `evidence guard contract`: exit 1 unless the packet file is exactly what the summary gives. */
export async function run([id]: [string | undefined], options: SourceOptions & { packetFile: string }): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const bytes = await readInputFile(options.packetFile, MAX_PACKET_BYTES)
  const result = checkPacketContract(input, Buffer.from(bytes).toString('utf8'))
  if (roundId !== null && options.record !== false) {
    const { recordGuard } = await import('../record-decision.ts')
    await recordGuard(options.ledger, roundId, input, { guard: 'contract', result, isYes: result.status === 'ok' })
  }
  printResult(options.json, result, contractText(result))
  return result.status === 'ok' ? 0 : 1
}
