import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Ledger, StoredEvent } from '../../ledger/ledger.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { makeEvent, makeGuardEvaluated, makeOpened, makeRound, makeSealed, makeTcpObserved } from '../support/make-events.ts'
import { makePreflight, makeReview } from '../support/make-reviews.ts'

/** One log of an adapter, empty at first. `open` gives a new handle on it, as another process would have. */
export type LedgerHarness = { open: () => Promise<Ledger>; dispose: () => Promise<void> }

export async function collect(pages: AsyncIterable<readonly StoredEvent[]>): Promise<StoredEvent[]> {
  const events: StoredEvent[] = []
  for await (const page of pages) events.push(...page)
  return events
}

export function idsOf(events: readonly { readonly id: string }[]): string[] {
  return events.map((event) => event.id)
}

/**
 * The promises of `Ledger`, on an adapter. `skips`: the beginning of a test's name, and the reason why this adapter
 * cannot promise it; such a test is not run and the reason is printed.
 */
export function ledgerSuite(name: string, createHarness: () => Promise<LedgerHarness>, skips: Readonly<Record<string, string>> = {}): void {
  const check = (title: string, body: () => Promise<void>): void => {
    const reason = Object.entries(skips).find(([beginning]) => title.startsWith(beginning))?.[1]
    if (reason === undefined) it(title, body)
    else console.log(`NOT PROMISED by ${name}: ${title}: ${reason}`)
  }
  describe(`${name}: the ledger port`, () => {
    let harness: LedgerHarness
    let ledger: Ledger
    beforeEach(async () => {
      harness = await createHarness()
      ledger = await harness.open()
    })
    afterEach(async () => {
      await ledger.close()
      await harness.dispose()
    })

    /** Refused with this code, and nothing of the batch is there. */
    const refuses = async (batch: readonly EncodedEvent[], code: string): Promise<void> => {
      const before = await ledger.stats()
      await expect(ledger.append(batch)).rejects.toMatchObject({ name: 'EvidenceError', code })
      expect(await ledger.stats()).toEqual(before)
    }

    check('starts empty', async () => {
      expect(await ledger.stats()).toEqual({ events: 0, rounds: 0, sealedRounds: 0, lastPosition: 0, bytes: 0 })
      expect(await collect(ledger.readAll(0))).toEqual([])
      expect(await collect(ledger.readRound('round-a'))).toEqual([])
      expect(await ledger.roundIds()).toEqual([])
      expect(await ledger.append([])).toEqual({ appended: 0, duplicates: 0, lastPosition: 0 })
    })

    check('version, where there is one: the same until something is appended, by whichever handle', async () => {
      const other = await harness.open()
      const round = makeRound('round-a', 2)
      const seen = [await ledger.version?.()]
      expect(await ledger.version?.()).toBe(seen[0])
      await ledger.append(round.slice(0, 2))
      seen.push(await ledger.version?.())
      await other.append(round.slice(2))
      seen.push(await ledger.version?.())
      expect(await ledger.version?.()).toBe(seen[2])
      await other.close()
      if (ledger.version !== undefined) expect(new Set(seen).size).toBe(3)
    })

    check('durability: gives back exactly the bytes, also to a handle opened later', async () => {
      const round = makeRound('round-a', 20)
      expect(await ledger.append(round)).toEqual({ appended: 22, duplicates: 0, lastPosition: 22 })
      await ledger.close()
      ledger = await harness.open()
      const held = await collect(ledger.readAll(0))
      expect(held.map((event) => Buffer.from(event.text))).toEqual(round.map((event) => event.bytes))
      expect(idsOf(held)).toEqual(idsOf(round))
    })

    check('order: positions are contiguous from 1, in append order, and go on after a refusal', async () => {
      const [opened, ...rest] = makeRound('round-a', 5)
      await ledger.append([opened as EncodedEvent])
      await refuses([makeTcpObserved('round-b', 1, 'check-1')], 'event_invalid')
      await ledger.append([...rest].reverse().slice(1))
      await ledger.append(rest.slice(-1))
      const held = await collect(ledger.readAll(0))
      expect(held.map((event) => event.position)).toEqual([1, 2, 3, 4, 5, 6, 7])
      expect(idsOf(held)).toEqual(idsOf([opened as EncodedEvent, ...[...rest].reverse().slice(1), ...rest.slice(-1)]))
    })

    check('order: appends that are not awaited keep the order of their calls', async () => {
      const round = makeRound('round-a', 30)
      await Promise.all(round.map((event) => ledger.append([event])))
      expect(idsOf(await collect(ledger.readAll(0)))).toEqual(idsOf(round))
    })

    check('atomicity: one bad event refuses its whole batch', async () => {
      const round = makeRound('round-a', 4)
      await refuses([...round, makeTcpObserved('round-a', 99, 'check-late')], 'round_sealed')
      expect(await collect(ledger.readAll(0))).toEqual([])
      await ledger.append(round)
    })

    check('idempotency: the same bytes again are a quiet success, whole, in part, in one batch and after the seal', async () => {
      const round = makeRound('round-a', 4)
      await ledger.append(round.slice(0, 3))
      expect(await ledger.append(round)).toEqual({ appended: 3, duplicates: 3, lastPosition: 6 })
      expect(await ledger.append([...round].reverse())).toEqual({ appended: 0, duplicates: 6, lastPosition: 6 })
      const late = makeGuardEvaluated('round-a', 50)
      expect(await ledger.append([late, ...round, late])).toEqual({ appended: 1, duplicates: 7, lastPosition: 7 })
      expect((await collect(ledger.readAll(0))).length).toBe(7)
    })

    check('idempotency: the same id with other bytes is refused and named', async () => {
      const round = makeRound('round-a', 4)
      await ledger.append(round.slice(0, 3))
      const forged = { ...makeTcpObserved('round-a', 1, 'check-0001', 999) }
      expect(forged.id).toBe(round[1]?.id)
      await refuses([...round.slice(3), forged], 'event_conflict')
      await expect(ledger.append([forged])).rejects.toThrow(forged.id)
      const twice = [makeTcpObserved('round-a', 60, 'check-0001', 1), makeTcpObserved('round-a', 60, 'check-0001', 2)]
      await refuses(twice, 'event_conflict')
    })

    check('closed rounds: no evidence, no opening and no second seal; decisions still come in', async () => {
      const round = makeRound('round-a', 3)
      await ledger.append(round)
      await refuses([makeTcpObserved('round-a', 70, 'check-0001')], 'round_sealed')
      await refuses([makeSealed('round-a', 71, round)], 'round_sealed')
      await refuses([makeOpened('round-a', 72, ['check-0001'])], 'round_sealed')
      await ledger.append([makeGuardEvaluated('round-a', 73)])
      expect((await collect(ledger.readRound('round-a'))).length).toBe(6)
    })

    check('rounds: opened once, before anything else under the root; a wrong seal is kept as evidence', async () => {
      const opened = makeOpened('round-a', 0, ['check-0001'])
      await refuses([makeTcpObserved('round-a', 1, 'check-0001'), opened], 'event_invalid')
      await refuses([makeSealed('round-a', 2, [])], 'event_invalid')
      await ledger.append([makeGuardEvaluated('round-a', 3), opened])
      await refuses([makeOpened('round-a', 4, ['check-0001'])], 'round_exists')
      await ledger.append([makeEvent('round-a', 5, 'round.sealed.v1', { root: '0'.repeat(64), count: 9 })])
      expect(await ledger.stats()).toMatchObject({ events: 3, rounds: 1, sealedRounds: 1 })
    })

    check('a subject that was never opened is no round', async () => {
      const marked = makeEvent('markers', 1, 'escrow.marked.v1', { item: 'a_b', evidence_id_sha256: 'a'.repeat(64), dry_run: true })
      await ledger.append([marked, ...makeRound('round-a', 1)])
      expect(await ledger.roundIds()).toEqual(['round-a'])
      expect(await ledger.stats()).toMatchObject({ events: 4, rounds: 1, sealedRounds: 1 })
      expect(idsOf(await collect(ledger.readRound('markers')))).toEqual([marked.id])
    })

    check('reads rounds apart, however they are mixed', async () => {
      const [a, b] = [makeRound('round-a', 8), makeRound('round-b', 8)]
      const mixed = a.flatMap((event, i) => [event, b[i] as EncodedEvent])
      for (let i = 0; i < mixed.length; i += 7) await ledger.append(mixed.slice(i, i + 7))
      await ledger.append([makeGuardEvaluated('round-a', 90)])
      expect(idsOf(await collect(ledger.readRound('round-a')))).toEqual(idsOf([...a, makeGuardEvaluated('round-a', 90)]))
      expect(idsOf(await collect(ledger.readRound('round-b')))).toEqual(idsOf(b))
      expect(await ledger.roundIds()).toEqual(['round-a', 'round-b'])
      const bytes = [...mixed, makeGuardEvaluated('round-a', 90)].reduce((sum, event) => sum + event.bytes.length, 0)
      expect(await ledger.stats()).toEqual({ events: 21, rounds: 2, sealedRounds: 2, lastPosition: 21, bytes })
    })

    check('reviews: all of them and nothing else, of whatever round, open, sealed or never opened, in position order', async () => {
      expect(await collect(ledger.readReviews())).toEqual([])
      const [round, open] = [makeRound('round-a', 3), makeOpened('round-b', 0, ['check-0001'])]
      const reviews = [
        makePreflight('round-b', 50),
        makeReview('round-a', 51),
        makeReview('never-opened', 52),
        makeReview('round-a', 53, { decision: 'rejected' }),
      ]
      await ledger.append([open, ...round.slice(0, 2), reviews[0] as EncodedEvent, ...round.slice(2)])
      await ledger.append([makeGuardEvaluated('round-a', 60), ...reviews.slice(1), makeGuardEvaluated('round-b', 61)])
      const all = await collect(ledger.readAll(0))
      const held = await collect(ledger.readReviews())
      expect(held).toEqual(all.filter(({ id }) => idsOf(reviews).includes(id)))
      expect(held.length).toBe(4)
    })

    check('reviews: in pages, up to what was there at the call, also for another handle', async () => {
      const other = await harness.open()
      const reviews = Array.from({ length: 1203 }, (_, i) => makeReview('round-a', i))
      await ledger.append(reviews.slice(0, 1200))
      const reader = other.readReviews()
      await other.append(reviews.slice(1200))
      const pages: (readonly StoredEvent[])[] = []
      for await (const page of reader) pages.push(page)
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(1000)
      expect(idsOf(pages.flat())).toEqual(idsOf(reviews.slice(0, 1200)))
      expect((await collect(other.readReviews())).length).toBe(1203)
      await other.close()
    })

    check('consistency: every handle sees what was appended, page by page, up to what was there at the call', async () => {
      const other = await harness.open()
      const looks = Array.from({ length: 2500 }, (_, i) => makeTcpObserved('round-a', i + 1, 'check-0001'))
      const round = [makeOpened('round-a', 0, ['check-0001']), ...looks]
      await ledger.append(round.slice(0, 2400))
      const reader = other.readAll(10)
      await other.append(round.slice(2400))
      const pages: (readonly StoredEvent[])[] = []
      for await (const page of reader) pages.push(page)
      expect(Math.max(...pages.map((page) => page.length))).toBeLessThanOrEqual(1000)
      expect(idsOf(pages.flat())).toEqual(idsOf(round.slice(10, 2400)))
      expect((await collect(ledger.readAll(0))).length).toBe(2501)
      expect((await collect(ledger.readRound('round-a'))).length).toBe(2501)
      await other.close()
    })

    check('follow: gives what is there and what comes, and ends with the signal', async () => {
      const round = makeRound('round-a', 6)
      const [other, stop] = [await harness.open(), new AbortController()]
      await ledger.append(round.slice(0, 3))
      const seen: string[] = []
      for await (const page of ledger.follow(1, stop.signal)) {
        seen.push(...idsOf(page))
        if (seen.length === 2) await other.append(round.slice(3, 5))
        if (seen.length === 4) setTimeout(() => void other.append(round.slice(5)), 300)
        if (seen.length === 7) setTimeout(() => stop.abort(), 50)
      }
      expect(seen).toEqual(idsOf(round.slice(1)))
      await other.close()
    })

    check('close: twice is once, and a closed ledger says so', async () => {
      await ledger.close()
      await ledger.close()
      await expect(ledger.append(makeRound('round-a', 1))).rejects.toMatchObject({ code: 'ledger_unavailable' })
      await expect(ledger.stats()).rejects.toMatchObject({ code: 'ledger_unavailable' })
    })
  })
}
