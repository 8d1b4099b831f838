import type { DispatchResult } from '../schemas/dispatch.ts'
import { listItems } from '../schemas/summary.ts'
import type { GuardInput } from './guard-input.ts'
import { type OwnerGate, ownerGate } from './owner-gates.ts'

/** What no dispatch ever grants; printed and exported as the number 0 (contract §5). */
const NOTHING_GRANTED = {
  dispatch_authorized: 0,
  request_sent_count: 0,
  owner_response_accepted: 0,
  host_write_authorized: 0,
  secret_value_collection_allowed: 0,
  runtime_gate: 0,
} as const

/** Owner gates of a summary in its own order. Ids that are none never get here: estates and summaries with one are refused. */
export function requiredGates({ summary }: GuardInput): OwnerGate[] {
  return listItems(summary.values.NEXT_REQUIRED_GATES).flatMap((id) => ownerGate(id, summary.values) ?? [])
}

/**
 * Turns NEXT_REQUIRED_GATES into checklists (contract §5). While services are not green the dispatch is held: repairing
 * the first blocked gate comes before asking owners for anything.
 */
export function dispatchNextGates(input: GuardInput): DispatchResult {
  const { values, contradictions } = input.summary
  const gates = requiredGates(input)
  const isHeld = values.SERVICE_GREEN !== '1'
  const first = values.FIRST_BLOCKED_GATE
  return {
    result_schema: 'evidence_dispatch_result_v1',
    status: isHeld ? 'held_service_not_green' : gates.length > 0 ? 'ready' : 'none_required',
    artifact_id: values.ARTIFACT_ID ?? 'unknown',
    first_blocked_gate: isHeld ? (first ?? 'unknown') : null,
    next_gate_count: gates.length,
    p0_gate_count: gates.filter((gate) => gate.priority === 'P0').length,
    ...NOTHING_GRANTED,
    gates: gates.map((gate) => ({
      id: gate.id,
      priority: gate.priority,
      owner: gate.ownerRole,
      current_evidence: gate.currentEvidence,
      required_evidence: gate.requiredEvidence.map((one) => `${one.id}: ${one.description}`),
      forbidden_actions: gate.forbiddenActions,
      post_checks: gate.postChecks,
    })),
    contradictions: contradictions.map((one) => ({ code: one.code, because: one.because, read_as: one.readAs })),
  }
}

/** Text form: KEY=VALUE lines in the contract's order. */
export function dispatchText(result: DispatchResult): string {
  const lines = [
    `POST_REBOOT_NEXT_GATE_DISPATCH status=${result.status} artifact=${result.artifact_id}`,
    `NEXT_GATE_COUNT=${result.next_gate_count}`,
    `P0_GATE_COUNT=${result.p0_gate_count}`,
    ...Object.keys(NOTHING_GRANTED).map((key) => `${key.toUpperCase()}=0`),
    ...(result.first_blocked_gate === null ? [] : [`FIRST_BLOCKED_GATE=${result.first_blocked_gate}`]),
    ...result.gates.flatMap((gate, index) => gateLines(gate, index + 1)),
    ...result.contradictions.map((one) => `CONTRADICTION ${one.code} because ${one.because} read_as ${one.read_as}`),
  ]
  return `${lines.join('\n')}\n`
}

function gateLines(gate: DispatchResult['gates'][number], n: number): string[] {
  const numbered = (name: string, items: readonly string[]): string[] => items.map((item, index) => `GATE_${n}_${name}_${index + 1}=${item}`)
  return [
    `GATE_${n}_ID=${gate.id}`,
    `GATE_${n}_PRIORITY=${gate.priority}`,
    `GATE_${n}_OWNER=${gate.owner}`,
    `GATE_${n}_CURRENT_EVIDENCE=${gate.current_evidence.join(';')}`,
    ...numbered('REQUIRED_EVIDENCE', gate.required_evidence),
    ...numbered('FORBIDDEN_ACTION', gate.forbidden_actions),
    ...numbered('POST_CHECK', gate.post_checks),
  ]
}
