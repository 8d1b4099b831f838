/** The packet contract guard's result (contract §5). */

/** Why a packet file is not the one its summary gives. The list is closed; docs/guards.md explains each. */
export const CONTRACT_REASONS = [
  'too_large',
  'not_json',
  'duplicate_key',
  'schema_invalid',
  'counter_not_zero',
  'round_mismatch',
  'gates_mismatch',
  'count_mismatch',
  'packet_incomplete',
  'packet_digest_mismatch',
  'packet_set_digest_mismatch',
  'secret_like_content',
  'content_differs_from_summary',
] as const
export type ContractReason = (typeof CONTRACT_REASONS)[number]

export type ContractResult = {
  result_schema: 'evidence_packet_contract_result_v1'
  status: 'ok' | 'blocked'
  reasons: ContractReason[]
  gates: number
  artifact_id: string
}
