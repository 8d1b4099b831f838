import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import type { HistoryStore } from '../../projector/history-store.ts'
import { judgeFold } from '../../projector/project-round.ts'
import type { ProjectionStore, ProjectionTables, RawEvent, RejectedMessage } from '../../projector/projection-store.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { SNOWMAN, toHistoryRound, toRawEvents } from '../support/history-data.ts'
import { makeRound, makeTcpObserved } from '../support/make-events.ts'
import { allPages } from './history-suite.ts'

export type ProjectionTarget = { store: ProjectionStore; history: HistoryStore; close(): Promise<void> }

const ALL = { limit: 10_000, after: null }

/** The promises of `ProjectionStore`, seen through what it gives back and through history. Bound to each adapter. */
export function projectionStoreSuite(open: () => Promise<ProjectionTarget>): void {
  describe('projection store', () => {
    let target: ProjectionTarget
    beforeAll(async () => {
      target = await open()
    }, 120_000)
    afterAll(() => target?.close())

    it('gives back every event of a round, exactly as it came, however often it was saved', async () => {
      const events = toRawEvents(makeRound('round-doubled', 40))
      await target.store.saveEvents(events.slice(0, 30))
      await target.store.saveEvents(events)
      await target.store.saveEvents([...events.slice(5, 9), ...events.slice(5, 9)])
      await target.store.saveEvents([])
      expect(await textsOf(target.store, 'round-doubled')).toEqual(events.map((one) => one.text).sort())
      expect((await target.history.eventsOf('round-doubled', ALL)).rows).toHaveLength(events.length)
      expect(await textsOf(target.store, 'round-unheard-of')).toEqual([])
    })

    it('an insert that was done but reported as failed, and is made again, changes nothing', async () => {
      const events = toRawEvents(makeRound('round-reported-failed', 5))
      const reported = failingAfter(target.store)
      await expect(reported.saveEvents(events)).rejects.toThrow('reported as failed')
      await target.store.saveEvents(events)
      const { snapshot } = toHistoryRound(makeRound('round-reported-failed', 5))
      await expect(reported.saveSnapshots([{ snapshot, isFinal: true }])).rejects.toThrow('reported as failed')
      await target.store.saveSnapshots([{ snapshot, isFinal: true }])
      expect(await textsOf(target.store, 'round-reported-failed')).toHaveLength(events.length)
      expect(await roundsOf(target.history, 'round-reported-failed')).toHaveLength(1)
    })

    it('keeps both contents of a contradictory id, so that folding finds them', async () => {
      const events = makeRound('round-contradictory', 3)
      const [raw, other] = [toRawEvents(events), toRawEvents([sameIdOtherText(events)])]
      await target.store.saveEvents(raw)
      await target.store.saveEvents(other)
      await target.store.saveEvents(other)
      const texts = await textsOf(target.store, 'round-contradictory')
      expect(texts).toEqual([...raw, ...other].map((one) => one.text).sort())
      const snapshot = judgeFold('round-contradictory', foldEvents(emptyFold(), texts))
      expect(snapshot.evidence.integrity).toBe('mismatch')
      const rows = (await target.history.eventsOf('round-contradictory', ALL)).rows
      expect(rows).toHaveLength(texts.length)
      expect(await allPages((page) => target.history.eventsOf('round-contradictory', page), 1)).toEqual(rows)
    })

    it('several rounds in one question are the rounds one by one', async () => {
      const ids = ['round-many-1', 'round-many-2', 'round-many-3']
      for (const id of ids) await target.store.saveEvents(toRawEvents(makeRound(id, 4)))
      const together: string[] = []
      for await (const page of target.store.readRounds([...ids, 'round-unheard-of'])) together.push(...page)
      expect(together.sort()).toEqual(ids.flatMap((id) => toRawEvents(makeRound(id, 4)).map((one) => one.text)).sort())
      expect(await target.store.roundIds()).toEqual(expect.arrayContaining(ids))
    })

    it('text comes back as it went in, whatever it holds', async () => {
      const [event] = toRawEvents(makeRound('round-odd-text', 1))
      const texts = [SNOWMAN, '\t\n\r\u0000', "'); DROP TABLE events; --", '{}', '\\N']
      const odd = texts.map((text, n): RawEvent => ({ ...(event as RawEvent), id: `id-${n}`, roundId: 'round-odd-text', text, offset: '9223372036854775807' }))
      await target.store.saveEvents(odd)
      expect(await textsOf(target.store, 'round-odd-text')).toEqual([...texts].sort())
    })

    it('a final snapshot is never replaced by one that is not; a later final one takes its place', async () => {
      const { events, snapshot } = toHistoryRound(makeRound('round-final', 3))
      const open = toHistoryRound(events.slice(0, -1)).snapshot
      await target.store.saveEvents(toRawEvents(events))
      await target.store.saveSnapshots([{ snapshot: open, isFinal: false }])
      expect(await roundsOf(target.history, 'round-final')).toEqual([])
      await target.store.saveSnapshots([{ snapshot, isFinal: true }])
      await target.store.saveSnapshots([{ snapshot: open, isFinal: false }])
      expect(await roundsOf(target.history, 'round-final')).toMatchObject([{ integrity: 'verified', overall: snapshot.summary.OVERALL_DECLARATION }])
      const changed = withFirstCheckPassed(snapshot)
      await target.store.saveSnapshots([{ snapshot: changed, isFinal: true }])
      expect(await roundsOf(target.history, 'round-final')).toHaveLength(1)
      const check = snapshot.checks[2]?.id ?? ''
      const range = { from: snapshot.opened_at, to: snapshot.opened_at }
      expect((await target.history.notPassed('test', check, range, ALL)).rows.filter((row) => row.artifactId === 'round-final')).toEqual([])
    })

    it('a round judged under another policy stays out of history', async () => {
      const { events, snapshot } = toHistoryRound(makeRound('round-rejudged', 3))
      const texts = toRawEvents(events).map((one) => one.text)
      await target.store.saveEvents(toRawEvents(events))
      await target.store.saveSnapshots([
        { snapshot, isFinal: true },
        { snapshot: judgeFold('round-rejudged', foldEvents(emptyFold(), texts), 'sop@1.24'), isFinal: true },
      ])
      expect(await roundsOf(target.history, 'round-rejudged')).toMatchObject([{ policyVersion: '1.78' }])
    })

    it('rejections are kept once, in order of partition and offset', async () => {
      const rejected = [rejection(1, '10'), rejection(1, '9'), rejection(0, '9007199254740993'), { ...rejection(2, '0'), eventId: null, roundId: null }]
      await target.store.saveRejected(rejected)
      await target.store.saveRejected(rejected.slice(1).map((one) => ({ ...one, at: '2026-07-01T00:00:00.000Z' })))
      const rows = [rejected[2], rejected[1], rejected[0], rejected[3]]
      expect((await target.history.rejected(ALL)).rows).toEqual(rows)
      expect(await allPages((page) => target.history.rejected(page), 1)).toEqual(rows)
    })

    it('a rebuild shows nothing until it is swapped in, and then nothing else', async () => {
      const [before, rounds] = [await target.store.roundIds(), (await target.history.rounds({}, ALL)).rows.length]
      const abandoned = await target.store.startRebuild()
      await abandoned.saveEvents(toRawEvents(makeRound('round-abandoned', 2)))
      await abandoned.close()
      const rebuild = await target.store.startRebuild()
      expect(await rebuild.roundIds()).toEqual([])
      const { events, snapshot } = toHistoryRound(makeRound('round-rebuilt', 2))
      await rebuild.saveEvents(toRawEvents(events))
      await rebuild.saveSnapshots([{ snapshot, isFinal: true }])
      await rebuild.saveRejected([rejection(3, '1')])
      expect([await target.store.roundIds(), (await target.history.rounds({}, ALL)).rows.length]).toEqual([before, rounds])
      await rebuild.swap()
      await rebuild.close()
      expect(await target.store.roundIds()).toEqual(['round-rebuilt'])
      expect((await target.history.rounds({}, ALL)).rows.map((row) => row.artifactId)).toEqual(['round-rebuilt'])
      expect(await textsOf(target.store, 'round-rebuilt')).toHaveLength(events.length)
      expect((await target.history.rejected(ALL)).rows).toHaveLength(5)
    })
  })
}

async function textsOf(tables: ProjectionTables, roundId: string): Promise<string[]> {
  const texts: string[] = []
  for await (const page of tables.readRound(roundId)) texts.push(...page)
  return texts.sort()
}

async function roundsOf(history: HistoryStore, roundId: string) {
  return (await history.rounds({}, ALL)).rows.filter((row) => row.artifactId === roundId)
}

/** Does what it is asked and then says that it failed, as a connection that breaks before the answer. */
function failingAfter(store: ProjectionStore): Pick<ProjectionStore, 'saveEvents' | 'saveSnapshots'> {
  const fail = async (done: Promise<void>): Promise<void> => {
    await done
    throw new Error('reported as failed')
  }
  return { saveEvents: (events) => fail(store.saveEvents(events)), saveSnapshots: (snapshots) => fail(store.saveSnapshots(snapshots)) }
}

function sameIdOtherText(events: readonly EncodedEvent[]): EncodedEvent {
  return makeTcpObserved(events[1]?.subject ?? '', 1, 'check-0001', 77)
}

/** What another version of the program might conclude: the third check passed. */
function withFirstCheckPassed(snapshot: Snapshot): Snapshot {
  return { ...snapshot, checks: snapshot.checks.map((check, n) => (n === 2 ? { ...check, status: 'PASS', warning_class: null } : check)) }
}

function rejection(partition: number, offset: string): RejectedMessage {
  const digest = `sha256:${'0'.repeat(64)}`
  return { partition, offset, reason: 'not_json', detail: 'is no JSON', digest, eventId: 'e', roundId: 'r', at: '2026-06-27T03:50:46.001Z' }
}
