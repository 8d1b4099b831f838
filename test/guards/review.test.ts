import { describe, expect, test } from 'vitest'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { preflightResponse } from '../../guards/preflight.ts'
import { decideReview, REVIEW_REFUSALS, type ReviewHistory, type ReviewRequest } from '../../guards/review.ts'
import type { EventData } from '../../schemas/event.ts'
import { AT, fileInput, GREEN_VALUES, goodResponse, OPEN_GATES, toBytes } from './guard-fixtures.ts'

const input = fileInput(OPEN_GATES)
const ESCROW = 'credential_escrow_evidence'
const bytes = toBytes(goodResponse(input))
const ready = preflightResponse(input, bytes, { at: AT, isReplayed: false })
const history: ReviewHistory = { operator: 'Operator On Duty', preflights: [ready], reviews: [] }
const request: ReviewRequest = {
  gate: ESCROW,
  decision: 'accepted',
  reviewer: 'R. View',
  owner: 'owner-on-duty',
  expiresAt: '2026-12-31T00:00:00.000Z',
  items: null,
  packetText: null,
}
const decide = (overrides: Partial<ReviewRequest> = {}, known: Partial<ReviewHistory> = {}, at = AT) =>
  decideReview(input, bytes, { ...request, ...overrides }, { ...history, ...known }, at)

function recorded(overrides: Partial<ReviewRequest> = {}): EventData<'review.recorded.v1'> {
  const outcome = decide(overrides)
  if (!outcome.ok) throw new Error(outcome.reason)
  return outcome.review
}

describe('what is recorded', () => {
  test('who, what, from which digests, until when', () => {
    const packets = buildOwnerPackets(input)
    const packet = packets.owner_packets[0]
    expect(recorded()).toEqual({
      reviewer: 'R. View',
      owner: 'owner-on-duty',
      gate_id: ESCROW,
      items: packet?.required_evidence.map((one) => one.id),
      decision: 'accepted',
      response_digest: ready.response_digest,
      packet_digest: packet?.packet_digest,
      expires_at: request.expiresAt,
    })
  })
  test('some items only, or none for a gate that has none', () => {
    expect(recorded({ items: ['dns_registrar_recovery', 'dns_registrar_recovery'] }).items).toEqual(['dns_registrar_recovery'])
    expect(recorded({ gate: 'wazuh_manager_registry_export' }).items).toEqual([])
  })
  test('with the packet file of the round', () => {
    expect(decide({ packetText: JSON.stringify(buildOwnerPackets(input)) }).ok).toBe(true)
  })
})

const OTHER = `sha256:${'0'.repeat(64)}` as const
const REFUSED: readonly (readonly [keyof typeof REVIEW_REFUSALS, string, ReturnType<typeof decide>])[] = [
  ['round_not_trusted', 'an unsealed round', decideReview(fileInput({ ...OPEN_GATES, ROUND_INTEGRITY: 'unsealed' }), bytes, request, history, AT)],
  ['gate_not_required', 'another gate', decide({ gate: 'host_7_hygiene_maintenance_window' })],
  ['gate_not_required', 'a gate that is closed', decideReview(fileInput(GREEN_VALUES), bytes, request, history, AT)],
  ['packet_file_differs', 'a packet file with a flag', decide({ packetText: JSON.stringify({ ...buildOwnerPackets(input), runtime_gate: 1 }) })],
  ['response_not_preflighted', 'never', decide({}, { preflights: [] })],
  ['response_not_preflighted', 'blocked', decide({}, { preflights: [{ ...ready, status: 'blocked_generic_approval' }] })],
  ['response_not_preflighted', 'another response', decide({}, { preflights: [{ ...ready, response_digest: OTHER }] })],
  ['response_not_preflighted', 'for other packets', decide({}, { preflights: [{ ...ready, packet_set_digest: OTHER }] })],
  ['response_not_preflighted', 'no response at all', decideReview(input, Buffer.from('nonsense'), request, history, AT)],
  ['response_no_longer_ready', 'the owner’s word expired', decide({}, {}, '2026-08-01T00:00:00.000Z')],
  ['owner_is_not_who_answered', 'another owner', decide({ owner: 'Somebody Else' })],
  ['reviewer_is_owner', 'the same name in capitals', decide({ reviewer: ' OWNER-on-duty' })],
  ['reviewer_is_owner', 'whoever answered, under a false owner', decide({ reviewer: 'owner-on-duty', owner: 'Somebody Else' })],
  ['reviewer_is_operator', 'who ran the round', decide({ reviewer: 'operator on  duty ' })],
  ['reviewer_is_submitter', 'who sent it in', decide({}, { preflights: [{ ...ready, submitted_by: request.reviewer.toUpperCase() }] })],
  ['reviewer_is_submitter', 'who sent it in once', decide({}, { preflights: [{ ...ready, submitted_by: request.reviewer }, ready] })],
  ['expires_not_in_the_future', 'now', decide({ expiresAt: AT })],
  ['expires_too_late', 'more than 366 days', decide({ expiresAt: '2027-06-28T08:00:00.001Z' })],
  ['items_not_evidenced', 'an item nobody asked for', decide({ items: ['dns_registrar_recovery', 'coffee_machine'] })],
  ['already_decided', 'accepted twice', decide({}, { reviews: [recorded()] })],
  ['already_decided', 'accepted after a rejection', decide({}, { reviews: [recorded({ decision: 'rejected' })] })],
  ['already_decided', 'rejected twice', decide({ decision: 'rejected' }, { reviews: [recorded({ decision: 'rejected' })] })],
]

describe('what is refused', () => {
  for (const [reason, name, outcome] of REFUSED) test(`${reason}: ${name}`, () => expect(outcome).toEqual({ ok: false, reason }))
  test('every reason has a case', () => {
    expect(new Set(REFUSED.map(([reason]) => reason))).toEqual(new Set(Object.keys(REVIEW_REFUSALS)))
  })
})

describe('what is still allowed', () => {
  test('366 days', () => expect(decide({ expiresAt: '2027-06-28T08:00:00.000Z' }).ok).toBe(true))
  test('a rejection after an acceptance, also when the response has expired', () => {
    expect(decide({ decision: 'rejected' }, { reviews: [recorded()] }, '2026-08-01T00:00:00.000Z').ok).toBe(true)
  })
  test('another gate of the same response', () => {
    expect(decide({ gate: 'wazuh_manager_registry_export' }, { reviews: [recorded()] }).ok).toBe(true)
  })
})
