import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { snapshotInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import { OwnerPackets } from '../../schemas/packets.ts'
import { listItems } from '../../schemas/summary.ts'
import { judgeRecorded, loadRecordedCorpus } from '../corpus/recorded-corpus.ts'
import { fileInput, GREEN_VALUES, OPEN_GATES } from './guard-fixtures.ts'

/** RFC 8785 for the values packets hold (ASCII keys, integers, strings), written apart from schemas/canonical-json.ts. */
function independentCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(independentCanonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${independentCanonical(member)}`).join(',')}}`
}

const digestOf = (value: unknown): string => `sha256:${createHash('sha256').update(independentCanonical(value), 'utf8').digest('hex')}`

test('the set names its source, its counts, and nothing granted', () => {
  const input = fileInput(OPEN_GATES)
  const packets = buildOwnerPackets(input)
  expect(packets).toMatchObject({
    schema_version: 'awoooi_post_reboot_next_gate_owner_packets_v1',
    source: {
      artifact_id: OPEN_GATES.ARTIFACT_ID,
      summary_digest: input.summary.digest,
      evidence_root: OPEN_GATES.EVIDENCE_ROOT,
      evidence_count: 31,
      estate: 'awoooi',
      policy_version: '1.78',
      overall_declaration: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
      next_required_gates: listItems(OPEN_GATES.NEXT_REQUIRED_GATES),
    },
    next_gate_count: 3,
    p0_gate_count: 3,
  })
  const zeros = ['request_sent_count', 'owner_response_received_count', 'owner_response_accepted_count', 'runtime_action_authorized_count']
  const flags = ['dispatch_authorized', 'host_write_authorized', 'secret_value_collection_allowed', 'runtime_gate']
  for (const key of [...zeros, ...flags]) expect(packets[key as keyof OwnerPackets], key).toBe(0)
})

test('two builds are the same bytes', () => {
  expect(JSON.stringify(buildOwnerPackets(fileInput(OPEN_GATES)))).toBe(JSON.stringify(buildOwnerPackets(fileInput(OPEN_GATES))))
})

test('every digest is right when computed apart from the program, for every recorded round', async () => {
  const inputs = [fileInput(OPEN_GATES), fileInput(GREEN_VALUES), ...[...(await loadRecordedCorpus()).values()].map((one) => snapshotInput(judgeRecorded(one)))]
  for (const input of inputs) {
    const { packet_set_digest: setDigest, ...set } = buildOwnerPackets(input)
    expect(digestOf(set)).toBe(setDigest)
    for (const { packet_digest: digest, ...packet } of set.owner_packets) expect(digestOf(packet)).toBe(digest)
    expect(OwnerPackets.safeParse({ ...set, packet_set_digest: setDigest }).success).toBe(true)
  }
})

test('packets hold no wall clock: only times of the round', () => {
  const text = JSON.stringify(buildOwnerPackets(fileInput(OPEN_GATES)))
  expect(text).not.toContain(new Date().toISOString().slice(0, 11))
})

test('without an open gate there is an empty set', () => {
  expect(buildOwnerPackets(fileInput(GREEN_VALUES))).toMatchObject({ next_gate_count: 0, p0_gate_count: 0, owner_packets: [] })
})

test('the template asks for every piece of evidence of every gate and carries the digests of its set', () => {
  const packets = buildOwnerPackets(fileInput(OPEN_GATES))
  const template = responseTemplate(packets)
  expect(template).toMatchObject({ artifact_id: packets.source.artifact_id, packet_set_digest: packets.packet_set_digest })
  expect(template.responses.map((one) => one.packet_digest)).toEqual(packets.owner_packets.map((packet) => packet.packet_digest))
  const evidence = packets.owner_packets.map((packet) => packet.required_evidence.map((one) => one.id))
  expect(template.responses.map((one) => (one as unknown as { evidence: { id: string }[] }).evidence.map(({ id }) => id))).toEqual(evidence)
})

test('a long list of missing items still makes packets that their own schema takes', () => {
  const items = Array.from({ length: 50 }, (_, n) => `an_item_with_a_rather_long_name_number_${n}`)
  const input = fileInput(OPEN_GATES, { ESCROW_MISSING_COUNT: '50', ESCROW_MISSING_ITEMS: items.join(',') })
  expect(OwnerPackets.safeParse(buildOwnerPackets(input)).success).toBe(true)
})
