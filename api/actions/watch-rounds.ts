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
  readonly error: ErrorCode | null
}

export type WatchPorts<R extends { snapshot: Snapshot }> = {
  readonly intervalMs: number
  readonly maxAttempts: number
  readonly roundIdOf: (attempt: number) => string
  /** Runs a round of its own under that id; throws as `runOneRound`. */
  readonly runAttempt: (attempt: number, roundId: string) => Promise<R>
  /** After each attempt, with what it saw; `nextInMs` is null where none follows. */
  readonly onAttempt: (attempt: WatchAttempt, nextInMs: number | null, run: { snapshot: Snapshot } | { error: EvidenceError }) => Promise<void>
  readonly signal: AbortSignal
}

/**
 * Rounds until one is green or the attempts are used up (runbook §13.2). An attempt that could not record (a locked
 * ledger, a full disk) is an attempt: while a machine recovers, the next may do better. Throws what is wrong with the
 * input at once, `interrupted`, and the error of the last attempt where that one could not record.
 */
export async function watchRounds<R extends { snapshot: Snapshot }>(ports: WatchPorts<R>): Promise<{ last: R; attempts: readonly WatchAttempt[] }> {
  const attempts: WatchAttempt[] = []
  for (let number = 1; ; number++) {
    const outcome = await attempt(ports, number)
    const isLast = outcome.isGreen || number >= ports.maxAttempts
    attempts.push(outcome.told)
    await ports.onAttempt(outcome.told, isLast ? null : ports.intervalMs, 'round' in outcome ? outcome.round : outcome)
    if (isLast && 'error' in outcome) throw outcome.error
    if (isLast && 'round' in outcome) return { last: outcome.round, attempts }
    await pause(ports, outcome.told)
  }
}

type Outcome<R> = { told: WatchAttempt; isGreen: boolean } & ({ round: R } | { error: EvidenceError })

async function attempt<R extends { snapshot: Snapshot }>(ports: WatchPorts<R>, number: number): Promise<Outcome<R>> {
  const roundId = ports.roundIdOf(number)
  const named = { attempt: number, artifact_id: roundId }
  try {
    const round = await ports.runAttempt(number, roundId)
    const overall = round.snapshot.summary.OVERALL_DECLARATION ?? 'unknown'
    return { told: { ...named, overall, cold_start: round.snapshot.cold_start.result, error: null }, isGreen: isGreenOverall(overall), round }
  } catch (error) {
    if (!(error instanceof EvidenceError) || exitCodeOf(error.code) === 2 || error.code === 'interrupted') throw error
    return { told: { ...named, overall: null, cold_start: null, error: error.code }, isGreen: false, error }
  }
}

async function pause({ intervalMs, signal }: { intervalMs: number; signal: AbortSignal }, last: WatchAttempt): Promise<void> {
  try {
    await sleep(intervalMs, undefined, { signal })
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
