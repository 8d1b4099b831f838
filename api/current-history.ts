import type { Ledger } from '../ledger/ledger.ts'
import type { HistoryStore } from '../projector/history-store.ts'
import { projectRound } from '../projector/project-round.ts'
import { fillHistory } from '../projector/rebuild-history.ts'
import type { SnapshotStore } from '../projector/snapshot-store.ts'
import { EvidenceError } from '../schemas/errors.ts'

/**
 * A local history that knows of every round that was opened or sealed when the question came, also by another process:
 * before each question the ledger is asked whether anything was committed, and where it grew, those rounds are projected.
 * Questions that come meanwhile wait for the same work. The first question after the start looks at every round.
 */
export function keepCurrent(ledger: Ledger, snapshots: SnapshotStore, history: HistoryStore): HistoryStore {
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
  return {
    rounds: async (...args) => (await current()).rounds(...args),
    estates: async (...args) => (await current()).estates(...args),
    unfinished: async (...args) => (await current()).unfinished(...args),
    eventsOf: (...args) => history.eventsOf(...args),
    keyChanges: async (...args) => (await current()).keyChanges(...args),
    checkChanges: async (...args) => (await current()).checkChanges(...args),
    everAllowed: async (...args) => (await current()).everAllowed(...args),
    asOf: async (...args) => (await current()).asOf(...args),
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
  for (const roundId of touched) await project(ledger, snapshots, roundId)
}

/** A subject that was sealed and never opened is no round. */
async function project(ledger: Ledger, snapshots: SnapshotStore, roundId: string): Promise<void> {
  try {
    await projectRound(ledger, roundId, { store: snapshots })
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code !== 'round_unknown') throw error
  }
}
