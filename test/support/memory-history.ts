import type { Change, EventRow, HistoryStore, Page, PageRequest, RoundRow, TimeRange } from '../../projector/history-store.ts'
import { isFinalSnapshot, toSnapshotRows } from '../../projector/snapshot-rows.ts'
import { type HistoryRound, toRawEvents } from './history-data.ts'

type Answers = Omit<HistoryStore, 'rejected' | 'close'>

/**
 * The questions of `HistoryStore` answered in the plainest way, straight from the snapshots and events: what every store
 * must say too. Pages come whole (`next` is never set).
 */
export function buildMemoryHistory(data: readonly HistoryRound[]): Answers {
  const rows = data.filter(({ snapshot }) => isFinalSnapshot(snapshot)).map(({ snapshot }) => ({ snapshot, ...toSnapshotRows(snapshot) }))
  const oldest = rows.toSorted((a, b) => compare(a.round.openedAt, b.round.openedAt) || compare(a.round.artifactId, b.round.artifactId))
  const newest = rows.toSorted((a, b) => compare(b.snapshot.opened_at, a.snapshot.opened_at) || compare(a.snapshot.artifact_id, b.snapshot.artifact_id))
  const events = data
    .flatMap((one) => toRawEvents(one.events))
    .map(({ id, roundId, type, checkId, time, text }) => ({ id, roundId, type, checkId, time, text }))
  const ofEstate = <T extends { round: RoundRow }>(all: readonly T[], estate: string, range: Partial<TimeRange>): T[] =>
    all.filter(({ round }) => round.estate === estate && isIn(round.openedAt, range))
  return {
    rounds: async ({ estate, overall, integrity, ...range }, page) =>
      whole(
        newest
          .map((one) => one.round)
          .filter(
            (row) =>
              isIn(row.openedAt, range) &&
              (estate ?? row.estate) === row.estate &&
              (overall ?? row.overall) === row.overall &&
              (integrity ?? row.integrity) === row.integrity,
          ),
        page,
      ),
    estates: async () =>
      [...new Set(rows.map(({ round }) => round.estate))].sort(compare).map((id) => {
        const own = newest.filter(({ round }) => round.estate === id).map(({ round }) => round)
        return { id, lastOpenedAt: own[0]?.openedAt ?? '', lastOverall: own[0]?.overall ?? '', rounds: own.length }
      }),
    unfinished: async (page) => {
      const open = data
        .filter(({ snapshot }) => !isFinalSnapshot(snapshot))
        .map(({ snapshot }) => ({ artifactId: snapshot.artifact_id, openedAt: snapshot.opened_at }))
      return whole(
        open.sort((a, b) => compare(b.openedAt, a.openedAt) || compare(a.artifactId, b.artifactId)),
        page,
      )
    },
    eventsOf: async (roundId, page) => whole(events.filter((row) => row.roundId === roundId).sort(byTime), page),
    keyChanges: async (estate, key, range) =>
      changesOf(ofEstate(oldest, estate, range).flatMap(({ round, keys }) => keys.filter((one) => one.key === key).map((one) => toChange(round, one.value)))),
    checkChanges: async (estate, checkId, range) =>
      changesOf(
        ofEstate(oldest, estate, range).flatMap(({ round, checks }) =>
          checks.filter((one) => one.checkId === checkId).map((one) => toChange(round, one.status)),
        ),
      ),
    everAllowed: async (estate, range) => {
      const found = new Map<string, RoundRow[]>()
      for (const { round, allowed } of ofEstate(oldest, estate, range)) {
        for (const name of allowed) found.set(`${name} ${round.policyVersion}`, [...(found.get(`${name} ${round.policyVersion}`) ?? []), round])
      }
      return [...found]
        .sort(([a], [b]) => compare(a, b))
        .map(([name, of]) => {
          const [declaration = '', policyVersion = ''] = name.split(' ')
          return { declaration, policyVersion, firstAllowedAt: of[0]?.openedAt ?? '', lastAllowedAt: of.at(-1)?.openedAt ?? '', rounds: of.length }
        })
    },
    asOf: async (estate, moment) => newest.find(({ round }) => round.estate === estate && round.openedAt <= moment)?.snapshot ?? null,
    notPassed: async (estate, checkId, range, page) =>
      whole(
        ofEstate(newest, estate, range).flatMap(({ checks }) => checks.filter((one) => one.checkId === checkId && one.status !== 'PASS')),
        page,
      ),
    search: async (text, range, page) =>
      whole(
        events.filter((row) => isIn(row.time, range) && row.text.includes(text)).sort((a, b) => byTime(b, a)),
        page,
      ),
    countsByDay: async (range) => {
      const counts = new Map<string, number>()
      for (const row of events.filter((one) => isIn(one.time, range))) {
        const key = `${row.time.slice(0, 10)} ${row.type}`
        counts.set(key, (counts.get(key) ?? 0) + 1)
      }
      return [...counts].sort(([a], [b]) => compare(a, b)).map(([key, count]) => ({ day: key.slice(0, 10), type: key.slice(11), count }))
    },
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function byTime(a: EventRow, b: EventRow): number {
  return compare(a.time, b.time) || compare(a.id, b.id)
}

function isIn(time: string, { from, to }: Partial<TimeRange>): boolean {
  return time >= (from ?? '') && time <= (to ?? '~')
}

function toChange(round: RoundRow, value: string): Change {
  return { artifactId: round.artifactId, openedAt: round.openedAt, value }
}

function changesOf(all: readonly Change[]): Change[] {
  return all.filter((one, n) => n === 0 || one.value !== all[n - 1]?.value)
}

function whole<T>(rows: readonly T[], { limit }: PageRequest): Page<T> {
  return { rows: rows.slice(0, limit), next: null }
}
