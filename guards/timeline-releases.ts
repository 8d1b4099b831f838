import type { ReleaseGroup } from '../schemas/estate.ts'
import type { Snapshot } from '../schemas/snapshot.ts'
import { type GatePhase, type GroupRelease, RELEASE_PHASES, type Release, type ReleasePhase, type ReleaseStatus } from '../schemas/timeline.ts'

type Condition = { isMet: boolean; shown: string }
/** Of the estate: which checks prove the API and the alert chain, and the service groups it names. */
export type ReleaseEstate = { readonly checks: readonly DeclaredCheck[]; readonly releases?: readonly ReleaseGroup[] | undefined }
type DeclaredCheck = {
  readonly id: string
  readonly gate: string
  readonly kind: string
  readonly part: string
  readonly role?: string | undefined
  readonly test_webhook?: string | undefined
}
type Judged = { snapshot: Snapshot; estate: ReleaseEstate }
type CheckVerdict = Snapshot['checks'][number]

/**
 * What waits behind the gates, in golden order, and what no evidence ever releases (§1, §2, §5.3, §10, §11, §12).
 * `conditions_met` is a fact about evidence and releases nothing: a person does.
 */
const RULES: Readonly<Record<ReleasePhase, (round: Judged) => Condition[]>> = {
  alert_outbound: alertChain,
  high_load_batch: highLoad,
  runner_cd: runner,
  ai_auto_remediation: (round) => [{ isMet: false, shown: 'AI_REMEDIATION_ENABLED=0' }, ...runner(round), ...aiGate(round)],
  security_scan: () => [NO_ACTION],
  stateful_restart: () => [NO_ACTION],
  process_kill: () => [NO_ACTION],
}
const NO_ACTION: Condition = { isMet: false, shown: 'RUNTIME_ACTION_AUTHORIZED=0' }

/** Every phase of the table; AI remediation and whatever acts are forbidden whatever the evidence says. Pure. */
export function judgeReleases(snapshot: Snapshot, estate: ReleaseEstate): Release[] {
  return RELEASE_PHASES.map((phase) => ({ phase, ...answer(RULES[phase]({ snapshot, estate })) }))
}

/** Service groups of the estate: the conditions of their phase, and every check that they name PASS (§11). Pure. */
export function judgeGroups(snapshot: Snapshot, estate: ReleaseEstate): GroupRelease[] {
  return (estate.releases ?? []).map(({ id, phase, needs }) => {
    const own = needs.map((name) => ofCheck(snapshot, name))
    return { id, phase, ...answer([...RULES[phase]({ snapshot, estate }), ...own]) }
  })
}

/** The layer of a gate may be started once every gate before it in the estate's order is GREEN (§1.2). Pure. */
export function judgePhases(snapshot: Snapshot): GatePhase[] {
  return snapshot.gates.map((gate) => ({ gate: gate.id, ...answer(gatesBefore(snapshot, gate.id)) }))
}

/**
 * GREEN releases the next phase only; WARN and BLOCKED release nothing. A report of another tool that was not read may
 * have blamed any of these gates: losing it must not release what reading it would have held.
 */
function gatesBefore(snapshot: Snapshot, gateId: string): Condition[] {
  const before = snapshot.gates.slice(
    0,
    snapshot.gates.findIndex((gate) => gate.id === gateId),
  )
  const reports = snapshot.checks.filter((check) => check.kind === 'delegated' && check.counted)
  return [
    verified(snapshot),
    ...before.map((gate) => cleared(snapshot, gate)),
    ...(before.length === 0 ? [] : reports.map(({ id, observed }) => ({ isMet: observed === 'observed', shown: `${id}:${observed}` }))),
  ]
}

/** Alerts may go out where a test alert arrived, and what it runs on is up (§2, §8). */
function alertChain({ snapshot, estate }: Judged): Condition[] {
  const tests = testedBy(estate)
  const gates = snapshot.gates.filter((gate) => snapshot.checks.some((check) => check.gate === gate.id && tests.includes(check.id)))
  const last = gates.at(-1)
  return [...(last === undefined ? [verified(snapshot)] : gatesBefore(snapshot, last.id)), alertTest({ snapshot, estate })]
}

/** PASS > 0, WARN = 0, BLOCKED = 0 over the whole chain of gates (§1.2), and the load low for a quarter of an hour (§11). */
function highLoad({ snapshot, estate }: Judged): Condition[] {
  const { pass, warn, blocked, result } = snapshot.cold_start
  return [
    verified(snapshot),
    { isMet: result === 'GREEN', shown: `COLD_START_RESULT=${result}` },
    { isMet: (pass ?? 0) > 0, shown: `COLD_START_PASS=${pass ?? 'unknown'}` },
    { isMet: warn === 0, shown: `COLD_START_WARN=${warn ?? 'unknown'}` },
    { isMet: blocked === 0, shown: `COLD_START_BLOCKED=${blocked ?? 'unknown'}` },
    ...chainOf({ snapshot, estate }).map((gate) => cleared(snapshot, gate)),
    ofKind(snapshot, 'load-window'),
  ]
}

/**
 * Gates at the end all of whose checks belong to high-load service groups and to no cold start come behind the chain: they
 * hold these groups alone (§11). Naming a check of the chain itself in a group takes nothing out of the chain.
 */
function chainOf({ snapshot, estate }: Judged): Snapshot['gates'] {
  const needed = new Set((estate.releases ?? []).flatMap((group) => (group.phase === 'high_load_batch' ? group.needs : [])))
  const isBehind = ({ id }: Snapshot['gates'][number]): boolean => {
    const own = estate.checks.filter((check) => check.gate === id)
    return own.length > 0 && own.every((check) => needed.has(check.id) && check.part !== 'cold_start')
  }
  return snapshot.gates.slice(0, snapshot.gates.findLastIndex((gate) => !isBehind(gate)) + 1)
}

/** §5.3 and §11: every gate, those of high-load services too. That remaining load is active CI is for a person to say: evidence of it releases nothing. */
function runner(round: Judged): Condition[] {
  const { snapshot } = round
  return [...highLoad(round), ...snapshot.gates.map((gate) => cleared(snapshot, gate)), ofKind(snapshot, 'runner-guardrails'), ofKind(snapshot, 'runaway')]
}

/** §12.2, beside the whole chain, load and runaway processes: rules, exporters, probes, schedules, API, alerts, Redis, restarts. */
function aiGate({ snapshot, estate }: Judged): Condition[] {
  const api = estate.checks.filter((check) => check.role === 'public_api').map((check) => check.id)
  return [
    ...['prometheus', 'textfile', 'http', 'cron', 'cronjobs'].map((kind) => ofKind(snapshot, kind)),
    toCondition('public_api', snapshot.checks, (check) => api.includes(check.id)),
    alertTest({ snapshot, estate }),
    ...['redis', 'docker'].map((kind) => ofKind(snapshot, kind)),
  ]
}

/** A check with a receiver is PASS only where its test alert was sent and accepted. */
function alertTest({ snapshot, estate }: Judged): Condition {
  const tests = testedBy(estate)
  return toCondition('alert_test', snapshot.checks, (check) => tests.includes(check.id))
}

function testedBy({ checks }: ReleaseEstate): string[] {
  return checks.flatMap((check) => (check.kind === 'alertmanager' && check.test_webhook !== undefined ? [check.id] : []))
}

function verified({ evidence }: Snapshot): Condition {
  return { isMet: evidence.integrity === 'verified', shown: `ROUND_INTEGRITY=${evidence.integrity}` }
}

/**
 * A gate is GREEN, or warns of nothing but accepted limits that somebody looked at and that are no part of the cold start:
 * missing escrow holds DR and no release (§0, rule of 2026-06-18 13:43; §1.3).
 */
function cleared({ checks }: Snapshot, { id, status }: Snapshot['gates'][number]): Condition {
  const open = checks.filter((check) => check.gate === id && check.counted && check.status !== 'PASS')
  const isAccepted = status === 'WARN' && open.length > 0 && open.every(isBoundary)
  return { isMet: status === 'GREEN' || isAccepted, shown: isAccepted ? `${id}=WARN:BOUNDARY:${open.map((check) => check.id).join(',')}` : `${id}=${status}` }
}

function isBoundary({ status, warning_class, observed, part }: CheckVerdict): boolean {
  return status === 'WARN' && warning_class === 'BOUNDARY' && observed === 'observed' && part !== 'cold_start'
}

function ofCheck({ checks }: Snapshot, id: string): Condition {
  const status = checks.find((check) => check.id === id && check.counted)?.status ?? 'not_counted'
  return { isMet: status === 'PASS', shown: `${id}:${status}` }
}

function ofKind({ checks }: Snapshot, kind: string): Condition {
  return toCondition(kind, checks, (check) => check.kind === kind)
}

/** At least one such check, and every one of them PASS. */
function toCondition(name: string, checks: readonly CheckVerdict[], isAsked: (check: CheckVerdict) => boolean): Condition {
  const own = checks.filter((check) => check.counted && isAsked(check))
  const open = own.filter((check) => check.status !== 'PASS').map((check) => `${check.id}:${check.status}`)
  return { isMet: own.length > 0 && open.length === 0, shown: `${name}=${own.length === 0 ? 'not_in_estate' : open.length === 0 ? 'PASS' : open.join(',')}` }
}

/** What holds it, or what licenses it; each once. */
function answer(conditions: readonly Condition[]): { status: ReleaseStatus; because: string[] } {
  const unmet = conditions.filter(({ isMet }) => !isMet)
  const shown = (unmet.length > 0 ? unmet : conditions).map((one) => one.shown)
  return { status: unmet.length === 0 ? 'conditions_met' : 'forbidden', because: [...new Set(shown)] }
}
