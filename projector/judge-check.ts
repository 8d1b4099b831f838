import type { Check, CheckOf, Estate } from '../schemas/estate.ts'
import type { EventOf, EvidenceEvent } from '../schemas/event.ts'
import { ALERT_TEST_NOT_SENT } from '../schemas/expectations/alertmanager.ts'
import { httpAttemptOk } from '../schemas/expectations/http.ts'
import type { WarningClass } from '../schemas/primitives.ts'
import type { CheckVerdict } from '../schemas/snapshot.ts'
import type { BootTimes } from './boot-binding.ts'
import { staleness } from './boot-binding.ts'
import { delegatedFindings } from './delegated-report.ts'
import type { Policy } from './policies.ts'
import type { Opened } from './round-evidence.ts'
import { unmetReasons } from './unmet-reasons.ts'

export type JudgeContext = { opened: Opened; estate: Estate; policy: Policy; boots: BootTimes }

/** One event's own verdict, before several of one check are brought together. */
type Finding = Pick<CheckVerdict, 'status' | 'warning_class' | 'reasons' | 'observed' | 'after_retry' | 'service_unknown'>

const BADNESS = { PASS: 0, WARN: 1, NOT_EVALUATED: 2, BLOCKED: 3 } as const
const CLASS_BADNESS = { EVIDENCE: 0, BOUNDARY: 1, SERVICE: 2 } as const

/**
 * Judges one check from its evidence (contract §3). No evidence, failed, stale and unusable evidence all end worse than
 * PASS; two different observations count as the worse one, at least WARN(EVIDENCE).
 */
export function judgeCheck(check: Check, events: readonly EvidenceEvent[], context: JudgeContext): CheckVerdict {
  const findings = events.map((event) => judgeEvent(check, event, context))
  const worst = findings.length === 0 ? unaccounted(check, context) : findings.reduce(worse)
  const conflicting = findings.length > 1
  const finding = conflicting ? worse(worst, warn('EVIDENCE', [...worst.reasons, `${findings.length} different observations`], worst.after_retry)) : worst
  return {
    id: check.id,
    gate: check.gate,
    part: check.part,
    kind: check.kind,
    severity: check.severity,
    ...finding,
    service_unknown: findings.some((one) => one.service_unknown) || finding.service_unknown,
    counted: isKnownToPolicy(check, context),
    conflicting,
    pending: false,
    event_ids: events.map((event) => event.id),
  }
}

function worse(a: Finding, b: Finding): Finding {
  const byStatus = BADNESS[b.status] - BADNESS[a.status]
  if (byStatus !== 0) return byStatus > 0 ? b : a
  const rank = (f: Finding): number => (f.warning_class === null ? -1 : CLASS_BADNESS[f.warning_class])
  return rank(b) > rank(a) ? b : a
}

function judgeEvent(check: Check, event: EvidenceEvent, context: JudgeContext): Finding {
  if (event.type === 'evidence.check.not_evaluated.v1') {
    const cause = event.data.gate === null ? event.data.cause : `${event.data.cause} ${event.data.gate}`
    return {
      status: 'NOT_EVALUATED',
      warning_class: null,
      reasons: [cause],
      observed: 'not_evaluated',
      after_retry: false,
      service_unknown: check.warning_class === 'SERVICE',
    }
  }
  if (event.type === 'evidence.check.failed.v1') return noEvidence(check, [`${event.data.reason} at ${event.data.stage}`], context)
  const stale = staleness(check, event, context)
  if (stale !== null) return noEvidence(check, [stale], context)
  if (event.type !== (check.kind === 'delegated' ? 'evidence.report.delegated.v1' : `evidence.${check.kind}.observed.v1`)) {
    return noEvidence(check, [`evidence of another kind: ${event.type}`], context)
  }
  return judgeObservation(check, event, context)
}

/** Looked, and the facts are usable: PASS, WARN after a retry, or the severity the estate gives to a failure. */
function judgeObservation(check: Check, event: EvidenceEvent, context: JudgeContext): Finding {
  if (check.kind === 'http' && event.type === 'evidence.http.observed.v1') return judgeHttp(check, event, context)
  const unmet = unmetReasons(check, event, context)
  if (unmet.length > 0) return isOnlyWarned(event, unmet) ? warn(check.warning_class, unmet, false) : failing(check, unmet, context)
  const attempts = 'attempts' in event.data && Array.isArray(event.data.attempts) ? event.data.attempts.length : 1
  return passing(attempts)
}

/**
 * Another tool's warnings stay warnings; only its blockers, or a report that says nothing, take the check's severity.
 * A test alert that nobody asked for is a warning too: it stands until one was accepted (runbook §13.2).
 */
function isOnlyWarned(event: EvidenceEvent, unmet: readonly string[]): boolean {
  if (event.type === 'evidence.alertmanager.observed.v1') return unmet.every((one) => one === ALERT_TEST_NOT_SENT)
  if (event.type !== 'evidence.report.delegated.v1') return false
  const { blocked, warn: warned, pass } = delegatedFindings(event.data)
  return (blocked ?? 0) === 0 && (warned ?? 0) > 0 && pass !== 0
}

/** Policies before 1.61 count one try of a route; later ones up to three (runbook 2026-06-26 06:26). */
function judgeHttp(check: CheckOf<'http'>, event: EventOf<'evidence.http.observed.v1'>, context: JudgeContext): Finding {
  const counted = event.data.attempts.slice(0, context.policy.rules.httpAttempts)
  const first = counted.findIndex((attempt) => httpAttemptOk(check, attempt))
  if (first >= 0) return passing(first + 1)
  const seen = counted
    .map((attempt) => (attempt.status === null ? attempt.outcome : attempt.body_ok === false ? `${attempt.status} body` : attempt.status))
    .join(',')
  return failing(check, [`answered ${seen} in ${counted.length} counted attempts`], context)
}

function passing(tries: number): Finding {
  if (tries > 1) return warn('EVIDENCE', [`passed at attempt ${tries}`], true)
  return { status: 'PASS', warning_class: null, reasons: [], observed: 'observed', after_retry: false, service_unknown: false }
}

function warn(warningClass: WarningClass, reasons: string[], afterRetry: boolean): Finding {
  return { status: 'WARN', warning_class: warningClass, reasons, observed: 'observed', after_retry: afterRetry, service_unknown: false }
}

function failing(check: Check, reasons: string[], { estate }: JudgeContext): Finding {
  if (!canBlock(check, estate)) return warn(check.warning_class, reasons, false)
  return { status: 'BLOCKED', warning_class: null, reasons, observed: 'observed', after_retry: false, service_unknown: false }
}

/**
 * No usable evidence: BLOCKED, or WARN(EVIDENCE) where the severity is `warn`. Where the check is about something users
 * feel, the service's state is then unknown, which keeps it from being called green: otherwise losing a bad observation
 * would improve the verdict.
 */
function noEvidence(check: Check, reasons: string[], { estate }: JudgeContext): Finding {
  const blocked = canBlock(check, estate)
  return {
    status: blocked ? 'BLOCKED' : 'WARN',
    warning_class: blocked ? null : 'EVIDENCE',
    reasons,
    observed: 'unobserved',
    after_retry: false,
    service_unknown: check.warning_class === 'SERVICE',
  }
}

/**
 * A declared check without any event. A producer of ours records one even for a check it skipped, so something was lost;
 * what cannot be told is never better than what was skipped.
 */
function unaccounted(check: Check, context: JudgeContext): Finding {
  return { ...noEvidence(check, ['no event'], context), service_unknown: true }
}

/** The estate's severity; results of whole checks and release products block whatever it says, as results rest on them. */
function canBlock(check: Check, estate: Estate): boolean {
  if (check.kind === 'delegated' && (check.report === 'cold_start' || check.report === 'quick_check')) return true
  return check.severity === 'blocked' || (estate.sections.products ?? []).some((product) => product.release && product.freshness === check.id)
}

/** A part that a policy version does not know yet plays no role in its result (contract §3). */
function isKnownToPolicy(check: Check, { estate, policy }: JudgeContext): boolean {
  const product = estate.sections.products?.find((one) => one.freshness === check.id)
  if (product === undefined) return true
  return product.shape === 'feed' ? policy.rules.feedFreshnessGate : policy.rules.importMaxAgeDays !== null
}
