import type { EventData } from '../schemas/event.ts'
import { countOf } from '../schemas/summary.ts'

export type DelegatedReport = EventData<'evidence.report.delegated.v1'>

/** What another tool's report amounts to. Where its result, its counts and its lines disagree, the worse counts. */
export type DelegatedFindings = { pass: number | null; warn: number | null; blocked: number | null; reasons: string[] }

const BLOCKED_RESULTS: ReadonlySet<string> = new Set(['BLOCKED', 'CHECK_FAILED'])
const DEGRADED_RESULTS: ReadonlySet<string> = new Set(['DEGRADED', 'SERVICE_AVAILABLE_DEGRADED', 'PRODUCT_DATA_PENDING_EOD_WINDOW'])
const COUNTED_REPORTS: ReadonlySet<string> = new Set(['cold_start', 'quick_check'])

export function delegatedFindings(report: DelegatedReport): DelegatedFindings {
  const saysBlocked = report.result !== null && BLOCKED_RESULTS.has(report.result)
  const saysDegraded = report.result !== null && DEGRADED_RESULTS.has(report.result)
  const blocked = atLeast(report.blocked, Math.max(report.blockers.length, saysBlocked ? 1 : 0, reportedCount(report, 'backup_status', REPORTED_BACKUP_COUNTS)))
  const warn = atLeast(report.warn, Math.max(report.warnings.length, saysDegraded ? 1 : 0, reportedCount(report, 'escrow_report', ['ESCROW_MISSING_COUNT'])))
  const reasons: string[] = []
  if ((blocked ?? 0) > 0) reasons.push(`${blocked} blocked`)
  if ((warn ?? 0) > 0) reasons.push(`${warn} warnings`)
  if (COUNTED_REPORTS.has(report.report) && report.pass === 0) reasons.push('nothing passed')
  const says = report.result !== null || report.pass !== null || Object.keys(report.keys).length > 0
  if (!says) reasons.push('not observed: counts or result')
  return { pass: report.pass, warn, blocked, reasons }
}

/** Counts a backup tool may print beside its core blockers; any that is not 0 contradicts a count of no blockers. */
export const REPORTED_BACKUP_COUNTS = [
  'BACKUP_CORE_BLOCKERS',
  'BACKUP_JOBS_STALE',
  'BACKUP_JOBS_FAILED',
  'BACKUP_MISSING_CRON',
  'BACKUP_MISSING_SCRIPT',
  'BACKUP_INTEGRITY_STALE',
]

function reportedCount(report: DelegatedReport, kind: DelegatedReport['report'], keys: readonly string[]): number {
  return report.report === kind ? Math.max(...keys.map((key) => countOf(report.keys[key]) ?? 0)) : 0
}

/** A count that was not printed stays unknown unless something else in the report shows it is not 0. */
function atLeast(count: number | null, shown: number): number | null {
  return count === null ? (shown > 0 ? shown : null) : Math.max(count, shown)
}

/** Keys each kind of report is believed about. */
const BELIEVED: Readonly<Record<DelegatedReport['report'], RegExp>> = {
  quick_check: /./,
  cold_start: /^(COLD_START|MOMO)_/,
  backup_status: /^BACKUP_/,
  escrow_report: /^(ESCROW|DR)_/,
  other: /^$/,
}

/** One declared delegated check and the reports of it that count as evidence. */
export type ReportSource = { report: DelegatedReport['report']; usable: readonly DelegatedReport[] }

/** What other tools reported under a key: a value, `unknown` where that cannot be told, undefined where nobody printed it. */
export type ReportedKeys = (key: string) => string | undefined

/**
 * Keys that other tools reported in this round. A key is `unknown` while a source that could have printed it did not
 * report exactly once, or sources disagree: losing a report must neither settle a disagreement nor take back a bad word.
 */
export function mergeReportedKeys(sources: readonly ReportSource[]): ReportedKeys {
  return (key) => {
    const believed = sources.filter((source) => BELIEVED[source.report].test(key))
    if (believed.some((source) => source.usable.length !== 1)) return 'unknown'
    const values = new Set(believed.flatMap((source) => source.usable.flatMap((one) => one.keys[key] ?? [])))
    return values.size > 1 ? 'unknown' : [...values][0]
  }
}
