import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import type { EncodedEvent, EventType } from '../../schemas/event.ts'
import { makeEvent } from '../support/make-events.ts'
import { HOSTILE, SEEDED } from './seed-ledger.ts'

const DAY_MS = 86_400_000
const digest = (digit: string): string => `sha256:${digit.repeat(64)}`
const ROUND = SEEDED.green
/** Of which nothing may be seen on a page about reviews. */
export const EVIDENCE_ID_SHA256 = 'e'.repeat(64)

/** Decisions beside a round: reviews that run, ended, were taken back and rejected, preflights, and markers in escrow. */
export async function seedDecisions(path: string): Promise<void> {
  let n = 10 * DAY_MS
  const decision = (subject: string, type: EventType, data: unknown): EncodedEvent => makeEvent(subject, n++, type, data)
  const review = (reviewer: string, response: string, rest: object = {}): EncodedEvent =>
    decision(ROUND, 'review.recorded.v1', {
      reviewer,
      owner: 'M. Owner',
      gate_id: 'credential_escrow_evidence',
      items: ['dns_registrar_recovery'],
      decision: 'accepted',
      response_digest: digest(response),
      packet_digest: digest('a'),
      expires_at: '2099-01-01T00:00:00.000Z',
      ...rest,
    })
  const preflight = (status: string, code: string | null): EncodedEvent =>
    decision(ROUND, 'response.preflighted.v1', {
      packet_set_digest: digest('a'),
      response_digest: digest('1'),
      status,
      reasons: code === null ? [] : [{ code, pointer: '/responses/0' }],
      expected_gates: 2,
      received: 1,
    })
  const mark = (dry_run: boolean): EncodedEvent =>
    decision('escrow-markers', 'escrow.marked.v1', { item: 'dns_registrar_recovery', evidence_id_sha256: EVIDENCE_ID_SHA256, dry_run })
  const ledger = openSqliteLedger({ path, mode: 'create' })
  try {
    await ledger.append([preflight('blocked_secret_payload', 'secret_like'), preflight('ready_for_independent_review', null)])
    await ledger.append([review('Runs On', '1'), review('Has Ended', '2', { expires_at: '2026-07-20T00:00:00.000Z' }), review('Taken Back', '3')])
    await ledger.append([review('Third Person', '3', { decision: 'rejected' }), review(HOSTILE, '4', { decision: 'rejected' }), mark(true), mark(false)])
  } finally {
    await ledger.close()
  }
}
