import { checkPacketContract, contractText } from '../../guards/contract.ts'
import type { GuardInput } from '../../guards/guard-input.ts'
import type { ContractResult } from '../../schemas/contract.ts'
import type { GuardAnswer } from './guard-answer.ts'

/** Largest packet file that is read, in bytes; a larger one is `too_large`. */
export const MAX_PACKET_BYTES = 4_194_304

/** Whether a packet file is exactly what the summary gives. Pure. */
export function answerContract(input: GuardInput, packetFile: Uint8Array): GuardAnswer<ContractResult> {
  const result = checkPacketContract(input, Buffer.from(packetFile).toString('utf8'))
  return { guard: 'contract', result, text: contractText(result), isYes: result.status === 'ok', declared: [] }
}
