import type { CheckOf } from '../estate.ts'
import type { EventData } from '../event.ts'
import { ageProblems, reason } from './reason.ts'

type Report = Pick<EventData<'evidence.report.delegated.v1'>, 'as_of' | 'pass' | 'warn' | 'blocked' | 'result' | 'blockers' | 'warnings'>

/** Results that report nothing wrong with the services themselves. */
const GREEN_RESULTS: ReadonlySet<string> = new Set(['GREEN', 'FULL_STACK_GREEN', 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED'])

/**
 * What a delegated report lacks to be plainly green; empty means met. Anything bad it says counts, wherever it says
 * it: the result, the counts or the lines. Counts are needed except from backup and escrow reports, whose keys carry
 * the facts; a report without a result is read from its counts (contract §3, cold-start result).
 */
export function delegatedUnmet(check: CheckOf<'delegated'>, report: Report, at: Date): string[] {
  const problems = ageProblems('report', report.as_of, check.max_age_s, at)
  if (report.result !== null && !GREEN_RESULTS.has(report.result)) problems.push(reason(`result is ${report.result}`))
  const blocked = Math.max(report.blocked ?? 0, report.blockers.length)
  if (blocked > 0) problems.push(`${blocked} blocked`)
  const warnings = Math.max(report.warn ?? 0, report.warnings.length)
  if (warnings > 0) problems.push(`${warnings} warnings`)
  if (check.report !== 'backup_status' && check.report !== 'escrow_report') problems.push(...countsUnmet(report))
  return problems
}

function countsUnmet(report: Report): string[] {
  if (report.pass === null || report.warn === null || report.blocked === null) return ['not observed: counts']
  return report.pass === 0 ? ['nothing passed'] : []
}
