import { roundRoot } from '../ledger/round-root.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { Check, Gate } from '../schemas/estate.ts'
import { type EncodedEvent, type EventData, isRootedType } from '../schemas/event.ts'
import { gatesBefore, inDependencyOrder } from './gate-order.ts'
import { createHostTransports, type HostTransports } from './host-transports.ts'
import { createLimits, type Limits } from './limits.ts'
import { readLocalBoots } from './local-boot.ts'
import { buildEvent, type EventFrame, notEvaluatedEvent, openedData } from './round-events.ts'
import type { RoundInput, RoundResult } from './round-input.ts'
import { RoundLog } from './round-log.ts'
import { assertRoundOptions, isSkipped } from './round-options.ts'
import { type CheckResult, runCheck } from './run-check.ts'

type Opened = EventData<'round.opened.v1'>

type Round = RoundInput & {
  frame: EventFrame
  log: RoundLog
  limits: Limits
  hosts: HostTransports
  /** Gates that were judged blocked so far. */
  blocked: Set<string>
  counts: RoundResult['counts']
  /** Stops everything under way, with the error that ends the round as its reason. */
  stop: AbortController
  ending: AbortSignal
}

/**
 * One round, the first of the two pages to read (the second is `projector/project-round.ts`):
 *
 *     open    append round.opened: the estate and every check this round must account for
 *     gates   each as soon as the gates it depends on are done; a blocked one stops those behind it
 *     checks  probe → exactly one event → durable append, several at once
 *     seal    append round.sealed: count and root over exactly what the ledger acknowledged
 *
 * A crash, Ctrl-C or a ledger that fails leaves a round without a seal, which allows nothing; a sealed round is complete.
 * Throws `usage`, `round_exists`, `estate_invalid`, `interrupted`, or the ledger's error.
 */
export async function runRound(input: RoundInput): Promise<RoundResult> {
  assertRoundOptions(input.estate, input.options)
  await assertNewRound(input)
  const round = prepare(input)
  try {
    await open(round)
    await runGates(round)
    return await seal(round)
  } catch (error) {
    round.stop.abort(error)
    throw input.signal.aborted && !(error instanceof EvidenceError) ? interrupted(round, error) : error
  } finally {
    await round.hosts.closeAll()
  }
}

async function assertNewRound({ ledger, roundId }: RoundInput): Promise<void> {
  for await (const page of ledger.readRound(roundId)) {
    if (page.length > 0) throw new EvidenceError('round_exists', `round ${roundId} is in this ledger already`, { remedy: 'choose another id' })
  }
}

function prepare(input: RoundInput): Round {
  const { estate, roundId, source, now, newId } = input
  const stop = new AbortController()
  const ending = AbortSignal.any([input.signal, stop.signal])
  return {
    ...input,
    frame: { roundId, source, now, newId },
    log: new RoundLog(input.ledger),
    limits: createLimits({ overall: estate.limits.overall, perHost: estate.limits.per_host }),
    hosts: createHostTransports(estate, input.openTransport, ending),
    blocked: new Set(),
    counts: { met: 0, unmet: 0, failed: 0, not_evaluated: 0 },
    stop,
    ending,
  }
}

async function open(round: Round): Promise<void> {
  const { estate, policy, options, tool, operator, reviews } = round
  const boots = await readLocalBoots(estate)
  round.ending.throwIfAborted()
  await round.log.append(buildOpened(round.frame, openedData(estate, { policy, options, tool, operator, boots, reviews })))
  round.onProgress({ type: 'opened', expected: estate.checks.length })
}

function buildOpened(frame: EventFrame, data: Opened): EncodedEvent {
  try {
    return buildEvent(frame, 'round.opened.v1', data)
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code !== 'event_too_large') throw error
    const remedy = 'split the estate, or shorten titles and lists'
    throw new EvidenceError('estate_invalid', `the estate is too large for the event that opens its round: ${error.message}`, { remedy, cause: error })
  }
}

async function runGates(round: Round): Promise<void> {
  const done = new Map<string, Promise<void>>()
  for (const gate of inDependencyOrder(round.estate.gates)) {
    // Nothing waits for a gate it does not depend on: a round takes as long as its slowest chain of gates.
    const before = Promise.all(gate.depends_on.map((id) => done.get(id)))
    done.set(
      gate.id,
      before.then(() => runGate(round, gate)),
    )
  }
  await allOrStop(round, [...done.values()])
}

async function runGate(round: Round, gate: Gate): Promise<void> {
  const { estate, onProgress, blocked } = round
  const before = gatesBefore(estate.gates, gate.id)
  const stoppedBy = before.find((id) => blocked.has(id)) ?? null
  const checks = estate.checks.filter((check) => check.gate === gate.id)
  onProgress({ type: 'gate_started', gate: gate.id, checks: checks.length })
  await allOrStop(
    round,
    checks.map((check) => accountFor(round, check, stoppedBy)),
  )
  // A gate nobody looked at is not judged: those behind it name the gate that stopped them all.
  const isBlocked = stoppedBy === null && round.judgeGate(gate.id, eventsOf(round, [...before, gate.id]))
  if (isBlocked) blocked.add(gate.id)
  onProgress({ type: 'gate_done', gate: gate.id, isBlocked, stoppedBy })
}

/** Exactly one durable event for a check of the denominator, whatever happens to it. */
async function accountFor(round: Round, check: Check, stoppedBy: string | null): Promise<void> {
  const { event, outcome } = isSkipped(check, round.options)
    ? notEvaluated(notEvaluatedEvent(round.frame, check, 'skipped_by_operator', null))
    : stoppedBy !== null
      ? notEvaluated(notEvaluatedEvent(round.frame, check, 'gate_blocked', stoppedBy))
      : await round.limits.run(check.host ?? null, () => look(round, check))
  await round.log.append(event)
  round.counts[outcome]++
  round.onProgress({ type: 'check_done', check: check.id, gate: check.gate, outcome })
}

function notEvaluated(event: EncodedEvent): { event: EncodedEvent; outcome: 'not_evaluated' } {
  return { event, outcome: 'not_evaluated' }
}

async function look(round: Round, check: Check): Promise<CheckResult> {
  round.ending.throwIfAborted()
  const { estate, baseDir, probes, frame, ending } = round
  return runCheck(check, { estate, baseDir, probes, frame, signal: ending, alertTest: round.options.alert_test, transport: round.hosts.of(check.host) })
}

function eventsOf({ estate, log }: Round, gates: readonly string[]): EncodedEvent[] {
  const checks = new Set(estate.checks.filter((check) => gates.includes(check.gate)).map((check) => check.id))
  return log.appended.filter((event) => event.checkId === null || checks.has(event.checkId))
}

async function seal(round: Round): Promise<RoundResult> {
  // The last moment at which Ctrl-C still leaves the round unsealed.
  round.ending.throwIfAborted()
  const { root, count } = roundRoot(round.log.appended.filter((event) => isRootedType(event.type)))
  await round.log.append(buildEvent(round.frame, 'round.sealed.v1', { count, root }))
  round.onProgress({ type: 'sealed', count, root })
  return { roundId: round.roundId, sealed: true, count, root, counts: round.counts }
}

/** Waits until all have ended, also after a failure; the first failure stops the others and is thrown. */
async function allOrStop(round: Round, work: readonly Promise<void>[]): Promise<void> {
  for (const one of work) one.catch((error: unknown) => round.stop.abort(error))
  const results = await Promise.allSettled(work)
  if (results.some((result) => result.status === 'rejected')) throw round.stop.signal.reason
}

function interrupted({ roundId, log }: Round, cause: unknown): EvidenceError {
  const state = log.appended.length === 0 ? 'before it was opened; nothing was recorded' : 'and is unsealed: what it recorded stays, and allows nothing'
  return new EvidenceError('interrupted', `round ${roundId} was interrupted ${state}`, { remedy: 'run a new round', cause })
}
