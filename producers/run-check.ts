import { setTimeout as sleep } from 'node:timers/promises'
import type { z } from 'zod'
import { EvidenceError } from '../schemas/errors.ts'
import type { Check, Estate } from '../schemas/estate.ts'
import type { EncodedEvent } from '../schemas/event.ts'
import type { Attempt, FactsKind, HttpAttempt } from '../schemas/facts.ts'
import type { Look, ProbeContext, ReportLook } from './probe.ts'
import type { ProbeTable } from './probes.ts'
import { type EventFrame, failedEvent, observedEvent, reportEvent } from './round-events.ts'
import { ProbeFailure, type Transport } from './transport.ts'
import { startDeadline } from './transports/deadline.ts'

export type CheckRun = {
  estate: Estate
  baseDir: string
  probes: Partial<ProbeTable>
  /** The machine the check is about. */
  transport: Transport
  frame: EventFrame
  /** The operator asked for the end-to-end test alert. */
  alertTest: boolean
  /** Ends the round. */
  signal: AbortSignal
}
export type CheckResult = { event: EncodedEvent; outcome: 'met' | 'unmet' | 'failed' }

type AnyLook = Look<FactsKind> | ReportLook
type Try = { attempt: Attempt; look: AnyLook | null; failure: ProbeFailure | null }

/** A probe that minds its time limit says at which stage it ended; one that does not is cut off this much later. */
const ABORT_AFTER_MS = 50
const GIVE_UP_AFTER_MS = 250

/**
 * Runs one check to exactly one event, with every attempt in it: what was seen at the last look, or why nobody could
 * look. Another attempt follows where the expectation was not met or the look failed, as often as the check allows.
 * Rejects only when the round's signal aborts; nothing that a probe does can end the round.
 */
export async function runCheck(check: Check, run: CheckRun): Promise<CheckResult> {
  const { defaults } = run.estate
  const limit = check.attempts ?? defaults.attempts
  const tries: Try[] = []
  for (let pauseMs = defaults.backoff_ms; tries.length < limit; pauseMs *= 2) {
    if (tries.length > 0) await sleep(pauseMs, undefined, { signal: run.signal })
    const last = await tryOnce(check, run)
    tries.push(last)
    if (last.attempt.outcome === 'ok') break
  }
  return conclude(check, tries, run.frame)
}

async function tryOnce(check: Check, run: CheckRun): Promise<Try> {
  run.signal.throwIfAborted()
  const started_at = run.frame.now().toISOString()
  // Durations come from the monotonic clock: time servers step the other one just after a reboot.
  const startMs = performance.now()
  const result = await lookOnce(check, run)
  run.signal.throwIfAborted()
  const ms = Math.min(Math.round(performance.now() - startMs), 86_400_000)
  const outcome = result instanceof ProbeFailure ? result.reason : result.met ? 'ok' : 'unmet'
  const attempt: Attempt = { started_at, ms, outcome }
  return result instanceof ProbeFailure ? { attempt, look: null, failure: result } : { attempt, look: result, failure: null }
}

/** One look, ended in time in any case. A probe that does not stop when told is left behind. */
async function lookOnce(check: Check, run: CheckRun): Promise<AnyLook | ProbeFailure> {
  const timeoutMs = check.timeout_ms ?? run.estate.defaults.timeout_ms
  const hard = startDeadline({ timeoutMs: timeoutMs + GIVE_UP_AFTER_MS, signal: run.signal })
  const soft = startDeadline({ timeoutMs: timeoutMs + ABORT_AFTER_MS, signal: hard.signal })
  const { transport, baseDir, estate, frame, alertTest } = run
  const context: ProbeContext = { transport, timeoutMs, signal: soft.signal, now: frame.now, commands: estate.commands, baseDir, alertTest }
  try {
    return await hard.race(startProbe(check, run.probes, context), 'probe')
  } catch (error) {
    if (soft.signal.aborted) return new ProbeFailure('timeout', error instanceof ProbeFailure ? error.stage : 'probe', `no end within ${timeoutMs} ms`, error)
    return error instanceof ProbeFailure ? error : new ProbeFailure('internal', 'probe', 'the probe ended with an unexpected error', error)
  } finally {
    soft.clear()
    hard.clear()
  }
}

/** Async, so that a probe that throws at once rejects like any other. */
async function startProbe(check: Check, probes: Partial<ProbeTable>, context: ProbeContext): Promise<AnyLook> {
  const table: Partial<Record<string, unknown>> = probes
  // The table pairs each kind with its own probe; TypeScript cannot follow that through a union.
  const probe = table[check.kind] as ((check: Check, context: ProbeContext) => Promise<AnyLook>) | undefined
  if (probe === undefined) throw new ProbeFailure('internal', 'probe', `no probe for kind ${check.kind}`)
  return probe(check, context)
}

function conclude(check: Check, tries: readonly Try[], frame: EventFrame): CheckResult {
  const attempts = tries.map((one) => one.attempt)
  const tried = { check, attempts }
  const last = tries.at(-1)
  // Any HTTP answer is a look: a later try without an answer does not undo it.
  const seen = check.kind === 'http' ? tries.findLast((one) => one.look !== null) : last
  if (seen?.look == null) return { event: failedEvent(frame, tried, last?.failure ?? new ProbeFailure('internal', 'probe', 'never tried')), outcome: 'failed' }
  try {
    const event = buildLookEvent(check, seen.look, tries, frame)
    return { event, outcome: seen.look.met ? 'met' : 'unmet' }
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    // What does not fit is not recorded in part: the check counts as not looked at.
    const misfit = new ProbeFailure('internal', 'encode', error.code === 'event_too_large' ? 'facts are too large' : 'facts do not fit their schema', error)
    return { event: failedEvent(frame, tried, misfit), outcome: 'failed' }
  }
}

function buildLookEvent(check: Check, look: AnyLook, tries: readonly Try[], frame: EventFrame): EncodedEvent {
  const attempts = tries.map((one) => one.attempt)
  if ('report' in look) return reportEvent(frame, { check, attempts }, look)
  return observedEvent(frame, { check, attempts: check.kind === 'http' ? tries.map(toHttpAttempt) : attempts }, look)
}

/** A try without an answer saw no status. Only for http checks, whose looks carry what each try saw. */
function toHttpAttempt({ attempt, look }: Try): z.infer<typeof HttpAttempt> {
  return { ...attempt, ...(look === null ? { status: null, body_ok: null } : (look as Look<'http'>).attempt) }
}
