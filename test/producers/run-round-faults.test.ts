import { expect, test } from 'vitest'
import type { Ledger } from '../../ledger/ledger.ts'
import { roundRoot } from '../../ledger/round-root.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type EncodedEvent, type EvidenceEvent, encodeEvent, isRootedType } from '../../schemas/event.ts'
import { eventsIn, newLedger, tcpEstate, tcpProbe, testRound, withAppend } from '../support/run-test-round.ts'

/** A real ledger whose append number `at` fails: refused before the write, or reported as failed after it. */
function faultyLedger(at: number, when: 'refused' | 'done'): { inner: Ledger; ledger: Ledger; appends: () => number } {
  const inner = newLedger()
  let n = 0
  const append = async (events: readonly EncodedEvent[]) => {
    n++
    if (n === at && when === 'refused') throw new EvidenceError('ledger_unavailable', 'disk is gone')
    const result = await inner.append(events)
    if (n === at) throw new EvidenceError('ledger_unavailable', 'disk is gone')
    return result
  }
  return { inner, ledger: withAppend(inner, append), appends: () => n }
}

function assertNoWrongSeal(events: readonly EvidenceEvent[]): void {
  const seals = events.flatMap((event) => (event.type === 'round.sealed.v1' ? [event] : []))
  const rooted = events.filter((event) => isRootedType(event.type))
  const actual = roundRoot(rooted.map((event) => encodeEvent(event)))
  expect(seals.length).toBeLessThanOrEqual(1)
  for (const seal of seals) {
    expect(seal.data).toEqual(actual)
    // A seal also says that every check is accounted for: opening and six checks.
    expect(actual.count).toBe(7)
  }
}

const ESTATE = tcpEstate({ A: [], B: ['A'], C: ['B'] }, { A: ['a1', 'a2'], B: ['b1', 'b2'], C: ['c1', 'c2'] })
/** Spread in time, so that the events of a gate do not all share one append. */
const slowly: typeof tcpProbe = async (check, context) => {
  await new Promise((resolve) => setTimeout(resolve, check.id.endsWith('2') ? 12 : 0))
  return tcpProbe(check, context)
}

test.each(['refused', 'done'] as const)('a ledger that fails at any append (%s) never gets a wrong seal', async (when) => {
  const whole = faultyLedger(0, when)
  await testRound(ESTATE, { ledger: whole.ledger, probes: { tcp: slowly } }).run()
  const total = whole.appends()
  expect(total).toBeGreaterThanOrEqual(5)
  assertNoWrongSeal(await eventsIn(whole.inner))
  const sealedAt: number[] = []
  for (let at = 1; at <= total; at++) {
    const { inner, ledger, appends } = faultyLedger(at, when)
    const round = testRound(ESTATE, { ledger, probes: { tcp: slowly } })
    const error = await round.run().then(
      () => null,
      (thrown: unknown) => thrown,
    )
    const events = await eventsIn(inner)
    assertNoWrongSeal(events)
    if (events.some((event) => event.type === 'round.sealed.v1')) sealedAt.push(at)
    // Appends may gather differently from run to run, so the last fault may come after the end.
    if (appends() < at) expect(error).toBeNull()
    else {
      expect(error).toMatchObject({ code: 'ledger_unavailable', message: 'disk is gone' })
      expect(appends()).toBe(at)
    }
  }
  console.log(`${when}: ${total} faults injected; sealed although reported as failed at append ${sealedAt.join(', ') || 'none'}`)
})

test('after the ledger failed no probe starts and no other event is written', async () => {
  const { inner, ledger } = faultyLedger(2, 'refused')
  const looked: string[] = []
  const round = testRound(ESTATE, {
    ledger,
    probes: {
      tcp: async (check, context) => {
        looked.push(check.id)
        return slowly(check, context)
      },
    },
  })
  await expect(round.run()).rejects.toMatchObject({ code: 'ledger_unavailable' })
  expect(looked.sort()).toEqual(['a1', 'a2'])
  expect((await eventsIn(inner)).map((event) => event.type)).toEqual(['round.opened.v1'])
})
