import type { Snapshot } from '../../schemas/snapshot.ts'

/** How other forms of report say a round, worst last. */
export type Outcome = 'PASSED' | 'WARNED' | 'FAILED'

export type RoundOutcome = {
  readonly result: Outcome
  /** Check ids, each in exactly one list, in the estate's order. */
  readonly passed: readonly string[]
  readonly warned: readonly string[]
  readonly failed: readonly string[]
}

type Verdict = Snapshot['checks'][number]

/** Results that are at least a warning in other words; each other result is a failure. */
const AT_MOST: Readonly<Record<string, Outcome>> = {
  FULL_STACK_GREEN: 'PASSED',
  FULL_STACK_GREEN_DR_ESCROW_BLOCKED: 'WARNED',
  SERVICE_AVAILABLE_DEGRADED: 'WARNED',
}

/**
 * A round in three words, for forms that have no more. Nothing less than green is PASSED:
 *
 * - a check is `passed` only where it is PASS, counts under the policy, and the round's root was proved (`verified`);
 * - what was not looked at is `failed`: these forms have no list for it, and it did not pass;
 * - of a round that is not sealed, or whose root is a mismatch, every check is `failed`;
 * - a transcript (`legacy_unverified`) and a check that the policy does not know are `warned` at best;
 * - the result is never better than its lists, the overall declaration or the cold start.
 */
export function roundOutcome({ evidence, checks, cold_start: cold, summary }: Snapshot): RoundOutcome {
  const isTrusted = evidence.integrity === 'verified' || evidence.integrity === 'legacy_unverified'
  const outcomes = checks.map((check) => ({ id: check.id, outcome: isTrusted ? checkOutcome(check, evidence.integrity === 'verified') : 'FAILED' }))
  const idsOf = (outcome: Outcome): string[] => outcomes.filter((one) => one.outcome === outcome).map((one) => one.id)
  const overall = AT_MOST[summary.OVERALL_DECLARATION ?? 'unknown'] ?? 'FAILED'
  const whole: readonly Outcome[] = [
    overall,
    cold.result === 'GREEN' ? 'PASSED' : 'WARNED',
    evidence.integrity === 'verified' ? 'PASSED' : isTrusted ? 'WARNED' : 'FAILED',
  ]
  const isEmpty = checks.length === 0
  return {
    result: isEmpty ? 'FAILED' : [...whole, ...outcomes.map((one) => one.outcome as Outcome)].reduce(worse),
    passed: idsOf('PASSED'),
    warned: idsOf('WARNED'),
    failed: idsOf('FAILED'),
  }
}

function checkOutcome({ status, counted, conflicting }: Verdict, isVerified: boolean): Outcome {
  if (status === 'NOT_EVALUATED' || (status === 'BLOCKED' && counted)) return 'FAILED'
  return status === 'PASS' && counted && !conflicting && isVerified ? 'PASSED' : 'WARNED'
}

const FROM_BEST: readonly Outcome[] = ['PASSED', 'WARNED', 'FAILED']

function worse(a: Outcome, b: Outcome): Outcome {
  return FROM_BEST.indexOf(a) >= FROM_BEST.indexOf(b) ? a : b
}
