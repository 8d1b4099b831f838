import { planRound } from '../api/actions/run-one-round.ts'
import { attemptId, type WatchAttempt, watchRounds } from '../api/actions/watch-rounds.ts'
import { observe } from '../api/monitor/observation.ts'
import { loadEstate } from '../producers/estate-file.ts'
import { lacksOnlyAlertTest } from '../projector/lacks-only-alert-test.ts'
import { EvidenceError } from '../schemas/errors.ts'
import { assertNotifyOptions, buildNotifier, type NotifyOptions } from './notify-options.ts'
import { note } from './output.ts'
import { askedBy, type FinishedRound, type RoundRunOptions, runPlannedHere, withInterrupt } from './round-runner.ts'
import { withLedger } from './stores.ts'

export type WatchOptions = NotifyOptions & { watch?: boolean; interval?: number; maxAttempts?: number }
export type WatchedRounds = { last: FinishedRound; attempts: readonly WatchAttempt[] }

/** `round run --watch`: the estate is read once, so that all attempts are of the same one. Throws as `watchRounds`. */
export async function watchRoundsHere(options: RoundRunOptions & WatchOptions): Promise<WatchedRounds> {
  const { interval = 60, maxAttempts = 30 } = options
  const loaded = await loadEstate(options.estate)
  const asked = askedBy(options)
  const { roundId: base } = planRound(loaded, asked, new Date())
  const hasReceiver = loaded.estate.checks.some((check) => check.kind === 'alertmanager' && check.test_webhook !== undefined)
  const isTested = asked.sendAlertTest === true && hasReceiver
  return withInterrupt((signal) => {
    const notifier = buildNotifier(options, loaded.estate.estate, signal)
    return watchRounds({
      intervalMs: interval * 1000,
      maxAttempts,
      roundIdOf: (attempt) => attemptId(base, attempt, maxAttempts),
      lacksOnlyAlertTest: isTested ? (id) => withLedger(options.ledger, 'readonly', (ledger) => lacksOnlyAlertTest(ledger, id)) : null,
      runAttempt: (attempt, id, alertTest) => {
        if (!options.quiet) note(`attempt ${attempt} of ${maxAttempts}: ${id}${alertTest ? ', with the test alert' : ''}`)
        const sendAlertTest = isTested ? alertTest : asked.sendAlertTest
        return runPlannedHere(options, planRound(loaded, { ...asked, id, watchAttempt: attempt, sendAlertTest }, new Date()), signal)
      },
      onAttempt: async (attempt, nextInMs, run) => {
        if (!options.quiet) note(attemptLine(attempt, nextInMs))
        await notifier?.tell(observe(loaded.estate.estate, run))
      },
      signal,
    })
  })
}

function attemptLine({ attempt, overall, cold_start, error }: WatchAttempt, nextInMs: number | null): string {
  const state = error === null ? `${overall}, cold start ${cold_start}` : `not recorded: ${error}`
  const next = nextInMs === null ? '' : nextInMs === 0 ? '; only the test alert is missing, and the next sends it' : `; the next in ${nextInMs / 1000} s`
  return `attempt ${attempt}: ${state}${next}`
}

/** The options of a watch mean nothing without it; an address in the environment is none of them. Throws `usage`. */
export function assertWatchOptions(options: WatchOptions): void {
  assertNotifyOptions(options)
  if (options.watch) return
  if (options.interval !== undefined || options.maxAttempts !== undefined) throw new EvidenceError('usage', '--interval and --max-attempts need --watch')
  if (options.notifyDryRun || options.notifyCooldown !== undefined) throw new EvidenceError('usage', 'notifications need --watch, or `evidence monitor`')
}
