import type { Check, CheckOf, Estate } from '../schemas/estate.ts'
import type { EvidenceEvent } from '../schemas/event.ts'
import type { CheckVerdict } from '../schemas/snapshot.ts'
import { type BootTimes, bootTimes, staleness } from './boot-binding.ts'
import { type DelegatedReport, mergeReportedKeys, type ReportedKeys } from './delegated-report.ts'
import { type JudgeContext, judgeCheck } from './judge-check.ts'
import type { Policy } from './policies.ts'
import { judgePending } from './product-window.ts'
import type { RoundEvidence } from './round-evidence.ts'

/** A delegated report that counts as evidence, with the check it came through. */
export type UsableReport = { check: CheckOf<'delegated'>; report: DelegatedReport; eventId: string }

/** Every declared check of a round with its verdict, and the usable evidence sections read facts from. */
export type JudgedRound = {
  round: RoundEvidence
  policy: Policy
  estate: Estate
  context: JudgeContext
  verdicts: ReadonlyMap<string, CheckVerdict>
  /** Observations that count as evidence, by check id. */
  usable: ReadonlyMap<string, readonly EvidenceEvent[]>
  reports: readonly UsableReport[]
  /** Keys other tools reported. */
  reported: ReportedKeys
}

/**
 * Judges every check the round must account for. Checks of the estate that a transcript does not cover are left out;
 * for an observed round the denominator is the whole estate (`round-evidence.ts` says mismatch otherwise).
 */
export function judgeRound(round: RoundEvidence, policy: Policy): JudgedRound {
  const { estate, opened, byCheck } = round
  const boots: BootTimes = bootTimes(opened, estate, byCheck)
  const context: JudgeContext = { opened, estate, policy, boots }
  const expected = new Set(opened.data.expected.map((one) => one.id))
  const checks = estate.checks.filter((check) => opened.data.recorded === null || expected.has(check.id))
  const usable = new Map(checks.map((check) => [check.id, (byCheck.get(check.id) ?? []).filter((event) => isUsable(check, event, context))]))
  const reports = checks.flatMap((check) => (check.kind === 'delegated' ? reportsOf(check, usable.get(check.id) ?? []) : []))
  const sources = checks.flatMap((check) => (check.kind === 'delegated' ? [check] : []))
  const reported = mergeReportedKeys(
    sources.map((check) => ({ report: check.report, usable: reports.filter((one) => one.check === check).map((one) => one.report) })),
  )
  const judged = checks.map((check) => judgeCheck(check, byCheck.get(check.id) ?? [], context))
  const verdicts = new Map(judged.map((verdict) => [verdict.id, judgePending(verdict, usable.get(verdict.id) ?? [], context)]))
  return { round, policy, estate, context, verdicts, usable, reports, reported }
}

function isUsable(check: Check, event: EvidenceEvent, context: JudgeContext): boolean {
  const looked = event.type !== 'evidence.check.failed.v1' && event.type !== 'evidence.check.not_evaluated.v1'
  return looked && staleness(check, event, context) === null
}

function reportsOf(check: CheckOf<'delegated'>, events: readonly EvidenceEvent[]): UsableReport[] {
  return events.flatMap((event) => (event.type === 'evidence.report.delegated.v1' ? [{ check, report: event.data, eventId: event.id }] : []))
}
