/** The dispatch guard's result (contract §5). No zod here: guards must start fast. */
export type DispatchResult = {
  result_schema: 'evidence_dispatch_result_v1'
  status: 'ready' | 'held_service_not_green' | 'none_required'
  artifact_id: string
  first_blocked_gate: string | null
  next_gate_count: number
  p0_gate_count: number
  dispatch_authorized: 0
  request_sent_count: 0
  owner_response_accepted: 0
  host_write_authorized: 0
  secret_value_collection_allowed: 0
  runtime_gate: 0
  gates: {
    id: string
    priority: 'P0'
    owner: string
    current_evidence: string[]
    required_evidence: string[]
    forbidden_actions: string[]
    post_checks: string[]
  }[]
  contradictions: { code: string; because: string; read_as: string }[]
}
