import { CONTRACT_REASONS, type ContractReason, type ContractResult } from '../schemas/contract.ts'
import { canonicalDigest } from '../schemas/digest.ts'
import { parseJsonText } from '../schemas/json-text.ts'
import { OwnerPackets, PACKET_ZEROS } from '../schemas/packets.ts'
import { findSecretLike } from '../schemas/secret-like.ts'
import type { GuardInput } from './guard-input.ts'
import { buildOwnerPackets } from './packets.ts'

const MAX_BYTES = 4_194_304

/** Checks a packet file against the summary it claims to come from (contract §5). Pure; every doubt is a reason. */
export function checkPacketContract(input: GuardInput, packetText: string): ContractResult {
  const expected = buildOwnerPackets(input)
  const artifact = expected.source.artifact_id
  const blocked = (...reasons: ContractReason[]): ContractResult => ({
    result_schema: 'evidence_packet_contract_result_v1',
    status: 'blocked',
    reasons,
    gates: expected.next_gate_count,
    artifact_id: artifact,
  })
  if (Buffer.byteLength(packetText) > MAX_BYTES) return blocked('too_large')
  const json = parseJsonText(packetText)
  if (!json.ok) return blocked(json.reason === 'duplicate_key' ? 'duplicate_key' : 'not_json')
  const parsed = OwnerPackets.safeParse(json.value)
  if (!parsed.success) return blocked(...schemaReasons(parsed.error.issues))
  const reasons = contentReasons(parsed.data, expected)
  return reasons.length > 0 ? blocked(...reasons) : { ...blocked(), status: 'ok' }
}

const ZEROS: ReadonlySet<string> = new Set(PACKET_ZEROS)

function schemaReasons(issues: readonly { path: PropertyKey[] }[]): ContractReason[] {
  const reasons = new Set(
    issues.map(({ path }): ContractReason => {
      if (path.length === 1 && ZEROS.has(String(path[0]))) return 'counter_not_zero'
      return path[0] === 'owner_packets' && path.length > 2 ? 'packet_incomplete' : 'schema_invalid'
    }),
  )
  return CONTRACT_REASONS.filter((reason) => reasons.has(reason))
}

function contentReasons(packets: OwnerPackets, expected: OwnerPackets): ContractReason[] {
  const { packet_set_digest: setDigest, ...set } = packets
  const gateIds = packets.owner_packets.map((packet) => packet.gate_id)
  const isSame = (a: unknown, b: unknown): boolean => canonicalDigest(a) === canonicalDigest(b)
  const found: [ContractReason, boolean][] = [
    ['round_mismatch', packets.source.artifact_id !== expected.source.artifact_id || packets.source.summary_digest !== expected.source.summary_digest],
    ['gates_mismatch', !isSame(gateIds, packets.source.next_required_gates) || !isSame(gateIds, expected.source.next_required_gates)],
    ['count_mismatch', packets.next_gate_count !== gateIds.length || packets.p0_gate_count !== gateIds.length],
    ['packet_digest_mismatch', packets.owner_packets.some(({ packet_digest: digest, ...packet }) => canonicalDigest(packet) !== digest)],
    ['packet_set_digest_mismatch', canonicalDigest(set) !== setDigest],
    ['secret_like_content', hasSecretLike(set)],
    ['content_differs_from_summary', !isSame(packets, expected)],
  ]
  return found.filter(([, holds]) => holds).map(([reason]) => reason)
}

/** Looks at every string, names of members too; digests of our own are exempt by the shape of the whole value. */
function hasSecretLike(value: unknown): boolean {
  if (typeof value === 'string') return !/^(sha256:)?[0-9a-f]{64}$/.test(value) && findSecretLike(value) !== null
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).flat().some(hasSecretLike)
}

/** The one line of contract §5. */
export function contractText(result: ContractResult): string {
  if (result.status === 'ok') return `POST_REBOOT_OWNER_PACKET_CONTRACT_GUARD_OK gates=${result.gates} request_sent=0 accepted=0 runtime_gate=0\n`
  return `POST_REBOOT_OWNER_PACKET_CONTRACT_GUARD_BLOCKED reasons=${result.reasons.join(',')} gates=${result.gates}\n`
}
