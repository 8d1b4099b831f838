import type { RoundReader } from '../ledger/ledger.ts'
import type { Check } from '../schemas/estate.ts'
import { isGreenOverall } from '../schemas/summary.ts'
import { buildSnapshot } from './build-snapshot.ts'
import { findPolicy } from './policies.ts'
import { readRoundFold } from './project-round.ts'
import { readRoundEvidence } from './round-evidence.ts'

/**
 * Whether a round would be green had its estate no receiver of test alerts: nothing else is missing. It licenses nothing
 * and is stored nowhere; a watch asks before it sends the alert, so that nobody gets one of every attempt (runbook §8,
 * §13.2). Throws as `projectRound`.
 */
export async function lacksOnlyAlertTest(rounds: RoundReader, roundId: string): Promise<boolean> {
  const evidence = readRoundEvidence(roundId, await readRoundFold(rounds, roundId))
  const { id, version } = evidence.opened.data.policy
  const estate = { ...evidence.estate, checks: evidence.estate.checks.map(withoutReceiver) }
  const { summary } = buildSnapshot({ ...evidence, estate }, findPolicy(`${id}@${version}`))
  return evidence.integrity === 'verified' && isGreenOverall(summary.OVERALL_DECLARATION)
}

function withoutReceiver(check: Check): Check {
  return check.kind === 'alertmanager' ? { ...check, test_webhook: undefined } : check
}
