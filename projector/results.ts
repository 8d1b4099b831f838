import type { Check } from '../schemas/estate.ts'
import type { ClassifiedBlocker } from '../schemas/event.ts'
import type { ColdStartResult } from '../schemas/primitives.ts'
import type { CheckVerdict } from '../schemas/snapshot.ts'
import { countOf, isGreenOverall, listItems, type Overall, type Tri, worseOverall } from '../schemas/summary.ts'
import { delegatedFindings } from './delegated-report.ts'
import type { JudgedRound, UsableReport } from './judged-round.ts'
import { isInWindow } from './product-window.ts'
import { missingEscrowItems } from './sections.ts'
import { toTri } from './tri.ts'

/** Both results of a round (contract §3). A count is null where nobody counted. */
export type ColdStart = { result: ColdStartResult | 'unknown'; pass: number | null; warn: number | null; blocked: number | null }
export type PostStart = {
  result: Overall | 'unknown'
  pass: number | null
  warn: number | null
  blocked: number | null
  warn_service: number | null
  warn_boundary: number | null
  warn_evidence: number | null
  pending: boolean
}
export type Results = { cold: ColdStart; post: PostStart; demoted: ClassifiedBlocker[]; serviceGreen: Tri }

type Tally = { pass: number; warn: number; blocked: number; notEvaluated: number; service: number; boundary: number; evidence: number; serviceUnknown: boolean }

export function judgeResults(judged: JudgedRound): Results {
  const own = [...judged.verdicts.values()].filter((verdict) => verdict.counted && !isResultReport(judged, verdict.id))
  const cold = judgeColdStart(judged, tally(own.filter((verdict) => verdict.part === 'cold_start')))
  const demoted = demotedBlockers(judged)
  return { cold: cold.printed, demoted, ...judgePostStart(judged, cold, tally(own.filter((verdict) => verdict.part !== 'cold_start')), demoted) }
}

/** A delegated report that was read is its counts; the check it came through is not counted once more. */
function isResultReport(judged: JudgedRound, checkId: string): boolean {
  const { kind, observed } = judged.verdicts.get(checkId) as CheckVerdict
  if (kind !== 'delegated' || observed !== 'observed') return false
  return judged.reports.some((one) => one.check.id === checkId && (one.report.report === 'cold_start' || one.report.report === 'quick_check'))
}

function tally(verdicts: readonly CheckVerdict[]): Tally {
  const count = (isOne: (verdict: CheckVerdict) => boolean): number => verdicts.filter(isOne).length
  return {
    pass: count((v) => v.status === 'PASS'),
    warn: count((v) => v.status === 'WARN'),
    blocked: count((v) => v.status === 'BLOCKED'),
    notEvaluated: count((v) => v.status === 'NOT_EVALUATED'),
    service: count((v) => v.warning_class === 'SERVICE'),
    boundary: count((v) => v.warning_class === 'BOUNDARY'),
    evidence: count((v) => v.warning_class === 'EVIDENCE'),
    serviceUnknown: verdicts.some((v) => v.service_unknown),
  }
}

/** The one usable report of a kind; where a check sent two, the one that says worse. */
function reportOf(judged: JudgedRound, kind: 'cold_start' | 'quick_check'): UsableReport | null {
  const badness = ({ report }: UsableReport): number => (delegatedFindings(report).blocked ?? 0) * 1e6 + (delegatedFindings(report).warn ?? 0)
  const found = judged.reports.filter((one) => one.report.report === kind)
  return found.length === 0 ? null : found.reduce((a, b) => (badness(b) > badness(a) ? b : a))
}

type Cold = { printed: ColdStart; own: Tally; report: UsableReport | null; isDeclared: boolean }

/**
 * Own checks and another tool's cold-start look at the same machines, so own checks can raise the report's counts but
 * are not added to them.
 */
function judgeColdStart(judged: JudgedRound, own: Tally): Cold {
  const report = reportOf(judged, 'cold_start')
  const seen = own.pass + own.warn + own.blocked + own.notEvaluated
  if (report === null) {
    if (seen === 0) return { printed: { result: 'unknown', pass: null, warn: null, blocked: null }, own, report, isDeclared: false }
    const result = coldResult(own.pass, own.warn + own.notEvaluated, own.blocked)
    return { printed: { result, pass: own.pass, warn: own.warn, blocked: own.blocked }, own, report, isDeclared: true }
  }
  const { pass, warn, blocked } = delegatedFindings(report.report)
  const counts = { pass, warn: Math.max(warn ?? 0, own.warn), blocked: Math.max(blocked ?? 0, own.blocked) }
  const result = coldResult(counts.pass ?? 0, counts.warn + own.notEvaluated, counts.blocked)
  return { printed: { result, ...counts }, own, report, isDeclared: true }
}

function coldResult(pass: number, warn: number, blocked: number): ColdStartResult {
  if (blocked > 0) return 'BLOCKED'
  if (warn > 0) return 'DEGRADED'
  return pass > 0 ? 'GREEN' : 'CHECK_FAILED'
}

/**
 * Demotion (policies 1.75 and 1.76): blockers of a delegated cold-start that the wrapper's own checks of the same round
 * refute. All of them routes and every own route recovered; or exactly one, `api`, and the own public API health check
 * answered 2xx. Anything else, and any blocker that was counted but not named, stays.
 */
export function demotedBlockers(judged: JudgedRound): ClassifiedBlocker[] {
  const report = reportOf(judged, 'cold_start')?.report
  if (report === undefined || report.blockers.length === 0) return []
  if (delegatedFindings(report).blocked !== report.blockers.length) return []
  const { demoteRecoveredRoutes, demoteApiWarmup } = judged.policy.rules
  const areRoutes = report.blockers.every((blocker) => blocker.class === 'route')
  if (demoteRecoveredRoutes && areRoutes && areAllUp(judged, (check) => check.role === 'public_route')) return report.blockers
  const isOneApi = report.blockers.length === 1 && report.blockers[0]?.class === 'api'
  if (demoteApiWarmup && isOneApi && areAllUp(judged, (check) => check.role === 'public_api') && apiAnswered2xx(judged)) return report.blockers
  return []
}

function wrapperChecks(judged: JudgedRound, isOne: (check: Check) => boolean): Check[] {
  return judged.estate.checks.filter((check) => judged.verdicts.has(check.id) && check.part !== 'cold_start' && isOne(check))
}

/** Up: observed and answering as expected, at once or after a counted retry, without contradiction. */
export function isUp(verdict: CheckVerdict | undefined): boolean {
  return (
    verdict !== undefined &&
    verdict.observed === 'observed' &&
    !verdict.conflicting &&
    (verdict.status === 'PASS' || (verdict.status === 'WARN' && verdict.after_retry))
  )
}

function areAllUp(judged: JudgedRound, isOne: (check: Check) => boolean): boolean {
  const checks = wrapperChecks(judged, isOne)
  return checks.length > 0 && checks.every((check) => isUp(judged.verdicts.get(check.id)))
}

function apiAnswered2xx(judged: JudgedRound): boolean {
  return wrapperChecks(judged, (check) => check.role === 'public_api').every((check) =>
    (judged.usable.get(check.id) ?? []).every(
      (event) => event.type === 'evidence.http.observed.v1' && event.data.facts.status >= 200 && event.data.facts.status < 300,
    ),
  )
}

type Quick = {
  pass: number | null
  warn: number | null
  blocked: number | null
  service: number | null
  boundary: number | null
  evidence: number | null
  pending: boolean
  told: Overall | 'unknown'
}

function judgePostStart(judged: JudgedRound, cold: Cold, own: Tally, demoted: ClassifiedBlocker[]): { post: PostStart; serviceGreen: Tri } {
  const report = reportOf(judged, 'quick_check')
  const hasOwn = own.pass + own.warn + own.blocked + own.notEvaluated > 0
  const quick = report === null ? null : readQuickCheck(judged, report)
  const pending = (quick?.pending ?? false) || [...judged.verdicts.values()].some((verdict) => verdict.counted && verdict.pending)
  const coldBlocked = demoted.length > 0 ? cold.own.blocked : (cold.printed.blocked ?? 0)
  const counts =
    quick !== null
      ? withQuickCheck(quick, own, coldBlocked)
      : hasOwn
        ? withOwnChecks(own, cold, coldBlocked, demoted.length)
        : withColdStart(cold, coldBlocked, demoted.length)
  const isDegraded = isServiceDegraded(judged, cold, own, counts.warn_service)
  const result = hasPassedNothing(cold) ? 'BLOCKED' : postResult(judged, counts, pending, isDegraded, quick)
  const post: PostStart = { ...counts, pending, result }
  return { post, serviceGreen: serviceGreen(judged, post, isDegraded, quick !== null) }
}

/** A cold start in which nothing passed is no ground for any result, whatever else it warned of; a skipped one degrades. */
function hasPassedNothing({ printed, own, report, isDeclared }: Cold): boolean {
  const isSkipped = report === null && own.warn + own.blocked === 0 && own.notEvaluated > 0
  return isDeclared && printed.pass === 0 && !isSkipped
}

type Counts = Omit<PostStart, 'result' | 'pending'>

function withQuickCheck(quick: Quick, own: Tally, coldBlocked: number): Counts {
  const blockers = Math.max(own.blocked, coldBlocked)
  return {
    pass: quick.pass,
    warn: raise(quick.warn, own.warn),
    blocked: raise(quick.blocked, blockers),
    warn_service: raise(quick.service, own.service),
    warn_boundary: raise(quick.boundary, own.boundary),
    warn_evidence: raise(quick.evidence, own.evidence),
  }
}

function raise(count: number | null, atLeast: number): number | null {
  return count === null ? (atLeast > 0 ? atLeast : null) : Math.max(count, atLeast)
}

/**
 * Own quick checks beside a cold-start, which is one more check of theirs and passes while it is GREEN. A delegated one
 * looks at the same routes, so its blockers are not added to the same blockers seen by own checks.
 */
function withOwnChecks(own: Tally, cold: Cold, coldBlocked: number, demoted: number): Counts {
  const isDelegated = cold.report !== null
  return {
    pass: own.pass + (cold.printed.result === 'GREEN' ? 1 : 0),
    warn: own.warn + demoted,
    blocked: isDelegated ? Math.max(own.blocked, coldBlocked) : own.blocked + coldBlocked,
    warn_service: own.service,
    warn_boundary: own.boundary,
    warn_evidence: own.evidence + demoted,
  }
}

/** A round with a cold-start and no quick check takes its counts; a warning another tool did not class is a SERVICE one. */
function withColdStart({ printed, own, report }: Cold, coldBlocked: number, demoted: number): Counts {
  const unclassed = report === null ? 0 : Math.max(0, (printed.warn ?? 0) - own.warn)
  return {
    pass: printed.pass,
    warn: printed.warn === null ? null : printed.warn + demoted,
    blocked: printed.blocked === null ? null : coldBlocked,
    warn_service: printed.warn === null ? null : own.service + unclassed,
    warn_boundary: printed.warn === null ? null : own.boundary,
    warn_evidence: printed.warn === null ? null : own.evidence + demoted,
  }
}

/** Another tool's quick check, its product blockers read under this policy: unknown to it, pending, or blocking. */
function readQuickCheck(judged: JudgedRound, { report }: UsableReport): Quick {
  const { pass, warn, blocked } = delegatedFindings(report)
  const split = (key: string): number | null => countOf(report.keys[`POST_START_WARN_${key}`])
  const told = worseOverall(report.result ?? undefined, report.keys.POST_START_RESULT)
  const products = report.blockers.filter((blocker) => blocker.class === 'product').length
  const onlyProducts = products > 0 && products === blocked
  const { feedFreshnessGate } = judged.policy.rules
  const pending = (onlyProducts || blocked === null || blocked === 0) && isProductPending(judged)
  const isLifted = onlyProducts && (!feedFreshnessGate || pending)
  const boundary = split('BOUNDARY')
  return {
    pass,
    warn: isLifted && pending && warn !== null ? warn + products : warn,
    blocked: isLifted ? 0 : blocked,
    service: split('SERVICE'),
    boundary: isLifted && pending && boundary !== null ? boundary + products : boundary,
    evidence: split('EVIDENCE'),
    pending,
    // A result that only its lifted product blockers explain no longer stands.
    told: isLifted && told === 'BLOCKED' ? 'FULL_STACK_GREEN' : told,
  }
}

/** Product blockers that another tool printed, all on the end-of-day list, before the cut-off. */
function isProductPending(judged: JudgedRound): boolean {
  if (!judged.policy.rules.endOfDayWindow) return false
  const products = (judged.estate.sections.products ?? []).filter((product) => listItems(judged.reported(`${product.prefix}_BLOCKERS`)).length > 0)
  const at = new Date(judged.round.opened.time)
  return (
    products.length > 0 &&
    products.every((product) => {
      const date = judged.reported(`${product.prefix}_LATEST_TRADING_DATE`)
      return isInWindow(product, listItems(judged.reported(`${product.prefix}_BLOCKERS`)), at, date === undefined || date === 'unknown' ? null : date)
    })
  )
}

/** Contract §3, result 3, and what SERVICE_GREEN needs: nothing users feel is bad, skipped or unknown. */
function isServiceDegraded(judged: JudgedRound, cold: Cold, own: Tally, serviceWarnings: number | null): boolean {
  const { options } = judged.round.opened.data
  const isPartial = options.skipped_parts.length > 0 || options.only_gates !== null || own.notEvaluated + cold.own.notEvaluated > 0
  const delegatedWarn = cold.report === null ? 0 : (delegatedFindings(cold.report.report).warn ?? 0)
  const unknown = own.serviceUnknown || cold.own.serviceUnknown
  return isPartial || unknown || delegatedWarn > 0 || cold.own.service > 0 || (serviceWarnings ?? 0) > 0
}

/** The first rule that holds (contract §3); another tool's own result can only make it worse. */
function postResult(judged: JudgedRound, counts: Counts, pending: boolean, isDegraded: boolean, quick: Quick | null): Overall | 'unknown' {
  if ((counts.blocked ?? 0) > 0 || counts.pass === 0) return 'BLOCKED'
  if (pending) return worseOverall('PRODUCT_DATA_PENDING_EOD_WINDOW', quick?.told)
  if (isDegraded) return worseOverall('SERVICE_AVAILABLE_DEGRADED', quick?.told)
  const isUntold = counts.pass === null && (quick === null || quick.told === 'unknown')
  if (isUntold) return 'unknown'
  const escrowMissing = (missingEscrowItems(judged) ?? []).length > 0
  return worseOverall(escrowMissing ? 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED' : 'FULL_STACK_GREEN', quick?.told)
}

/** No blocker, no SERVICE warning, nothing skipped; 0 while unknown (contract §4). */
function serviceGreen(judged: JudgedRound, post: PostStart, isDegraded: boolean, hasQuickReport: boolean): Tri {
  if (isDegraded || (post.blocked ?? 0) > 0 || post.result === 'BLOCKED' || post.result === 'SERVICE_AVAILABLE_DEGRADED') return '0'
  const printed = toTri(judged.reported('SERVICE_GREEN'))
  if (hasQuickReport && printed !== 'unknown') return printed
  const isKnown = post.warn_service === 0 && post.blocked === 0 && (isGreenOverall(post.result) || post.pending)
  return isKnown ? '1' : '0'
}
