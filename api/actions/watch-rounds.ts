import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, EvidenceError, exitCodeOf } from '../../schemas/errors.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { isGreenOverall } from '../../schemas/summary.ts'

/** One attempt of a watch; `error` is set where its round could not be recorded, and then there is no result. */
export type WatchAttempt = {
  readonly attempt: number
  readonly artifact_id: string
  readonly overall: string | null
  readonly cold_start: string | null
  /** The test alert was asked for in this one. */
  readonly alert_test: boolean
  readonly error: ErrorCode | null
}

export type WatchPorts<R extends { snapshot: Snapshot }> = {
  readonly intervalMs: number
  readonly maxAttempts: number
  readonly roundIdOf: (attempt: number) => string
  /** Runs a round of its own under that id; throws as `runOneRound`. */
  readonly runAttempt: (attempt: number, roundId: string, alertTest: boolean) => Promise<R>
  /** Whether only the test alert is missing in a round without it. Null where the watch has none to send. */
  readonly lacksOnlyAlertTest: ((roundId: string) => Promise<boolean>) | null
  /** After each attempt, with what it saw; `nextInMs` is null where none follows. */
  readonly onAttempt: (attempt: WatchAttempt, nextInMs: number | null, run: { snapshot: Snapshot } | { error: EvidenceError }) => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Rounds until one is green or the attempts are used up (runbook §13.2). An attempt that could not record (a locked
 * ledger, a full disk) is an attempt: while a machine recovers, the next may do better. Throws what is wrong with the
 * input at once, `interrupted`, and the error of the last attempt where that one could not record.
 *
 * A watch that sends the test alert looks without it, until nothing else is missing; the next attempt follows at once
 * and sends it. Only such a round ends it early, and the last attempt always sends: there is none after it.
 */
export async function watchRounds<R extends { snapshot: Snapshot }>(ports: WatchPorts<R>): Promise<{ last: R; attempts: readonly WatchAttempt[] }> {
  const attempts: WatchAttempt[] = []
  const isTested = ports.lacksOnlyAlertTest !== null
  let sendsNext: boolean = false
  for (let number = 1; ; number++) {
    const sends: boolean = isTested && (sendsNext || number >= ports.maxAttempts)
    const outcome: Outcome<R> = await attempt(ports, number, sends)
    const isLast: boolean = (outcome.isGreen && sends === isTested) || number >= ports.maxAttempts
    attempts.push(outcome.told)
    sendsNext = !isLast && !sends && 'round' in outcome && (await isReady(ports, outcome.told))
    await ports.onAttempt(outcome.told, isLast ? null : sendsNext ? 0 : ports.intervalMs, 'round' in outcome ? outcome.round : outcome)
    if (isLast && 'error' in outcome) throw outcome.error
    if (isLast && 'round' in outcome) return { last: outcome.round, attempts }
    await pause(ports.signal, sendsNext ? 0 : ports.intervalMs, outcome.told)
  }
}

/** Where the ledger cannot say it, the next attempt looks again: an alert too few costs a pause, one too many a person. */
async function isReady({ lacksOnlyAlertTest }: Pick<WatchPorts<never>, 'lacksOnlyAlertTest'>, { artifact_id }: WatchAttempt): Promise<boolean> {
  try {
    return lacksOnlyAlertTest !== null && (await lacksOnlyAlertTest(artifact_id))
  } catch (error) {
    if (error instanceof EvidenceError) return false
    throw error
  }
}

type Outcome<R> = { told: WatchAttempt; isGreen: boolean } & ({ round: R } | { error: EvidenceError })

async function attempt<R extends { snapshot: Snapshot }>(ports: WatchPorts<R>, number: number, alertTest: boolean): Promise<Outcome<R>> {
  const roundId = ports.roundIdOf(number)
  const named = { attempt: number, artifact_id: roundId, alert_test: alertTest }
  try {
    const round = await ports.runAttempt(number, roundId, alertTest)
    const overall = round.snapshot.summary.OVERALL_DECLARATION ?? 'unknown'
    return { told: { ...named, overall, cold_start: round.snapshot.cold_start.result, error: null }, isGreen: isGreenOverall(overall), round }
  } catch (error) {
    if (!(error instanceof EvidenceError) || exitCodeOf(error.code) === 2 || error.code === 'interrupted') throw error
    return { told: { ...named, overall: null, cold_start: null, error: error.code }, isGreen: false, error }
  }
}

async function pause(signal: AbortSignal, ms: number, last: WatchAttempt): Promise<void> {
  try {
    await sleep(ms, undefined, { signal })
  } catch (cause) {
    if (!signal.aborted) throw cause
    const state = last.error ?? last.overall
    throw new EvidenceError('interrupted', `the watch was interrupted between rounds; the last was ${last.artifact_id}: ${state}`, {
      remedy: 'every round that was sealed stays as it is; watch again under another --id',
      cause,
    })
  }
}

/** `<base>-aNN`: the name before `-a` links the attempts of a watch, `options.watch_attempt` numbers them. */
export function attemptId(base: string, attempt: number, maxAttempts: number): string {
  return `${base}-a${String(attempt).padStart(Math.max(2, String(maxAttempts).length), '0')}`
}
