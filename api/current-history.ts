import type { Ledger } from '../ledger/ledger.ts'
import type { HistoryStore } from '../projector/history-store.ts'
import { fillHistory, projectKnownRound } from '../projector/rebuild-history.ts'
import type { SnapshotStore } from '../projector/snapshot-store.ts'
import { type CorrectableStore, ProvedRounds, type ToldRound, tell } from './proved-rounds.ts'

/** Rounds that are held to their events before it is said which rounds are unfinished: a first page of `rounds`. */
const NEWEST = 100

/**
 * A local history that knows of every round that was opened or sealed when the question came, also by another process:
 * before each question the ledger is asked whether anything was committed, and where it grew, those rounds are projected.
 * Questions that come meanwhile wait for the same work. The first question after the start looks at every round.
 *
 * `rounds`, `asOf`, and the last round of each of `estates` are held to the events before they are told (`ProvedRounds`): a round
 * that was changed after it was stored is in `unfinished` then. Changes over time are told as they were stored.
 */
export function keepCurrent(ledger: Ledger, snapshots: SnapshotStore & CorrectableStore, history: HistoryStore): HistoryStore {
  const proved = new ProvedRounds(ledger, snapshots)
  let done: number | null = null
  let version: string | null = null
  let work: Promise<void> | null = null
  const update = async (): Promise<void> => {
    // Both are read before the work: what is appended during it is found by the next question.
    const now = (await ledger.version?.()) ?? null
    if (now !== null && now === version) return
    const { lastPosition } = await ledger.stats()
    if (done === null) await fillHistory(ledger, snapshots, history)
    else if (done !== lastPosition) await projectTouched(ledger, snapshots, done)
    done = lastPosition
    version = now
  }
  const current = async (): Promise<HistoryStore> => {
    // Who comes during an update may ask for what was appended after it looked: one more turn, shared by all who wait.
    if (work !== null) await work.catch(() => undefined)
    work ??= update().finally(() => {
      work = null
    })
    await work
    return history
  }
  /** Every turn puts a round right or takes it out, so this ends. */
  const held = async <T>(ask: () => Promise<T>, told: (answer: T) => readonly ToldRound[]): Promise<T> => {
    await current()
    for (;;) {
      const answer = await ask()
      if (!(await proved.correct(told(answer)))) return answer
    }
  }
  const rounds: HistoryStore['rounds'] = (...args) =>
    held(
      () => history.rounds(...args),
      ({ rows }) => rows,
    )
  return {
    rounds,
    estates: async () => {
      for (const { id } of await (await current()).estates()) await rounds({ estate: id }, { limit: 1, after: null })
      return history.estates()
    },
    unfinished: async (...args) => {
      await rounds({}, { limit: NEWEST, after: null })
      return history.unfinished(...args)
    },
    eventsOf: (...args) => history.eventsOf(...args),
    keyChanges: async (...args) => (await current()).keyChanges(...args),
    checkChanges: async (...args) => (await current()).checkChanges(...args),
    everAllowed: async (...args) => (await current()).everAllowed(...args),
    asOf: (...args) =>
      held(
        () => history.asOf(...args),
        (snapshot) => (snapshot === null ? [] : [tell(snapshot)]),
      ),
    notPassed: async (...args) => (await current()).notPassed(...args),
    search: (...args) => history.search(...args),
    countsByDay: (...args) => history.countsByDay(...args),
    rejected: (...args) => history.rejected(...args),
    close: () => history.close(),
  }
}

const MARKS = ['"type":"round.opened.v1"', '"type":"round.sealed.v1"']

/** The text is canonical, so a cheap look leaves out nearly everything before it is parsed. */
async function projectTouched(ledger: Ledger, snapshots: SnapshotStore, after: number): Promise<void> {
  const touched = new Set<string>()
  for await (const page of ledger.readAll(after)) {
    for (const { text } of page) {
      if (!MARKS.some((mark) => text.includes(mark))) continue
      const { type, subject } = JSON.parse(text) as { type: string; subject: string }
      if (type === 'round.opened.v1' || type === 'round.sealed.v1') touched.add(subject)
    }
  }
  // Also those that were sealed and never opened: they are passed over.
  for (const roundId of touched) await projectKnownRound(ledger, roundId, snapshots)
}
