import { z } from 'zod'
import { Count, DigestText, line, OwnerGateId, RoundId, Sha256Hex, Slug } from './primitives.ts'
import { MAX_VALUE_LENGTH } from './summary.ts'

/** Owner packets (contract §5): an intake for review; neither a request nor an approval, so everything counted is 0. */
const Zero = z.literal(0)
const Text = line(300).min(1)

const NOTHING_GRANTED = {
  request_sent_count: Zero,
  owner_response_received_count: Zero,
  owner_response_accepted_count: Zero,
  runtime_action_authorized_count: Zero,
  dispatch_authorized: Zero,
  host_write_authorized: Zero,
  secret_value_collection_allowed: Zero,
  runtime_gate: Zero,
} as const
/** The counters and flags of a packet set: each is the number 0, and a packet set with anything else is refused. */
export const PACKET_ZEROS = Object.keys(NOTHING_GRANTED) as (keyof typeof NOTHING_GRANTED)[]

export const OwnerPacket = z.strictObject({
  gate_id: OwnerGateId,
  priority: z.literal('P0'),
  owner_role: Text,
  current_evidence: z.array(line(100 + MAX_VALUE_LENGTH).min(1)).min(1),
  required_evidence: z.array(z.strictObject({ id: OwnerGateId, description: Text, acceptable: z.array(Text).min(1), forbidden: z.array(Text).min(1) })).min(1),
  forbidden_actions: z.array(Text).min(1),
  post_checks: z.array(Text).min(1),
  response_template: z.record(z.string(), z.unknown()),
  packet_digest: DigestText,
})
export type OwnerPacket = z.infer<typeof OwnerPacket>

export const OwnerPackets = z.strictObject({
  schema_version: z.string().regex(/^[a-z0-9_]+_post_reboot_next_gate_owner_packets_v1$/),
  source: z.strictObject({
    artifact_id: z.union([RoundId, z.literal('unknown')]),
    summary_digest: DigestText,
    evidence_root: Sha256Hex.nullable(),
    evidence_count: Count.nullable(),
    estate: Slug,
    policy_version: line(20),
    overall_declaration: line(60),
    next_required_gates: z.array(OwnerGateId).max(50),
  }),
  next_gate_count: Count,
  p0_gate_count: Count,
  ...NOTHING_GRANTED,
  owner_packets: z.array(OwnerPacket).max(50),
  packet_set_digest: DigestText,
})
export type OwnerPackets = z.infer<typeof OwnerPackets>
