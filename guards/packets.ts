import { canonicalDigest } from '../schemas/digest.ts'
import type { OwnerPacket, OwnerPackets } from '../schemas/packets.ts'
import { countOf } from '../schemas/summary.ts'
import { requiredGates } from './dispatch.ts'
import type { GuardInput } from './guard-input.ts'
import type { OwnerGate } from './owner-gates.ts'
import { gateTemplate } from './response-template.ts'

/**
 * Owner packets of a round (contract §5): one per required owner gate, each with its digest, and a digest over the set.
 * Pure, without a clock: the same summary gives the same bytes.
 */
export function buildOwnerPackets(input: GuardInput): OwnerPackets {
  const { values, digest } = input.summary
  const gates = requiredGates(input)
  const estate = values.ESTATE_ID ?? 'unknown'
  const set: Omit<OwnerPackets, 'packet_set_digest'> = {
    schema_version: `${estate.replaceAll('-', '_')}_post_reboot_next_gate_owner_packets_v1`,
    source: {
      artifact_id: values.ARTIFACT_ID ?? 'unknown',
      summary_digest: digest,
      evidence_root: /^[0-9a-f]{64}$/.test(values.EVIDENCE_ROOT ?? '') ? (values.EVIDENCE_ROOT as string) : null,
      evidence_count: countOf(values.EVIDENCE_COUNT),
      estate,
      policy_version: values.POLICY_VERSION ?? 'unknown',
      overall_declaration: values.OVERALL_DECLARATION ?? 'unknown',
      next_required_gates: gates.map((gate) => gate.id),
    },
    next_gate_count: gates.length,
    p0_gate_count: gates.filter((gate) => gate.priority === 'P0').length,
    request_sent_count: 0,
    owner_response_received_count: 0,
    owner_response_accepted_count: 0,
    runtime_action_authorized_count: 0,
    dispatch_authorized: 0,
    host_write_authorized: 0,
    secret_value_collection_allowed: 0,
    runtime_gate: 0,
    owner_packets: gates.map(buildPacket),
  }
  return { ...set, packet_set_digest: canonicalDigest(set) }
}

function buildPacket(gate: OwnerGate): OwnerPacket {
  const packet: Omit<OwnerPacket, 'packet_digest'> = {
    gate_id: gate.id,
    priority: gate.priority,
    owner_role: gate.ownerRole,
    current_evidence: gate.currentEvidence,
    required_evidence: gate.requiredEvidence,
    forbidden_actions: gate.forbiddenActions,
    post_checks: gate.postChecks,
    response_template: gateTemplate(
      gate.id,
      gate.requiredEvidence.map((one) => one.id),
    ),
  }
  return { ...packet, packet_digest: canonicalDigest(packet) }
}
