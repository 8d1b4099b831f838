import type { OwnerPacket, OwnerPackets } from '../schemas/packets.ts'
import type { OwnerResponse } from '../schemas/response.ts'
import { type Finding, isPlaceholder, isReferenceType } from './response-fields.ts'

type GateResponse = NonNullable<OwnerResponse['responses']>[number]
type Evidence = NonNullable<GateResponse['evidence']>[number]

/** Evidence that is filled in; placeholders are none. */
export function filledEvidence(gate: GateResponse | undefined): Evidence[] {
  return (gate?.evidence ?? []).filter((one) => !isPlaceholder(one.reference) && isReferenceType(one.reference_type) && !isPlaceholder(one.recorded_on))
}

/** What a gate's packet asks for and its answer lacks. */
export function gateFindings(packet: OwnerPacket, gates: readonly GateResponse[], at: string): Finding[] {
  const g = gates.findIndex((gate) => gate.gate_id === packet.gate_id)
  const gate = gates[g]
  if (gate === undefined || filledEvidence(gate).length === 0) {
    return [{ status: 'blocked_missing_gate_response', code: `no_response_for_${packet.gate_id}`, pointer: g < 0 ? '/responses' : `/responses/${g}` }]
  }
  const given = gate.evidence ?? []
  const absent = packet.required_evidence
    .filter((one) => !filledEvidence(gate).some((evidence) => evidence.id === one.id))
    .map((one) => missing(`missing_${one.id}`, `/responses/${g}/evidence`))
  const wrong = given.flatMap((evidence, e) => [
    ...evidenceFindings(packet, evidence, `/responses/${g}/evidence/${e}`, at),
    ...(given.findIndex((one) => one.id === evidence.id) !== e ? [missing('evidence_given_twice', `/responses/${g}/evidence/${e}/id`)] : []),
  ])
  return [...absent, ...wrong]
}

const missing = (code: string, pointer: string): Finding => ({ status: 'blocked_missing_required_evidence', code, pointer })

/** One piece of evidence: asked for, of a kind that counts, recorded in the past. Placeholders are found elsewhere. */
function evidenceFindings({ required_evidence: required }: OwnerPacket, evidence: Evidence, pointer: string, at: string): Finding[] {
  const asked = required.find((one) => one.id === evidence.id)
  if (asked === undefined) return [missing('evidence_not_asked_for', `${pointer}/id`)]
  const findings: Finding[] = []
  if (isReferenceType(evidence.reference_type) && !asked.acceptable.includes(evidence.reference_type))
    findings.push(missing('reference_type_not_acceptable', `${pointer}/reference_type`))
  if (!isPlaceholder(evidence.recorded_on) && !isPastDate(evidence.recorded_on, at)) findings.push(missing('not_a_past_date', `${pointer}/recorded_on`))
  return findings
}

/** One day of slack: the owner may live ahead of UTC. */
function isPastDate(date: string, at: string): boolean {
  const moment = Date.parse(`${date}T00:00:00.000Z`)
  return !Number.isNaN(moment) && new Date(moment).toISOString().slice(0, 10) === date && moment <= Date.parse(at) + 86_400_000
}

/** A digest is a reference only where the packet asks for one: anywhere else it may be the hash of a secret. */
export function isDigestAsked(packets: OwnerPackets, gateId: string, evidence: Evidence): boolean {
  return evidence.reference_type === 'redacted_export_digest' && acceptableTypes(packets, gateId, evidence.id).includes('redacted_export_digest')
}

function acceptableTypes(packets: OwnerPackets, gateId: string, evidenceId: string): readonly string[] {
  const packet = packets.owner_packets.find((one) => one.gate_id === gateId)
  return packet?.required_evidence.find((one) => one.id === evidenceId)?.acceptable ?? []
}
