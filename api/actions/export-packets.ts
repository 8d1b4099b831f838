import type { GuardInput } from '../../guards/guard-input.ts'
import type { OwnerPackets } from '../../schemas/packets.ts'
import { type DecisionPorts, recordDecision } from './record-decision.ts'

/** Records that the owner packets of a round were handed out: digests and gates, no content. */
export async function recordExport(ports: DecisionPorts, roundId: string, { summary }: GuardInput, packets: OwnerPackets): Promise<void> {
  await recordDecision(ports, roundId, 'packets.exported.v1', {
    evidence_root: packets.source.evidence_root,
    summary_digest: summary.digest,
    packet_set_digest: packets.packet_set_digest as `sha256:${string}`,
    gates: packets.source.next_required_gates,
  })
}
