import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { readBundleInput, reviewsOfHistory, reviewsOfLedger } from '../../api/actions/read-bundle-input.ts'
import { buildBundle } from '../../api/exports/bundle.ts'
import { whyNotProved } from '../../api/exports/bundle-verification.ts'
import { verifyBundle } from '../../api/exports/verify-bundle.ts'
import type { RoundReader } from '../../ledger/ledger.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { buildClickhouseHistoryStore } from '../../projector/clickhouse/clickhouse-history-store.ts'
import { buildClickhouseProjectionStore } from '../../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../../projector/clickhouse/migrate.ts'
import type { HistoryStore } from '../../projector/history-store.ts'
import { openSqliteHistoryStore } from '../../projector/sqlite-history-store.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { startTestClickhouse } from '../support/clickhouse-server.ts'
import { aDraft, ROUND_ID, sealDraft } from '../support/generated-rounds.ts'
import { toRawEvents } from '../support/history-data.ts'
import { makeEvent, makeGuardEvaluated, makeRound } from '../support/make-events.ts'

const server = await startTestClickhouse()
afterAll(async () => {
  if (server.kind !== 'absent') await server.stop()
})

/** An earlier round with a review beside it, and a later one that rests on that review and on one nobody has. */
const REVIEWED = makeRound('reviewed-1', 2)
const REVIEW = makeEvent('reviewed-1', 20, 'review.recorded.v1', {
  reviewer: 'reviewer-1',
  owner: 'owner-1',
  gate_id: 'wazuh_manager_registry_export',
  items: [],
  decision: 'accepted',
  response_digest: `sha256:${'1'.repeat(64)}`,
  packet_digest: `sha256:${'2'.repeat(64)}`,
  expires_at: '2026-12-01T00:00:00.000Z',
})
const NAMED = { event_id: REVIEW.id, gate_id: 'wazuh_manager_registry_export', items: [], expires_at: '2026-12-01T00:00:00.000Z' }
const ABSENT = { ...NAMED, event_id: '01900000-0000-7000-8000-000000000009' }

const [draft] = fc.sample(aDraft, { numRuns: 1, seed: 7 })
if (draft === undefined) throw new Error('no draft')
const LATER = [...sealDraft({ ...draft, reviews: [NAMED, ABSENT] }), makeGuardEvaluated(ROUND_ID, 30), makeGuardEvaluated(ROUND_ID, 29)]
const EVENTS: readonly EncodedEvent[] = [...REVIEWED, REVIEW, ...LATER]

/** A history as a reader of rounds, in small pages. */
function readerOf(history: HistoryStore): RoundReader {
  return {
    async *readRound(roundId) {
      let after: string | null = null
      do {
        const page: Awaited<ReturnType<HistoryStore['eventsOf']>> = await history.eventsOf(roundId, { limit: 4, after })
        yield page.rows
        after = page.next
      } while (after !== null)
    },
  }
}

const path = join(mkdtempSync(join(tmpdir(), 'bundle-')), 'evidence.db')
const ledger = openSqliteLedger({ path, mode: 'create' })
await ledger.append(EVENTS)
const fromLedger = buildBundle(await readBundleInput(ledger, ROUND_ID, undefined, reviewsOfLedger(ledger)))

async function fromHistory(history: HistoryStore) {
  return buildBundle(await readBundleInput(readerOf(history), ROUND_ID, undefined, reviewsOfHistory(history)))
}

describe('a bundle from the ledger', () => {
  it('holds the reviews that the round rests on, and says which it does not have', () => {
    expect(fromLedger.manifest.reviews).toEqual([
      { event_id: REVIEW.id, in_bundle: true, agrees: true },
      { event_id: ABSENT.event_id, in_bundle: false, agrees: null },
    ])
    const result = verifyBundle(fromLedger.bytes)
    expect(result.facts).toMatchObject({ round_integrity: 'verified', reviews_named: 2, reviews_missing: 1, reviews_disagreeing: 0, decisions: 2 })
    expect([result.status, whyNotProved(result)]).toEqual(['equal', 'review_missing'])
  })

  it('of a round that says more of a review than the review does says so', () => {
    const more = sealDraft({ ...draft, reviews: [{ ...NAMED, expires_at: '2027-12-01T00:00:00.000Z' }] })
    const texts = more.map((event) => Buffer.from(event.bytes).toString('utf8'))
    const reviewTexts = [Buffer.from(REVIEW.bytes).toString('utf8')]
    const bundle = buildBundle({ roundId: ROUND_ID, texts, reviewTexts, policy: undefined, tool: { name: 't', version: '1' } })
    const result = verifyBundle(bundle.bytes)
    expect(result.facts).toMatchObject({ reviews_named: 1, reviews_missing: 0, reviews_disagreeing: 1 })
    expect([result.status, whyNotProved(result)]).toEqual(['equal', 'review_disagrees'])
  })

  it('of a round whose reviews are all there proves it', () => {
    const texts = sealDraft({ ...draft, reviews: [NAMED] }).map((event) => Buffer.from(event.bytes).toString('utf8'))
    const reviewTexts = [Buffer.from(REVIEW.bytes).toString('utf8')]
    const bundle = buildBundle({ roundId: ROUND_ID, texts, reviewTexts, policy: undefined, tool: { name: 't', version: '1' } })
    expect(whyNotProved(verifyBundle(bundle.bytes))).toBeNull()
  })

  it('of a round that is not there is none', async () => {
    await expect(readBundleInput(ledger, 'never-was-1', undefined, reviewsOfLedger(ledger))).rejects.toMatchObject({ code: 'round_unknown' })
  })
})

it('the same bytes come out of the history of the ledger', async () => {
  const history = openSqliteHistoryStore({ path, mode: 'existing', of: 'ledger' })
  expect(Buffer.from((await fromHistory(history)).bytes).equals(fromLedger.bytes)).toBe(true)
  await history.close()
})

it.skipIf(server.kind === 'absent')(`the same bytes come out of ClickHouse (${server.kind}${server.kind === 'absent' ? `: ${server.why}` : ''})`, async () => {
  if (server.kind === 'absent') throw new Error(server.why)
  const clickhouse = await openClickhouse(server.config(`bundle_${process.pid}_${Date.now().toString(36)}`))
  await migrateClickhouse(clickhouse)
  // Another order, and some of them twice, as a topic may bring them.
  const raw = toRawEvents([...EVENTS.toReversed(), ...EVENTS.slice(0, 5)])
  await buildClickhouseProjectionStore(clickhouse).saveEvents(raw)
  const bundle = await fromHistory(buildClickhouseHistoryStore(clickhouse))
  expect(Buffer.from(bundle.bytes).equals(fromLedger.bytes)).toBe(true)
  await clickhouse.command('DROP DATABASE IF EXISTS {db} SYNC')
  await clickhouse.close()
})
