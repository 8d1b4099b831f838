import { expect, it } from 'vitest'
import type { RoundReader } from '../../ledger/ledger.ts'
import { lacksOnlyAlertTest } from '../../projector/lacks-only-alert-test.ts'
import { Estate } from '../../schemas/estate.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { type Draft, ROUND_ID, sealDraft } from '../support/generated-rounds.ts'

const OPENED_AT = Date.parse('2026-06-27T10:00:00.000Z')
const NOT_SENT = { sent: false, status: null, failure: null }

/** A round of a file and an Alertmanager with a receiver. */
function round({ exists = true, healthy = true, test = NOT_SENT as object } = {}): EncodedEvent[] {
  const estate = Estate.parse({
    estate: 'e',
    version: '1',
    policy: 'sop@1.78',
    gates: [{ id: 'G' }],
    checks: [
      { id: 'flag', gate: 'G', kind: 'file', path: '/flag' },
      { id: 'alerts', gate: 'G', kind: 'alertmanager', url: 'http://a:9093', test_webhook: 'http://a/hook' },
    ],
  })
  const look = (check: string, kind: string, facts: object): Draft['evidence'][number] => {
    const attempts = [{ started_at: new Date(OPENED_AT).toISOString(), ms: 1, outcome: 'ok' }]
    return { check, type: `evidence.${kind}.observed.v1`, at: OPENED_AT + 1000, data: { target: 't', host: null, as_of: null, attempts, facts } }
  }
  const evidence = [
    look('flag', 'file', {
      path: '/flag',
      exists,
      size_bytes: exists ? 1 : null,
      modified_at: exists ? new Date(OPENED_AT).toISOString() : null,
      sha256: null,
    }),
    look('alerts', 'alertmanager', { url: 'http://a:9093', healthy, alerts: healthy ? [] : null, total: healthy ? 0 : null, test }),
  ]
  return sealDraft({ estate, policy: '1.78', openedAt: OPENED_AT, skipped: [], reviews: [], evidence })
}

const ask = (events: readonly EncodedEvent[]): Promise<boolean> => {
  const reader: RoundReader = {
    async *readRound() {
      yield events.map((event) => ({ id: event.id, text: Buffer.from(event.bytes).toString('utf8') }))
    },
  }
  return lacksOnlyAlertTest(reader, ROUND_ID)
}

it('is true where the test alert is all that is missing, and nothing else', async () => {
  expect(await ask(round())).toBe(true)
  expect(await ask(round({ exists: false }))).toBe(false)
  expect(await ask(round({ healthy: false }))).toBe(false)
})

it('is false for a round that is not proven', async () => {
  expect(await ask(round().slice(0, -1))).toBe(false)
  const [opened, , ...rest] = round()
  expect(await ask([opened as EncodedEvent, ...rest])).toBe(false)
})
