import type { EncodedEvent, EventData } from '../../schemas/event.ts'
import { makeEvent } from './make-events.ts'

export const RESPONSE_DIGEST = `sha256:${'a'.repeat(64)}`

/** A response's preflight that found nothing, or what is said otherwise; `n` as in make-events. */
export function makePreflight(roundId: string, n: number, overrides: Partial<EventData<'response.preflighted.v1'>> = {}): EncodedEvent {
  return makeEvent(roundId, n, 'response.preflighted.v1', {
    packet_set_digest: null,
    response_digest: RESPONSE_DIGEST,
    status: 'ready_for_independent_review',
    reasons: [],
    expected_gates: 1,
    received: 1,
    ...overrides,
  })
}

/** An acceptance until 2026-08-01, or what is said otherwise. */
export function makeReview(roundId: string, n: number, overrides: Partial<EventData<'review.recorded.v1'>> = {}): EncodedEvent {
  return makeEvent(roundId, n, 'review.recorded.v1', {
    reviewer: 'R. View',
    owner: 'M. Owner',
    gate_id: 'credential_escrow_evidence',
    items: ['dns_registrar_recovery'],
    decision: 'accepted',
    response_digest: RESPONSE_DIGEST,
    packet_digest: `sha256:${'b'.repeat(64)}`,
    expires_at: '2026-08-01T00:00:00.000Z',
    ...overrides,
  })
}
