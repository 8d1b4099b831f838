import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { HistoryStore, Page, PageRequest } from '../../projector/history-store.ts'
import { canonicalJson } from '../../schemas/canonical-json.ts'
import { buildHistoryData, type HistoryRound, SNOWMAN } from '../support/history-data.ts'
import { buildMemoryHistory } from '../support/memory-history.ts'

/** `save` gives the rounds to the store in this order; the suite saves some of them twice. */
export type HistoryTarget = { history: HistoryStore; save(rounds: readonly HistoryRound[]): Promise<void>; close(): Promise<void> }

const ALWAYS = { from: '2000-01-01T00:00:00.000Z', to: '2999-12-31T23:59:59.999Z' }
const JUNE = { from: '2026-06-27T03:50:46.000Z', to: '2026-06-28T01:50:46.000Z' }
const ALL = { limit: 10_000, after: null }

/** Every question of `HistoryStore`, against the plainest answer and byte for byte. Bound to each adapter. */
export function historySuite(open: () => Promise<HistoryTarget>): void {
  describe('history', () => {
    let target: HistoryTarget
    let data: HistoryRound[]
    let expected: ReturnType<typeof buildMemoryHistory>

    beforeAll(async () => {
      data = await buildHistoryData(60, 200)
      expected = buildMemoryHistory(data)
      target = await open()
      // Out of order, and a third of them again.
      const shuffled = data.toSorted((a, b) => (a.snapshot.evidence.root < b.snapshot.evidence.root ? -1 : 1))
      await target.save(shuffled)
      await target.save(shuffled.slice(0, Math.ceil(shuffled.length / 3)))
    }, 300_000)
    afterAll(() => target?.close())

    const same = (was: unknown, must: unknown): void => expect(canonicalJson(was)).toBe(canonicalJson(must))

    it('has something to say', async () => {
      const [rounds, allowed, found] = [
        await expected.rounds({}, ALL),
        await expected.everAllowed('awoooi', ALWAYS),
        await expected.search('☃ 無', ALWAYS, ALL),
      ]
      expect([rounds.rows.length > 200, allowed.length > 3, found.rows.length > 20]).toEqual([true, true, true])
      expect((await expected.keyChanges('awoooi', 'OVERALL_DECLARATION', ALWAYS)).length).toBeGreaterThan(2)
    })

    it.each([
      {},
      { estate: 'awoooi' },
      { estate: 'test', ...JUNE },
      { overall: 'BLOCKED' },
      { integrity: 'verified' },
      { estate: 'awoooi', integrity: 'legacy_unverified' },
      { from: JUNE.to },
      { to: JUNE.from },
      { estate: 'nobody' },
    ])('rounds %j', async (filter) => same(await target.history.rounds(filter, ALL), await expected.rounds(filter, ALL)))

    it('estates, with their last round', async () => {
      const must = await expected.estates()
      expect(must.length).toBeGreaterThan(1)
      same(await target.history.estates(), must)
    })

    it('rounds that are not finished, whole and in pages', async () => {
      const must = await expected.unfinished(ALL)
      expect(must.rows.length).toBeGreaterThan(10)
      same(await target.history.unfinished(ALL), must)
      same(await allPages((page) => target.history.unfinished(page), 3), must.rows)
    })

    it('events of every round, in order of time and id', async () => {
      for (const { snapshot } of data) {
        same(await target.history.eventsOf(snapshot.artifact_id, ALL), await expected.eventsOf(snapshot.artifact_id, ALL))
      }
    })

    it('every key of every estate, only its changes', async () => {
      const keys = new Set(data.flatMap(({ snapshot }) => Object.keys(snapshot.summary)))
      const estates = new Set(data.map(({ snapshot }) => snapshot.estate.id))
      for (const estate of estates) {
        for (const key of keys) {
          const must = await expected.keyChanges(estate, key, ALWAYS)
          if (must.length > 0) same(await target.history.keyChanges(estate, key, ALWAYS), must)
        }
        same(await target.history.keyChanges(estate, 'NO_SUCH_KEY', ALWAYS), [])
        same(await target.history.keyChanges(estate, 'POST_START_RESULT', JUNE), await expected.keyChanges(estate, 'POST_START_RESULT', JUNE))
      }
    }, 120_000)

    it('every check of every estate, its changes and where it was not PASS', async () => {
      const checks = new Set(data.flatMap(({ snapshot }) => snapshot.checks.map((check) => `${snapshot.estate.id} ${check.id}`)))
      for (const [estate = '', check = ''] of [...checks].map((one) => one.split(' '))) {
        same(await target.history.checkChanges(estate, check, ALWAYS), await expected.checkChanges(estate, check, ALWAYS))
        same(await target.history.notPassed(estate, check, ALWAYS, ALL), await expected.notPassed(estate, check, ALWAYS, ALL))
      }
    }, 120_000)

    it.each([ALWAYS, JUNE])('declarations that were ever allowed %j', async (range) => {
      for (const estate of ['awoooi', 'test', 'nobody']) same(await target.history.everAllowed(estate, range), await expected.everAllowed(estate, range))
    })

    it('the last round as of a moment: at it, just before it, before all', async () => {
      const moments = data.slice(0, 40).flatMap(({ snapshot }) => [snapshot.opened_at, new Date(Date.parse(snapshot.opened_at) - 1).toISOString()])
      for (const moment of [...moments, '1970-01-01T00:00:00.000Z']) {
        for (const estate of ['awoooi', 'test']) same(await target.history.asOf(estate, moment), await expected.asOf(estate, moment))
      }
    })

    it.each(['☃ 無回應 𝔘', 'check-b', SNOWMAN, '%_', "'", '"checkid":"check-a"', 'back\\\\slash', '\\', 'SIMPLE-', 'simple-0007', 'nothing at all', '\u0000'])(
      'search %j',
      async (text) => {
        same(await target.history.search(text, ALWAYS, ALL), await expected.search(text, ALWAYS, ALL))
        same(
          await target.history.search(text, JUNE, { limit: 7, after: null }).then((page) => page.rows),
          (await expected.search(text, JUNE, { limit: 7, after: null })).rows,
        )
      },
    )

    it.each([ALWAYS, JUNE])('events by type and day %j', async (range) => same(await target.history.countsByDay(range), await expected.countsByDay(range)))

    it('pages give every row once, in order', async () => {
      const { history } = target
      same(await allPages((page) => history.rounds({}, page), 17), (await expected.rounds({}, ALL)).rows)
      same(await allPages((page) => history.search('e', JUNE, page), 101), (await expected.search('e', JUNE, ALL)).rows)
      same(await allPages((page) => history.notPassed('test', 'check-a', ALWAYS, page), 5), (await expected.notPassed('test', 'check-a', ALWAYS, ALL)).rows)
      same(await allPages((page) => history.eventsOf('simple-0007', page), 2), (await expected.eventsOf('simple-0007', ALL)).rows)
    })

    it('refuses what it cannot answer', async () => {
      const { history } = target
      const { next } = await history.rounds({}, { limit: 1, after: null })
      expect(next).not.toBeNull()
      const wrong = [
        () => history.rounds({ estate: 'test' }, { limit: 1, after: next }),
        () => history.eventsOf('simple-0001', { limit: 1, after: next }),
        () => history.unfinished({ limit: 1, after: next }),
        () => history.rounds({}, { limit: 1, after: 'garbage' }),
        () => history.rounds({}, { limit: 0, after: null }),
        () => history.rounds({}, { limit: 10_001, after: null }),
        () => history.rounds({ from: '2026-06-27' }, ALL),
        () => history.asOf('test', 'yesterday'),
        () => history.search('', ALWAYS, ALL),
        () => history.countsByDay({ from: ALWAYS.from, to: 'now' }),
      ]
      for (const ask of wrong) await expect(ask()).rejects.toMatchObject({ code: 'usage' })
    })
  })
}

export async function allPages<T>(ask: (page: PageRequest) => Promise<Page<T>>, limit: number): Promise<T[]> {
  const rows: T[] = []
  for (let after: string | null = null; ; ) {
    const page: Page<T> = await ask({ limit, after })
    rows.push(...page.rows)
    if (page.next === null) return rows
    after = page.next
  }
}
