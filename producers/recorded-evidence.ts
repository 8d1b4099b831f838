import type { Check, CheckOf, Estate } from '../schemas/estate.ts'
import { EVENT_TYPES, type EventData, type EventType } from '../schemas/event.ts'
import { httpAttemptOk } from '../schemas/expectations/http.ts'
import type { FactsKind } from '../schemas/facts.ts'
import type { RecordedRound } from '../schemas/recorded-round.ts'
import { targetOf } from './check-target.ts'
import type { EstatePath, EstateProblem } from './estate-document.ts'
import { unknownName } from './estate-names.ts'
import { readShape } from './estate-shape.ts'
import { classifyBlocker } from './probes/classify-blocker.ts'
import { readRecordedFacts } from './recorded-facts.ts'
import { isSecretLike } from './scrub-line.ts'

type Entry = RecordedRound['evidence'][number]
type ReportEntry = Extract<Entry, { report: unknown }>
type FactsEntry = Extract<Entry, { facts: unknown }>
type HttpEntry = Extract<Entry, { http_attempts: unknown }>

/** One entry of a record as the type and data of its event. */
export type RecordedEvidence = { type: EventType; checkId: string; data: unknown }
type Read = RecordedEvidence | { problems: EstateProblem[] }

/**
 * Turns one evidence entry of a recorded round into what its event says. `time` is the record's own moment, UTC with
 * milliseconds. A record does not say how often or how long was tried, so facts and reports count as one try.
 */
export function readRecordedEvidence(entry: Entry, estate: Estate, time: string, at: EstatePath): Read {
  const check = estate.checks.find((one) => one.id === entry.check)
  if (check === undefined) {
    const known = estate.checks.map((one) => one.id)
    return { problems: unknownName([...at, 'check'], 'check', entry.check, known) }
  }
  if (check.kind === 'delegated') return 'report' in entry ? readReport(entry, check, estate, at) : wrongForm(entry, check, 'report', at)
  if (check.kind === 'http') return 'http_attempts' in entry ? readHttp(entry, check, time, at) : wrongForm(entry, check, 'http_attempts', at)
  return 'facts' in entry ? readFacts(entry, check, time, at) : wrongForm(entry, check, 'facts', at)
}

function wrongForm(entry: Entry, check: Check, wanted: string, at: EstatePath): Read {
  const given = 'report' in entry ? 'report' : 'facts' in entry ? 'facts' : 'http_attempts'
  return { problems: [{ path: [...at, given], at: 'key', message: `a ${check.kind} check takes \`${wanted}\`` }] }
}

type Recorded = EventData<'evidence.report.delegated.v1'>

function readReport(entry: ReportEntry, check: CheckOf<'delegated'>, estate: Estate, at: EstatePath): Read {
  const { report } = entry
  const data = {
    tool: targetOf(check),
    report: check.report,
    host: check.host ?? null,
    as_of: null,
    attempts: [],
    exit_code: null,
    pass: report.pass ?? null,
    warn: report.warn ?? null,
    blocked: report.blocked ?? null,
    result: report.result ?? null,
    blockers: report.blockers.map((one) => classified(one, check)),
    warnings: report.warnings.map((one) => classified(one, check)),
    keys: Object.fromEntries(Object.entries(report.keys).map(([key, value]) => [key, String(value)])),
  }
  const shape = readShape(EVENT_TYPES['evidence.report.delegated.v1'], data)
  const wrong = 'problems' in shape ? shape.problems.map((problem) => ({ ...problem, path: [...at, 'report', ...problem.path] })) : []
  const problems = [...wrong, ...reportProblems(entry, estate, [...at, 'report'])]
  return problems.length > 0 ? { problems } : { type: 'evidence.report.delegated.v1', checkId: check.id, data }
}

/** The estate's own rules class a bare text, and name the gate where the record does not, as if the check had just read it. */
function classified(blocker: ReportEntry['report']['blockers'][number], check: CheckOf<'delegated'>): Recorded['blockers'][number] {
  if (typeof blocker === 'string') return classifyBlocker(blocker, check.classify)
  return { text: blocker.text, class: blocker.class, gate: blocker.gate ?? classifyBlocker(blocker.text, check.classify).gate }
}

/** Gates that the estate does not have, and what looks like a secret: a record is typed by hand and kept for ever. */
function reportProblems({ report }: ReportEntry, estate: Estate, at: EstatePath): EstateProblem[] {
  const gates = estate.gates.map((gate) => gate.id)
  const lines = (['blockers', 'warnings'] as const).flatMap((list) =>
    report[list].flatMap((one, n) => {
      const { text, gate } = typeof one === 'string' ? { text: one, gate: undefined } : one
      const place = [...at, list, n]
      return [
        ...(isSecretLike(text) ? [{ path: place, message: 'looks like a secret' }] : []),
        ...(gate === undefined ? [] : unknownName([...place, 'gate'], 'gate', gate, gates)),
      ]
    }),
  )
  const keys = Object.entries(report.keys).flatMap(([key, value]) =>
    isSecretLike(`${key}=${value}`) ? [{ path: [...at, 'keys', key], message: 'looks like a secret' }] : [],
  )
  return [...lines, ...keys]
}

function readFacts({ facts: given, as_of }: FactsEntry, check: Check, time: string, at: EstatePath): Read {
  const kind = check.kind as FactsKind
  const read = readRecordedFacts(kind, check, given, [...at, 'facts'])
  if ('problems' in read) return read
  const attempts = [{ started_at: time, ms: 0, outcome: 'ok' }]
  const data = { target: targetOf(check), host: check.host ?? null, as_of: as_of ?? null, attempts, facts: read.facts }
  return { type: `evidence.${kind}.observed.v1`, checkId: check.id, data }
}

/** Only tries without any answer are a look that failed; an unexpected status is an answer. A body belongs to the last answer. */
function readHttp({ http_attempts: codes, body_ok: body }: HttpEntry, check: CheckOf<'http'>, time: string, at: EstatePath): Read {
  if (body !== undefined && check.body === undefined) return { problems: [{ path: [...at, 'body_ok'], at: 'key', message: 'the check asserts no body' }] }
  const lastAnswer = codes.findLastIndex((code) => code !== '000')
  const attempts = codes.map((code, n) => {
    const status = code === '000' ? null : Number(code)
    const body_ok = n === lastAnswer ? (body ?? null) : null
    const isOk = httpAttemptOk(check, { status, body_ok })
    return { started_at: time, ms: 0, outcome: status === null ? 'unreachable' : isOk ? 'ok' : 'unmet', status, body_ok }
  })
  const common = { target: check.url, host: check.host ?? null }
  const last = attempts.findLast((attempt) => attempt.status !== null)
  if (last === undefined) {
    const failed = attempts.map(({ started_at, ms, outcome }) => ({ started_at, ms, outcome }))
    const data = { ...common, reason: 'unreachable', stage: 'request', detail: `no answer in ${codes.length} recorded attempts`, attempts: failed }
    return { type: 'evidence.check.failed.v1', checkId: check.id, data }
  }
  const facts = { url: check.url, status: last.status, bytes: null, body_sha256: null, redirect_host: null }
  return { type: 'evidence.http.observed.v1', checkId: check.id, data: { ...common, as_of: null, attempts, facts } }
}
