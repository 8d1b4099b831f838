import type { OwnerPackets } from '../schemas/packets.ts'

const NO_REQUESTS = { runtime_action: false, credential_marker_write: false, security_runtime_action: false } as const

/** One gate's part of the answer, to be filled in. Every placeholder is one that preflight knows as such. */
export function gateTemplate(gateId: string, evidenceIds: readonly string[]) {
  return {
    gate_id: gateId,
    approved: false,
    comment: '',
    evidence: evidenceIds.map((id) => ({
      id,
      reference_type: 'TODO_REFERENCE_TYPE',
      reference: `EVIDENCE_ID_FOR_${id.toUpperCase()}`,
      recorded_on: 'TODO_DATE',
    })),
  }
}

/**
 * The response an owner fills in for a packet set; sent back unchanged it is `blocked_waiting_owner_response_content`.
 * Its shape is `schemas/response.ts`.
 */
export function responseTemplate(packets: OwnerPackets) {
  return {
    response_schema: 'evidence_owner_response_v1',
    artifact_id: packets.source.artifact_id,
    packet_set_digest: packets.packet_set_digest,
    owner_id: 'TODO_OWNER_ID',
    responded_at: 'TODO_TIME',
    valid_until: 'TODO_TIME',
    requests: NO_REQUESTS,
    responses: packets.owner_packets.map((packet) => ({ ...packet.response_template, packet_digest: packet.packet_digest })),
  }
}
