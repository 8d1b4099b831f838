import type { GuardInput } from '../../guards/guard-input.ts'
import { preflightResponse } from '../../guards/preflight.ts'
import type { RoundReader } from '../../ledger/ledger.ts'
import { sha256Digest } from '../../schemas/digest.ts'
import type { EvidenceEvent } from '../../schemas/event.ts'
import type { PreflightResult } from '../../schemas/response.ts'
import { type DecisionPorts, recordDecision } from './record-decision.ts'

/**
 * Checks what an owner sent back about a round; `response` null: there is no file. A response that a review of this round
 * already decided is a replay. Nothing of the content leaves this function.
 *
 * @param at now, RFC 3339 UTC
 */
export async function preflightOfRound(
  rounds: RoundReader,
  roundId: string,
  input: GuardInput,
  response: Uint8Array | null,
  at: string,
): Promise<PreflightResult> {
  const isReplayed = response !== null && (await isAlreadyDecided(rounds, roundId, sha256Digest(response)))
  return preflightResponse(input, response, { at, isReplayed })
}

async function isAlreadyDecided(rounds: RoundReader, roundId: string, digest: string): Promise<boolean> {
  for await (const page of rounds.readRound(roundId)) {
    for (const { text } of page) {
      const event = JSON.parse(text) as EvidenceEvent
      if (event.type === 'review.recorded.v1' && event.data.response_digest === digest) return true
    }
  }
  return false
}

/**
 * Records digests, codes and places, never any content.
 *
 * @param submittedBy subject of whoever sent it in, where a service knows; the command line does not
 */
export async function recordPreflight(ports: DecisionPorts, roundId: string, result: PreflightResult, submittedBy?: string): Promise<void> {
  await recordDecision(ports, roundId, 'response.preflighted.v1', {
    packet_set_digest: result.packet_set_digest,
    response_digest: result.response_digest,
    status: result.status,
    reasons: result.reasons,
    expected_gates: result.expected_gates,
    received: result.received,
    ...(submittedBy === undefined ? {} : { submitted_by: submittedBy }),
  })
}
