import { afterAll, describe, expect, it } from 'vitest'
import { openKafkaLedger } from '../../ledger/kafka/kafka-ledger.ts'
import { startKafka } from '../support/kafka-broker.ts'
import { testKafkaSettings } from '../support/kafka-settings.ts'
import { makeRounds } from '../support/relay-fixture.ts'
import { collect, idsOf, ledgerSuite } from './ledger-suite.ts'

const kafka = await startKafka()
afterAll(async () => await kafka?.stop())

const REJECTED_LATER = 'a topic refuses nothing at append; the projector puts it into the rejected topic'

describe.skipIf(kafka === null)('Kafka', () => {
  // One partition: with more of them there is one order for each and none over all.
  ledgerSuite(
    'Kafka, one partition',
    async () => {
      const settings = testKafkaSettings(kafka?.brokers ?? [], 'ledger')
      settings.topic.partitions = 1
      return { open: () => openKafkaLedger(settings), dispose: async () => {} }
    },
    {
      'order: positions are contiguous from 1, in append order, and go on after a refusal': REJECTED_LATER,
      'atomicity: one bad event': REJECTED_LATER,
      'idempotency: the same bytes again': 'a topic does not look for doubles at append; they are left out on reading, which has a test below',
      'idempotency: the same id with other bytes': REJECTED_LATER,
      'closed rounds': REJECTED_LATER,
      'rounds: opened once': REJECTED_LATER,
    },
  )

  it('six partitions: every round in order, positions unique, doubles left out, reading after a position', async () => {
    const settings = testKafkaSettings(kafka?.brokers ?? [], 'six')
    const ledger = await openKafkaLedger(settings)
    const events = makeRounds('six', 12, 10)
    await ledger.append(events)
    await ledger.append(events.slice(0, 30))
    for (const roundId of ['six-001', 'six-009']) {
      expect(idsOf(await collect(ledger.readRound(roundId)))).toEqual(idsOf(events.filter(({ subject }) => subject === roundId)))
    }
    const all = await collect(ledger.readAll(0))
    expect(new Set(idsOf(all))).toEqual(new Set(idsOf(events)))
    expect(all.length).toBe(events.length)
    expect(new Set(all.map(({ position }) => position)).size).toBe(events.length)
    const half = [...all].sort((a, b) => a.position - b.position)[70]?.position ?? 0
    const later = (await collect(ledger.readAll(half))).filter(({ position }) => position <= half)
    expect(later).toEqual([])
    expect(await ledger.stats()).toMatchObject({ events: events.length, rounds: 12, sealedRounds: 12 })
    for await (const page of ledger.readAll(0)) if (page.length > 0) break
    await ledger.close()
  })
})
