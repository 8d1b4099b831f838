import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Ledger } from '../../ledger/ledger.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { acceptedReviews } from '../../producers/accepted-reviews.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { makeEvent, makeEventId, makeRound } from '../support/make-events.ts'
import { withAppend } from '../support/run-test-round.ts'

/** Rounds of make-events are of the estate `test`, run by the operator `test`. */
const ROUND = 'round-a'
const AT = new Date('2026-07-01T00:00:00.000Z')
const DIGEST = `sha256:${'a'.repeat(64)}`

let folder: string
let ledger: Ledger
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'evidence-reviews-'))
  ledger = openSqliteLedger({ path: join(folder, 'evidence.db'), mode: 'create' })
  await ledger.append(makeRound(ROUND, 1))
})
afterEach(async () => {
  await ledger.close()
  rmSync(folder, { recursive: true })
})

function preflight(status: string, digest = DIGEST, round = ROUND, submitter?: string): EncodedEvent {
  return makeEvent(round, 10, 'response.preflighted.v1', {
    ...(submitter === undefined ? {} : { submitted_by: submitter }),
    packet_set_digest: null,
    response_digest: digest,
    status,
    reasons: [],
    expected_gates: 1,
    received: 1,
  })
}

const ACCEPTANCE = {
  reviewer: 'R. View',
  owner: 'M. Owner',
  gate_id: 'credential_escrow_evidence',
  items: ['dns_registrar_recovery'],
  decision: 'accepted',
  response_digest: DIGEST,
  packet_digest: `sha256:${'b'.repeat(64)}`,
  expires_at: '2026-08-01T00:00:00.000Z',
}
const review = (n: number, overrides: Partial<typeof ACCEPTANCE> = {}, round = ROUND): EncodedEvent =>
  makeEvent(round, n, 'review.recorded.v1', { ...ACCEPTANCE, ...overrides })

async function accepted(...events: EncodedEvent[]): Promise<number> {
  await ledger.append(events)
  return (await acceptedReviews(ledger, 'test', AT)).length
}

const READY = preflight('ready_for_independent_review')

describe('acceptedReviews', () => {
  test('reads the reviews and the rounds of those that still count, and nothing else', async () => {
    await ledger.append([...makeRound('round-b', 1), READY, review(20), review(21, { expires_at: AT.toISOString() }, 'round-b')])
    const read: string[] = []
    const watched: Ledger = {
      ...withAppend(ledger, () => Promise.reject(new Error('appended'))),
      readRound: (id) => {
        read.push(id)
        return ledger.readRound(id)
      },
      readAll: () => {
        throw new Error('read the whole ledger')
      },
    }
    expect((await acceptedReviews(watched, 'test', AT)).length).toBe(1)
    expect(read).toEqual([ROUND])
  })
  test('not by whoever sent the response in', async () => {
    expect(await accepted(preflight('ready_for_independent_review', DIGEST, ROUND, 'r.  view'), review(11))).toBe(0)
    expect(await accepted(review(12, { reviewer: 'I. Dependent' }))).toBe(1)
  })
  test('an acceptance of a ready response counts', async () => {
    await ledger.append([READY, review(20)])
    expect(await acceptedReviews(ledger, 'test', AT)).toEqual([
      { event_id: makeEventId(ROUND, 20), gate_id: ACCEPTANCE.gate_id, items: ACCEPTANCE.items, expires_at: ACCEPTANCE.expires_at },
    ])
  })

  test('the preflight must be of the same response, in the same round, and ready', async () => {
    expect(await accepted(review(20))).toBe(0)
    expect(await accepted(preflight('blocked_secret_payload'))).toBe(0)
  })
  test('another response’s preflight does not do', async () => {
    expect(await accepted(review(20), preflight('ready_for_independent_review', `sha256:${'c'.repeat(64)}`))).toBe(0)
  })
  test('another round’s preflight does not do', async () => {
    expect(await accepted(...makeRound('round-b', 1), preflight('ready_for_independent_review', DIGEST, 'round-b'), review(20))).toBe(0)
  })

  test('a rejection takes it back, whatever the clock said', async () => {
    expect(await accepted(READY, review(20))).toBe(1)
    expect(await accepted(review(15, { decision: 'rejected', reviewer: 'Another' }))).toBe(0)
  })
  test('a rejection for another gate does not', async () => {
    expect(await accepted(READY, review(20), review(21, { decision: 'rejected', gate_id: 'wazuh_manager_registry_export' }))).toBe(1)
  })

  test('the owner and the operator may not review, however they write their names', async () => {
    for (const [n, reviewer] of ['M. Owner', ' m.  OWNER ', 'test', 'TEST ', 'ｔｅｓｔ'].entries())
      expect(await accepted(READY, review(20 + n, { reviewer })), reviewer).toBe(0)
  })

  test('not expired: an acceptance ends with its last moment', async () => {
    expect(await accepted(READY, review(20, { expires_at: '2026-06-30T23:59:59.999Z' }), review(21, { expires_at: AT.toISOString() }))).toBe(0)
    expect(await accepted(review(22, { expires_at: '2026-07-01T00:00:00.001Z' }))).toBe(1)
  })

  test('of the same estate, and of a round that is there', async () => {
    await ledger.append([READY, review(20), review(30, {}, 'never-opened'), preflight('ready_for_independent_review', DIGEST, 'never-opened')])
    expect((await acceptedReviews(ledger, 'test', AT)).length).toBe(1)
    expect(await acceptedReviews(ledger, 'another', AT)).toEqual([])
  })
})
