import { beforeAll, describe, expect, it } from 'vitest'
import type { ProjectionStore } from '../../projector/projection-store.ts'
import { openSqliteProjectionStore } from '../../projector/sqlite-projection-store.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { FakeTopic } from '../support/fake-event-source.ts'
import { makeGuardEvaluated, makeRound, makeTcpObserved } from '../support/make-events.ts'
import {
  type Fault,
  Killed,
  projectLocally,
  publish,
  readProjected,
  type StepName,
  startProjector,
  tempFile,
  textOf,
  unavailable,
  withFaults,
} from '../support/projector-harness.ts'

/** Rounds of different lengths, one with a decision beside it, and after the seals evidence that must not be taken. */
const ROUNDS = Array.from({ length: 7 }, (_, n) => makeRound(`fault-round-${n}`, 3 + 4 * n))
const DECIDED = ROUNDS.map((round, n) => (n === 2 ? [...round, makeGuardEvaluated('fault-round-2', 90)] : round))
const LATE = DECIDED.map((round, n) => [...round, makeTcpObserved(`fault-round-${n}`, 95, 'check-0001', 7)])
const EVENTS = DECIDED.flat().map(textOf).sort()
let expected: Map<string, string>

beforeAll(async () => {
  expected = await projectLocally(DECIDED)
})

function setUp(): { topic: FakeTopic; file: string; store: ProjectionStore } {
  const topic = new FakeTopic({ partitions: 3, batchSize: 6 })
  publish(topic, LATE)
  const file = tempFile('projection.db')
  return { topic, file, store: openSqliteProjectionStore(file) }
}

/** Nothing lost, nothing doubled, no false final snapshot, and all as if the SQLite ledger had been projected. */
function assertWhole(file: string): void {
  const projected = readProjected(file)
  expect(projected.events).toEqual(EVENTS)
  expect(projected.snapshots).toEqual(expected)
  expect(projected.finals).toEqual([...expected.keys()].sort())
  expect(projected.rejected.map(({ reason }) => reason)).toEqual(ROUNDS.map(() => 'round_sealed'))
}

/** Throws at the `nth` time that a step is reached, once. */
function once(step: StepName, when: 'before' | 'after', nth: number, error: () => Error): Fault {
  let count = 0
  return (at, moment) => {
    if (at === step && moment === when && ++count === nth) throw error()
  }
}

const STEPS: readonly StepName[] = ['saveEvents', 'saveRejected', 'send', 'saveSnapshots', 'commit']
const MOMENTS = STEPS.flatMap((step) => (['before', 'after'] as const).flatMap((when) => [1, 2, 3].map((nth) => ({ step, when, nth }))))

describe('killed', () => {
  it.each(MOMENTS)('$when $step number $nth, and started again', async ({ step, when, nth }) => {
    const { topic, file, store } = setUp()
    const first = startProjector(topic, store, { fault: once(step, when, nth, () => new Killed()) })
    expect(await Promise.race([first.ended, topic.drained()])).toBeInstanceOf(Killed)
    for (const id of readProjected(file).finals) expect(readProjected(file).snapshots.get(id)).toBe(expected.get(id))
    await store.close()
    const again = openSqliteProjectionStore(file)
    const second = startProjector(topic, again)
    await topic.drained()
    await second.stop()
    assertWhole(file)
    await again.close()
  })

  it('killed at every write in turn until nothing is left to do', async () => {
    const { topic, file, store } = setUp()
    let writes = 0
    for (let isDone = false; !isDone; ) {
      const die: Fault = (step) => {
        // A batch takes ten of them at most.
        if (step !== 'readRounds' && ++writes % 13 === 0) throw new Killed()
      }
      const run = startProjector(topic, store, { fault: die })
      isDone = await Promise.race([topic.drained().then(() => true), run.ended.then(() => false)])
      if (isDone) await run.stop().catch(() => undefined)
    }
    assertWhole(file)
    await store.close()
  })
})

describe('a write', () => {
  const WRITES = MOMENTS.filter(({ step }) => step !== 'commit')
  it.each(WRITES)('$step number $nth fails $when it was done, twice', async ({ step, when, nth }) => {
    const { topic, file, store } = setUp()
    const [one, two] = [once(step, when, nth, unavailable), once(step, when, nth, () => new EvidenceError('ledger_full', 'no space'))]
    const run = startProjector(topic, store, {
      fault: async (at, moment) => {
        await one(at, moment)
        await two(at, moment)
      },
    })
    await topic.drained()
    await run.stop()
    assertWhole(file)
    expect(run.metrics.value('evidence_projector_failures_total', { what: 'store' })).toBe(2)
    await store.close()
  })

  it('of events is torn: some are there, and which ones is chance', async () => {
    const { topic, file, store } = setUp()
    let n = 0
    const torn: ProjectionStore = {
      ...store,
      async saveEvents(events) {
        n++
        if (n % 2 === 0) return store.saveEvents(events)
        // The end of the batch is saved and its start is not, so that a seal is there before its evidence.
        await store.saveEvents(events.filter((_, index) => index % 3 !== n % 3).reverse())
        throw unavailable()
      },
    }
    const run = startProjector(topic, torn)
    await topic.drained()
    await run.stop()
    assertWhole(file)
    await store.close()
  })

  it('fails in a way nobody expects: the service ends and says so', async () => {
    const { topic, store } = setUp()
    const run = startProjector(topic, store, { fault: once('saveSnapshots', 'before', 2, () => new EvidenceError('ledger_corrupt', 'damaged')) })
    expect(await run.ended).toMatchObject({ code: 'ledger_corrupt' })
    await store.close()
  })
})

describe('a store', () => {
  it('that is down: nothing is committed meanwhile, and it goes on by itself', async () => {
    const { topic, file, store } = setUp()
    let isDown = true
    let attempts = 0
    const run = startProjector(topic, store, {
      fault: () => {
        if (isDown) throw unavailable()
      },
      sleep: async () => {
        expect(topic.partitions.map((one) => one.committed)).toEqual([0, 0, 0])
        expect(run.metrics.isReady).toBe(false)
        isDown = ++attempts < 30
        await new Promise((resolve) => setImmediate(resolve))
      },
    })
    await topic.drained()
    expect(run.metrics.isReady).toBe(true)
    await run.stop()
    expect(attempts).toBe(30)
    assertWhole(file)
    await store.close()
  })

  it('that is down when the service is asked to stop: it stops, and the next one has it all', async () => {
    const { topic, file, store } = setUp()
    const run = startProjector(topic, store, {
      fault: () => {
        throw unavailable()
      },
      sleep: async () => void run.stop(),
    })
    expect(await run.ended).toBeNull()
    expect(topic.partitions.map((one) => one.committed)).toEqual([0, 0, 0])
    const second = startProjector(topic, store)
    await topic.drained()
    await second.stop()
    assertWhole(file)
    await store.close()
  })

  it('waits longer from attempt to attempt, 30 s at most', async () => {
    const { topic, store } = setUp()
    const waited: number[] = []
    const run = startProjector(topic, store, {
      fault: () => {
        throw unavailable()
      },
      sleep: async (ms) => {
        waited.push(ms)
        if (waited.length === 12) void run.stop()
      },
    })
    await run.ended
    expect(waited).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000])
    await store.close()
  })

  it('that is slow, while partitions move', async () => {
    const { topic, file, store } = setUp()
    let steps = 0
    const slow: Fault = async () => {
      for (let n = 0; n < 5; n++) await new Promise((resolve) => setImmediate(resolve))
      if (++steps % 7 === 0 && steps < 200) topic.rebalance()
    }
    const runs = [startProjector(topic, store, { fault: slow }), startProjector(topic, store, { fault: slow })]
    await topic.drained()
    for (const run of runs) await run.stop()
    assertWhole(file)
    await store.close()
  })
})

describe('a topic', () => {
  const project = async (topic: FakeTopic, file: string): Promise<void> => {
    const store = openSqliteProjectionStore(file)
    const run = startProjector(topic, store)
    await topic.drained()
    await run.stop()
    await store.close()
  }

  it('that is delivered again as a whole, by a group that lost its offsets', async () => {
    const { topic, file, store } = setUp()
    await store.close()
    await project(topic, file)
    const before = readProjected(file).all
    for (const partition of topic.partitions) partition.committed = 0
    await project(topic, file)
    expect(readProjected(file).all).toBe(before)
    assertWhole(file)
  })

  it.each([1, 2, 7, 1000])('with every message doubled, and then everything once more, in batches of %i', async (batchSize) => {
    const topic = new FakeTopic({ partitions: 2, batchSize })
    publish(
      topic,
      DECIDED.map((round) => round.flatMap((event) => [event, event])),
    )
    publish(topic, DECIDED)
    publish(
      topic,
      LATE.map((round) => round.slice(-1)),
    )
    const file = tempFile('projection.db')
    await project(topic, file)
    assertWhole(file)
  })

  it('with rounds in any order beside each other', async () => {
    const topic = new FakeTopic({ partitions: 1, batchSize: 9 })
    const queues = LATE.map((round) => [...round])
    for (let n = 0; queues.some((queue) => queue.length > 0); n = (n * 31 + 17) % 1009) {
      const event = queues[n % queues.length]?.shift()
      if (event) topic.append(0, event.subject, event.bytes)
    }
    const file = tempFile('projection.db')
    await project(topic, file)
    assertWhole(file)
  })

  it('that lost its tail: those rounds are not final until it is sent again', async () => {
    const topic = new FakeTopic({ partitions: 3, batchSize: 6 })
    publish(
      topic,
      DECIDED.map((round) => round.slice(0, round.length - 3)),
    )
    const file = tempFile('projection.db')
    await project(topic, file)
    const cut = readProjected(file)
    expect(cut.finals).toEqual([])
    for (const snapshot of cut.snapshots.values()) expect(JSON.parse(snapshot)).toMatchObject({ evidence: { integrity: 'unsealed' } })
    publish(topic, LATE)
    await project(topic, file)
    assertWhole(file)
  })

  it('that lost something in the middle: a mismatch is shown and never final, and cured when it is sent again behind the seal', async () => {
    const topic = new FakeTopic({ partitions: 3, batchSize: 6 })
    publish(
      topic,
      DECIDED.map((round) => round.filter((_, n) => n !== 2)),
    )
    const file = tempFile('projection.db')
    await project(topic, file)
    const cut = readProjected(file)
    expect(cut.finals).toEqual([])
    for (const snapshot of cut.snapshots.values()) {
      expect(JSON.parse(snapshot)).toMatchObject({ evidence: { integrity: 'mismatch' }, post_start: { result: 'BLOCKED' } })
    }
    publish(topic, LATE)
    await project(topic, file)
    assertWhole(file)
  })

  it('that cannot be read for a while is opened again', async () => {
    const { topic, file, store } = setUp()
    let opened = 0
    const run = startProjector(topic, store, {
      openSource: () => {
        const source = topic.openSource()
        if (++opened < 4) source.fail(new EvidenceError('ledger_unavailable', 'no broker'))
        return source
      },
    })
    await topic.drained()
    await run.stop()
    expect([opened, run.metrics.value('evidence_projector_failures_total', { what: 'topic' })]).toEqual([4, 3])
    assertWhole(file)
    await store.close()
  })
})

describe('several projectors', () => {
  it('split the partitions, one of them is killed', async () => {
    const { topic, file, store } = setUp()
    const runs = [
      startProjector(topic, store),
      startProjector(topic, openSqliteProjectionStore(file), { fault: once('saveSnapshots', 'after', 2, () => new Killed()) }),
      startProjector(topic, openSqliteProjectionStore(file)),
    ]
    await topic.drained()
    for (const run of runs) await run.stop().catch((error: unknown) => expect(error).toBeInstanceOf(Killed))
    assertWhole(file)
    await store.close()
  })

  it.each(STEPS.filter((step) => step !== 'send'))('partitions move %s of a batch: its offsets are not committed by the one that lost it', async (step) => {
    const { topic, file, store } = setUp()
    let moves = 0
    const move: Fault = (at, when) => {
      if (at === step && when === 'before' && moves++ < 6) topic.rebalance()
    }
    const runs = [startProjector(topic, store, { fault: move }), startProjector(topic, store)]
    await topic.drained()
    for (const run of runs) await run.stop()
    expect(moves).toBeGreaterThan(2)
    assertWhole(file)
    await store.close()
  })

  it('one goes on writing what it lost to another: nothing changes', async () => {
    const { topic, file, store } = setUp()
    let hold: () => void = () => undefined
    const held = new Promise<void>((resolve) => (hold = resolve))
    let isFirst = true
    const zombie = withFaults(store, async (step, when) => {
      if (step !== 'saveEvents' || when !== 'before' || !isFirst) return
      isFirst = false
      topic.rebalance()
      await held
    })
    const slow = startProjector(topic, zombie)
    await new Promise((resolve) => setImmediate(resolve))
    const other = startProjector(topic, store)
    void slow.stop()
    await topic.when(() => topic.partitions.some(({ committed }) => committed > 0))
    hold()
    await slow.ended
    await topic.drained()
    await other.stop()
    assertWhole(file)
    await store.close()
  })
})
