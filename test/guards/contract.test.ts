import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkPacketContract, contractText } from '../../guards/contract.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { CONTRACT_REASONS, type ContractReason } from '../../schemas/contract.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import { fileInput, GREEN_VALUES, OPEN_GATES } from './guard-fixtures.ts'

const input = fileInput(OPEN_GATES)
const good = () => structuredClone(buildOwnerPackets(input)) as ReturnType<typeof buildOwnerPackets> & Record<string, unknown>
type Packets = ReturnType<typeof good>

const check = (packets: unknown) => checkPacketContract(input, JSON.stringify(packets))

/** Digests made right again, so that only the change itself is found. */
function resealed(packets: Packets): Packets {
  const { packet_set_digest: _, ...set } = {
    ...packets,
    owner_packets: packets.owner_packets.map(({ packet_digest: _old, ...packet }) => ({ ...packet, packet_digest: canonicalDigest(packet) })),
  }
  return { ...set, packet_set_digest: canonicalDigest(set) } as Packets
}

function changed(change: (packets: Packets) => void): Packets {
  const packets = good()
  change(packets)
  return packets
}

test('what the program wrote passes, with exactly the line of the contract', () => {
  expect(contractText(check(good()))).toBe('POST_REBOOT_OWNER_PACKET_CONTRACT_GUARD_OK gates=3 request_sent=0 accepted=0 runtime_gate=0\n')
  expect(contractText(checkPacketContract(fileInput(GREEN_VALUES), JSON.stringify(buildOwnerPackets(fileInput(GREEN_VALUES)))))).toBe(
    'POST_REBOOT_OWNER_PACKET_CONTRACT_GUARD_OK gates=0 request_sent=0 accepted=0 runtime_gate=0\n',
  )
})

test('layout and member order do not matter', () => {
  const packets = good()
  expect(checkPacketContract(input, JSON.stringify(packets, null, 4)).status).toBe('ok')
  expect(check(Object.fromEntries(Object.entries(packets).toReversed())).status).toBe('ok')
})

const tokenLike = (): string => ['gh', 'p_', 'a1B2'.repeat(9)].join('')
const first = (packets: Packets) => packets.owner_packets[0] as Packets['owner_packets'][number]

/** A file for each reason, and every reason has one. */
const CASES: readonly (readonly [ContractReason, string])[] = [
  ['too_large', `"${'x'.repeat(5_000_000)}"`],
  ['not_json', '{"schema_version": '],
  ['not_json', `\ufeff${JSON.stringify(good())}`],
  ['duplicate_key', JSON.stringify(good()).replace('{', '{"runtime_gate":0,')],
  ['schema_invalid', '[]'],
  ['schema_invalid', JSON.stringify({ ...good(), approved_by: 'me' })],
  ['schema_invalid', JSON.stringify({ ...good(), next_gate_count: '3' })],
  ['counter_not_zero', JSON.stringify(resealed(changed((p) => Object.assign(p, { request_sent_count: 1 }))))],
  ['counter_not_zero', JSON.stringify(changed((p) => Object.assign(p, { runtime_gate: true })))],
  ['counter_not_zero', JSON.stringify(changed((p) => Object.assign(p, { owner_response_accepted_count: '0' })))],
  ['counter_not_zero', JSON.stringify({ ...good(), host_write_authorized: undefined })],
  ['round_mismatch', JSON.stringify(buildOwnerPackets(fileInput(OPEN_GATES, { ARTIFACT_ID: 'another-round-1' })))],
  ['round_mismatch', JSON.stringify(buildOwnerPackets(fileInput(OPEN_GATES, { EVIDENCE_COUNT: '32' })))],
  ['gates_mismatch', JSON.stringify(resealed(changed((p) => p.owner_packets.pop())))],
  ['gates_mismatch', JSON.stringify(resealed(changed((p) => p.owner_packets.reverse())))],
  ['gates_mismatch', JSON.stringify(resealed(changed((p) => p.owner_packets.push(first(p)))))],
  ['count_mismatch', JSON.stringify(resealed(changed((p) => Object.assign(p, { next_gate_count: 2 }))))],
  ['count_mismatch', JSON.stringify(resealed(changed((p) => Object.assign(p, { p0_gate_count: 0 }))))],
  ['packet_incomplete', JSON.stringify(resealed(changed((p) => Object.assign(first(p), { post_checks: [] }))))],
  ['packet_incomplete', JSON.stringify(changed((p) => Object.assign(first(p), { owner_role: undefined })))],
  ['packet_digest_mismatch', JSON.stringify(changed((p) => Object.assign(first(p), { owner_role: 'anybody' })))],
  ['packet_set_digest_mismatch', JSON.stringify(changed((p) => Object.assign(p.source, { policy_version: '1.24' })))],
  ['secret_like_content', JSON.stringify(resealed(changed((p) => first(p).current_evidence.push(`TOKEN=${tokenLike()}`))))],
  ['secret_like_content', JSON.stringify(resealed(changed((p) => Object.assign(first(p).response_template, { [tokenLike()]: 0 }))))],
  ['content_differs_from_summary', JSON.stringify(resealed(changed((p) => Object.assign(first(p), { forbidden_actions: ['none'] }))))],
]

describe('each reason is reached', () => {
  for (const [index, [reason, text]] of CASES.entries()) {
    test(`${index} ${reason}`, () => {
      const result = checkPacketContract(input, text)
      expect(result.status).toBe('blocked')
      expect(result.reasons).toContain(reason)
      expect(contractText(result)).toBe(`POST_REBOOT_OWNER_PACKET_CONTRACT_GUARD_BLOCKED reasons=${result.reasons.join(',')} gates=3\n`)
      expect(contractText(result)).not.toContain(tokenLike())
    })
  }
  test('and no reason is without a case', () => {
    expect(new Set(CASES.map(([reason]) => reason))).toEqual(new Set(CONTRACT_REASONS))
  })
})

test('a request that was sent is counter_not_zero and nothing else', () => {
  expect(check(resealed(changed((p) => Object.assign(p, { request_sent_count: 1 })))).reasons).toEqual(['counter_not_zero'])
})

/** Replaces one leaf of a JSON value; `pick` chooses which. */
function mutate(value: unknown, pick: number, replacement: unknown): unknown {
  const leaves: (() => void)[] = []
  const copy = structuredClone(value)
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      const record = node as Record<string, unknown>
      if (typeof record[key] === 'object' && record[key] !== null) walk(record[key])
      leaves.push(() => {
        record[key] = replacement
      })
    }
  }
  walk(copy)
  leaves[pick % leaves.length]?.()
  return copy
}

test('property: no other content passes', () => {
  fc.assert(
    fc.property(fc.nat(), fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant([])), (pick, replacement) => {
      const other = mutate(good(), pick, replacement)
      if (JSON.stringify(other) !== JSON.stringify(good())) expect(check(other).status).toBe('blocked')
    }),
    { numRuns: 500 },
  )
})

test('property: random text never crashes and never passes', () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => checkPacketContract(input, text).status === 'blocked'))
})
