import { z } from 'zod'
import type { Digest } from './digest.ts'

/**
 * What an owner sends back (contract §5). The shape is strict; texts are looked at field by field in
 * `guards/response-fields.ts`, so that a refusal can say what kind of content it found without repeating it.
 */
const Text = z.string().max(8000)

const Evidence = z.strictObject({ id: Text, reference_type: Text, reference: Text, recorded_on: Text })

const GateResponse = z.strictObject({
  gate_id: Text,
  packet_digest: Text.optional(),
  approved: z.boolean().optional(),
  comment: Text.optional(),
  evidence: z.array(Evidence).max(100).optional(),
})

export const OwnerResponse = z.strictObject({
  response_schema: z.literal('evidence_owner_response_v1').optional(),
  artifact_id: Text.optional(),
  packet_set_digest: Text.optional(),
  owner_id: Text.optional(),
  responded_at: Text.optional(),
  valid_until: Text.optional(),
  approved: z.boolean().optional(),
  comment: Text.optional(),
  requests: z
    .strictObject({ runtime_action: z.boolean(), credential_marker_write: z.boolean(), security_runtime_action: z.boolean() })
    .optional()
    .describe('all false; asking for any of them blocks the response'),
  responses: z.array(GateResponse).max(50).optional(),
})
export type OwnerResponse = z.infer<typeof OwnerResponse>

/** Kinds of reference evidence may be: names of records kept elsewhere, never their content. */
export const REFERENCE_TYPES = [
  'vault_item_id',
  'sealed_envelope_id',
  'recovery_checklist_id',
  'change_ticket_id',
  'runbook_id',
  'backup_id',
  'role_or_person_id',
  'record_id',
  'redacted_export_digest',
] as const
export type ReferenceType = (typeof REFERENCE_TYPES)[number]

/** Statuses of a preflight in order of precedence (contract §5); the last one is the only one that is not blocked. */
export const PREFLIGHT_STATUSES = [
  'blocked_waiting_owner_response_file',
  'blocked_unreadable_response',
  'blocked_round_mismatch',
  'blocked_response_expired_or_replayed',
  'blocked_secret_payload',
  'blocked_runtime_action_requested',
  'blocked_credential_marker_write_requested',
  'blocked_security_runtime_action_requested',
  'blocked_generic_approval',
  'blocked_waiting_owner_response_content',
  'blocked_missing_gate_response',
  'blocked_missing_required_evidence',
  'ready_for_independent_review',
] as const
export type PreflightStatus = (typeof PREFLIGHT_STATUSES)[number]

export type PreflightReason = { code: string; pointer: string }
export type PreflightResult = {
  result_schema: 'evidence_response_preflight_result_v1'
  status: PreflightStatus
  ok: boolean
  artifact_id: string
  packet_set_digest: Digest
  response_digest: Digest | null
  expected_gates: number
  received: number
  accepted: 0
  runtime_gate: 0
  reasons: PreflightReason[]
}
