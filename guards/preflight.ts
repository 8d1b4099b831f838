import { type Digest, sha256Digest } from '../schemas/digest.ts'
import { parseJsonText } from '../schemas/json-text.ts'
import type { OwnerPackets } from '../schemas/packets.ts'
import { OwnerResponse, PREFLIGHT_STATUSES, type PreflightResult } from '../schemas/response.ts'
import { findSecretLike } from '../schemas/secret-like.ts'
import type { GuardInput } from './guard-input.ts'
import { buildOwnerPackets } from './packets.ts'
import { filledEvidence, gateFindings, isDigestAsked } from './response-evidence.ts'
import { type Finding, inspectText, isPlaceholder } from './response-fields.ts'

export const MAX_RESPONSE_BYTES = 1_048_576

/** What a preflight needs from outside: the moment of asking, and what the ledger already knows of this response. */
export type PreflightContext = {
  /** RFC 3339 UTC; a guard reads no clock. */
  at: string
  /** True where the ledger shows this response for another packet set, or already reviewed. */
  isReplayed: boolean
}

/**
 * Checks what an owner sent back (contract §5). Fails closed: `ready_for_independent_review` only where nothing at all
 * was found. Never returns, echoes or keeps any of the content: reasons name a code and a place made of known names.
 *
 * @param response the file's bytes, or null where there is no file
 */
export function preflightResponse(input: GuardInput, response: Uint8Array | null, context: PreflightContext): PreflightResult {
  const packets = buildOwnerPackets(input)
  if (response === null) return toResult(packets, null, 0, [{ status: 'blocked_waiting_owner_response_file', code: 'no_response_file', pointer: '/' }])
  // What is too large was not read whole, so its digest would be one of nothing anybody has.
  const digest = response.length > MAX_RESPONSE_BYTES ? null : sha256Digest(response)
  const read = readResponse(response)
  if (!read.ok) return toResult(packets, digest, 0, read.findings)
  const findings = [
    ...inspectTexts(read.value, packets),
    ...roundFindings(read.value, packets),
    ...timeFindings(read.value, input, context),
    ...requestFindings(read.value),
    ...contentFindings(read.value, packets, context),
  ]
  return toResult(packets, digest, receivedGates(read.value, packets), findings)
}

function toResult(packets: OwnerPackets, digest: Digest | null, received: number, findings: readonly Finding[]): PreflightResult {
  const rank = (finding: Finding): number => PREFLIGHT_STATUSES.indexOf(finding.status)
  const sorted = [...findings].sort((a, b) => rank(a) - rank(b) || compare(a.pointer, b.pointer) || compare(a.code, b.code))
  const status = sorted[0]?.status ?? 'ready_for_independent_review'
  return {
    result_schema: 'evidence_response_preflight_result_v1',
    status,
    ok: status === 'ready_for_independent_review',
    artifact_id: packets.source.artifact_id,
    packet_set_digest: packets.packet_set_digest,
    response_digest: digest,
    expected_gates: packets.next_gate_count,
    received,
    accepted: 0,
    runtime_gate: 0,
    reasons: sorted.slice(0, 200).map(({ code, pointer }) => ({ code, pointer })),
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

type Read = { ok: true; value: OwnerResponse } | { ok: false; findings: Finding[] }

const unreadable = (code: string, pointer = '/'): Finding => ({ status: 'blocked_unreadable_response', code, pointer })

function readResponse(bytes: Uint8Array): Read {
  if (bytes.length > MAX_RESPONSE_BYTES) return { ok: false, findings: [unreadable('too_large')] }
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return { ok: false, findings: [unreadable('not_utf8')] }
  }
  const json = parseJsonText(text)
  if (!json.ok) return { ok: false, findings: [unreadable(json.reason)] }
  const parsed = OwnerResponse.safeParse(json.value)
  if (parsed.success) return { ok: true, value: parsed.data }
  const secret = findSecretLike(text.replace(/"sha256:[0-9a-f]{64}"/g, '""'))
  const issues = parsed.error.issues
    .slice(0, 20)
    .map((issue) => unreadable(issue.code === 'unrecognized_keys' ? 'unknown_field' : 'schema_invalid', knownPointer(issue.path)))
  return { ok: false, findings: secret === null ? issues : [...issues, { status: 'blocked_secret_payload', code: `secret_like_${secret}`, pointer: '/' }] }
}

/** Paths come from the schema's own names and array positions; anything else could be content. */
function knownPointer(path: readonly PropertyKey[]): string {
  return path.length === 0 ? '/' : path.map((step) => (typeof step === 'number' || KNOWN_NAMES.has(String(step)) ? `/${String(step)}` : '/*')).join('')
}

const TOP_TEXTS = ['artifact_id', 'packet_set_digest', 'owner_id', 'responded_at', 'valid_until', 'comment'] as const
const GATE_TEXTS = ['gate_id', 'packet_digest', 'comment'] as const
const EVIDENCE_TEXTS = ['id', 'reference_type', 'reference', 'recorded_on'] as const
const KNOWN_NAMES: ReadonlySet<string> = new Set([
  ...TOP_TEXTS,
  ...GATE_TEXTS,
  ...EVIDENCE_TEXTS,
  'approved',
  'requests',
  'responses',
  'evidence',
  'response_schema',
])

/** Every string of the response, each with its own alphabet and the scanner. */
function inspectTexts(response: OwnerResponse, packets: OwnerPackets): Finding[] {
  const top = TOP_TEXTS.flatMap((field) => inspectOptional(field, response[field], `/${field}`))
  const gates = (response.responses ?? []).flatMap((gate, g) => [
    ...GATE_TEXTS.flatMap((field) => inspectOptional(field, gate[field], `/responses/${g}/${field}`)),
    ...(gate.evidence ?? []).flatMap((one, e) =>
      EVIDENCE_TEXTS.flatMap((field) =>
        inspectText(field, one[field], `/responses/${g}/evidence/${e}/${field}`, field === 'reference' && isDigestAsked(packets, gate.gate_id, one)),
      ),
    ),
  ])
  return [...top, ...gates]
}

function inspectOptional(field: string, text: string | undefined, pointer: string): Finding[] {
  return text === undefined ? [] : inspectText(field, text, pointer, field.endsWith('_digest'))
}

function roundFindings(response: OwnerResponse, packets: OwnerPackets): Finding[] {
  const mismatch = (code: string, pointer: string): Finding => ({ status: 'blocked_round_mismatch', code, pointer })
  const gates = response.responses ?? []
  const findings: Finding[] = []
  if (response.artifact_id !== undefined ? response.artifact_id !== packets.source.artifact_id : gates.length > 0)
    findings.push(mismatch('other_round', '/artifact_id'))
  if (response.packet_set_digest !== undefined ? response.packet_set_digest !== packets.packet_set_digest : gates.length > 0) {
    findings.push(mismatch('other_packet_set', '/packet_set_digest'))
  }
  gates.forEach((gate, g) => {
    const packet = packets.owner_packets.find((one) => one.gate_id === gate.gate_id)
    if (packet === undefined) findings.push(mismatch('gate_not_in_packets', `/responses/${g}/gate_id`))
    else if (gate.packet_digest !== packet.packet_digest) findings.push(mismatch('other_packet', `/responses/${g}/packet_digest`))
    if (gates.findIndex((one) => one.gate_id === gate.gate_id) !== g) findings.push(unreadable('gate_given_twice', `/responses/${g}/gate_id`))
  })
  return findings
}

/** Clocks of owner and reviewer may differ by this much. */
const SKEW_MS = 300_000

function timeFindings(response: OwnerResponse, input: GuardInput, { at, isReplayed }: PreflightContext): Finding[] {
  const late = (code: string, pointer: string): Finding => ({ status: 'blocked_response_expired_or_replayed', code, pointer })
  const findings: Finding[] = isReplayed ? [late('already_used', '/')] : []
  const moments = {
    responded_at: toMoment(response.responded_at),
    valid_until: toMoment(response.valid_until),
    opened: toMoment(input.summary.values.ROUND_OPENED_AT),
    now: Date.parse(at),
  }
  for (const field of ['responded_at', 'valid_until'] as const) {
    if (response[field] !== undefined && !isPlaceholder(response[field]) && moments[field] === null) findings.push(unreadable('not_a_time', `/${field}`))
  }
  if (moments.responded_at !== null && moments.opened !== null && moments.responded_at < moments.opened)
    findings.push(late('answered_before_the_round', '/responded_at'))
  if (moments.responded_at !== null && moments.responded_at > moments.now + SKEW_MS) findings.push(late('answered_in_the_future', '/responded_at'))
  if (moments.valid_until !== null && moments.valid_until <= moments.now) findings.push(late('expired', '/valid_until'))
  return findings
}

function toMoment(text: string | undefined): number | null {
  const moment = text === undefined ? Number.NaN : Date.parse(text)
  return Number.isNaN(moment) ? null : moment
}

const REQUESTS = [
  ['runtime_action', 'blocked_runtime_action_requested'],
  ['credential_marker_write', 'blocked_credential_marker_write_requested'],
  ['security_runtime_action', 'blocked_security_runtime_action_requested'],
] as const

function requestFindings(response: OwnerResponse): Finding[] {
  return REQUESTS.flatMap(([field, status]) => (response.requests?.[field] ? [{ status, code: 'action_requested', pointer: `/requests/${field}` }] : []))
}

function receivedGates(response: OwnerResponse, packets: OwnerPackets): number {
  return packets.source.next_required_gates.filter((id) => filledEvidence(response.responses?.find((gate) => gate.gate_id === id)).length > 0).length
}

function contentFindings(response: OwnerResponse, packets: OwnerPackets, { at }: PreflightContext): Finding[] {
  const gates = response.responses ?? []
  const findings: Finding[] = []
  if (response.approved === true && receivedGates(response, packets) === 0)
    findings.push({ status: 'blocked_generic_approval', code: 'approval_without_evidence', pointer: '/approved' })
  gates.forEach((gate, g) => {
    if (gate.approved === true && filledEvidence(gate).length === 0)
      findings.push({ status: 'blocked_generic_approval', code: 'approval_without_evidence', pointer: `/responses/${g}/approved` })
  })
  const waiting = (code: string, pointer: string): Finding => ({ status: 'blocked_waiting_owner_response_content', code, pointer })
  if (receivedGates(response, packets) === 0) findings.push(waiting('no_content', '/responses'))
  for (const field of ['response_schema', 'owner_id', 'responded_at', 'valid_until'] as const) {
    if (isPlaceholder(response[field])) findings.push(waiting('placeholder', `/${field}`))
  }
  for (const packet of packets.owner_packets) findings.push(...gateFindings(packet, gates, at))
  return findings
}

/** Text form (contract §5): one line, then the reasons. */
export function preflightText(result: PreflightResult): string {
  const first = `POST_REBOOT_OWNER_RESPONSE_PREFLIGHT_${result.ok ? 'OK' : 'BLOCKED'} status=${result.status} expected_gates=${result.expected_gates} received=${result.received} accepted=0 runtime_gate=0`
  return `${[first, ...result.reasons.map((reason) => `REASON ${reason.code} at ${reason.pointer}`)].join('\n')}\n`
}
