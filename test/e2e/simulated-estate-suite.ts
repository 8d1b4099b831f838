import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Fault } from '../../examples/awoooi/simulated/fault.ts'
import { missingParts, startSimulatedEstate, stopSimulatedEstate } from '../../examples/awoooi/simulated/simulated-estate.ts'
import { DECLARATIONS } from '../../schemas/declarations.ts'
import { type Conclusion, changeSimulated, closeOwnerGates, SIMULATED_ESTATE, simulatedRound } from '../support/simulated-operator.ts'

/** What nothing establishes here, and the two that are always forbidden. */
const FORBIDDEN = ['STATEFUL_AA', 'AI_REMEDIATION_ENABLED', 'RUNTIME_ACTION_AUTHORIZED']

/**
 * The bundled estate file, as it is, over simulated machines with real servers: a round that is green, then one fault at a
 * time. Of every round the whole conclusion is compared, so that nothing else may change.
 */
export function simulatedEstateSuite(title: string, faults: readonly Fault[]): void {
  const missing = missingParts()
  if (missing !== null) console.error(`simulated estate ABSENT: this machine ${missing}`)
  const dir = mkdtempSync(path.join(tmpdir(), 'evidence-simulated-'))
  describe.skipIf(missing !== null)(title, () => {
    let first: Conclusion
    let good: Conclusion
    beforeAll(async () => {
      await startSimulatedEstate(dir)
      first = await simulatedRound(dir, 'awoooi-first', [])
      closeOwnerGates(dir, 'awoooi-first')
      good = await simulatedRound(dir, 'awoooi-good')
    }, 600_000)
    afterAll(async () => {
      await stopSimulatedEstate(dir)
      rmSync(dir, { recursive: true, force: true })
    })

    it('is green but for what only its owners can close, and the test alert that was not sent', () => {
      expect(Object.entries(first.checks).filter(([, status]) => status !== 'PASS')).toEqual([
        ['alert-chain', 'WARN'],
        ['escrow-markers', 'WARN'],
        ['wazuh-agents', 'WARN'],
      ])
      expect(first.snapshot.summary).toMatchObject({
        COLD_START_RESULT: 'GREEN',
        POST_START_RESULT: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
        PLAN_B_LEVEL: 'B4_FULL_STACK_GREEN',
        NEXT_REQUIRED_GATES: 'credential_escrow_evidence,wazuh_manager_registry_export',
      })
    })

    it('is green altogether once an independent reviewer accepted their answers', () => {
      expect(good.reasons).toEqual([])
      expect(good.snapshot.summary).toMatchObject({ COLD_START_RESULT: 'GREEN', POST_START_RESULT: 'FULL_STACK_GREEN', PLAN_B_LEVEL: 'B5_DR_COMPLETE' })
      expect(DECLARATIONS.filter((name) => !good.allowed.includes(name))).toEqual(FORBIDDEN)
    })

    it.each(faults)(
      '$id: $title',
      async (fault) => {
        changeSimulated(dir, fault.on, fault.break, 'break')
        try {
          if (fault.seen !== undefined) changeSimulated(dir, 'host-110', fault.seen, 'seen')
          const seen = await simulatedRound(dir, `awoooi-${fault.id}`)
          expect(observedAfter(seen, good), seen.reasons.join('\n')).toEqual(expectedAfter(fault, good))
        } finally {
          changeSimulated(dir, fault.on, fault.repair, 'repair')
          // What Prometheus watches is up again: only then has a repair ended.
          changeSimulated(dir, 'host-110', 'until_all_up', 'repair')
        }
      },
      120_000,
    )
  })
}

/** What a fault must change in a round where everything was PASS. */
function expectedAfter({ expect: { checks, stops, coldStart, postStart, lost } }: Fault, good: Conclusion): object {
  const stopped = stops === undefined ? [] : dependents(stops)
  const statuses = Object.fromEntries(good.snapshot.checks.map(({ id, gate }) => [id, checks[id] ?? (stopped.includes(gate) ? 'NOT_EVALUATED' : 'PASS')]))
  const gates = Object.fromEntries(
    good.snapshot.gates.map(({ id }) => [id, worst(good.snapshot.checks.filter(({ gate }) => gate === id).map((one) => statuses[one.id]))]),
  )
  return { checks: statuses, gates, coldStart, postStart, firstBlocked: stops ?? firstBlocked(gates), lost: [...lost].sort() }
}

function observedAfter({ checks, gates, snapshot, allowed }: Conclusion, good: Conclusion): object {
  const { COLD_START_RESULT: coldStart, POST_START_RESULT: postStart } = snapshot.summary
  const lost = good.allowed.filter((name) => !allowed.includes(name)).sort()
  expect(allowed.filter((name) => !good.allowed.includes(name))).toEqual([])
  return { checks, gates, coldStart, postStart, firstBlocked: snapshot.first_blocked_gate, lost }
}

const firstBlocked = (gates: Record<string, string>): string | null => Object.keys(gates).find((id) => gates[id] === 'BLOCKED') ?? null

/** A gate is blocked if any of its checks is; a check that was not evaluated leaves it no better than WARN (contract §3). */
function worst(statuses: (string | undefined)[]): string {
  if (statuses.includes('BLOCKED')) return 'BLOCKED'
  return statuses.every((status) => status === 'PASS') ? 'GREEN' : 'WARN'
}

/** Gates that depend on one, directly or through others. */
function dependents(gate: string): string[] {
  const { gates } = parse(readFileSync(path.join(import.meta.dirname, '../..', SIMULATED_ESTATE), 'utf8')) as { gates: { id: string; depends_on?: string[] }[] }
  const found = new Set<string>([gate])
  // The estate names gates in the order of their dependence.
  for (const { id, depends_on = [] } of gates) if (depends_on.some((one) => found.has(one))) found.add(id)
  found.delete(gate)
  return [...found]
}
