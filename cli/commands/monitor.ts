import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { planRound } from '../../api/actions/run-one-round.ts'
import { writeFileAtomically } from '../../api/actions/write-file.ts'
import { lastGreenAt } from '../../api/monitor/last-green.ts'
import { monitorRulesText } from '../../api/monitor/monitor-rules.ts'
import { metricPrefix, monitorText } from '../../api/monitor/monitor-text.ts'
import { observe } from '../../api/monitor/observation.ts'
import { Monitor, type MonitorRun } from '../../api/monitor/run-monitor.ts'
import { loadEstate } from '../../producers/estate-file.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { isGreenOverall } from '../../schemas/summary.ts'
import { assertNotifyOptions, buildNotifier, type NotifyOptions } from '../notify-options.ts'
import { type Answer, note, printLine, printResult } from '../output.ts'
import { askedBy, type RoundRunOptions, runPlannedHere, withInterrupt } from '../round-runner.ts'
import { withStores } from '../stores.ts'

type Asked = RoundRunOptions & NotifyOptions & { textfile?: string; interval: number; once?: boolean; printRules?: boolean; json?: boolean }
type Options = Asked & { textfile: string }

/**
 * `evidence monitor`: ends with 0 when it is stopped; with `--once`, as `round run` would. Every run is a line on stdout,
 * whatever went wrong a line on stderr. With `--print-rules` nothing runs.
 */
export async function run(_args: [], asked: Asked): Promise<Answer> {
  // Read before anything else: an estate that cannot be read has no name to put on metrics. Later it costs a run only.
  const { estate } = await loadEstate(asked.estate)
  if (asked.printRules) return printRules(asked, estate.estate)
  const { textfile } = asked
  if (textfile === undefined) throw new EvidenceError('usage', 'a monitor needs --textfile, or --print-rules')
  const options: Options = { ...asked, textfile }
  assertNotifyOptions(options)
  return withInterrupt(async (signal) => {
    const notifier = buildNotifier(options, estate.estate, signal)
    const monitor = new Monitor({
      runRound: () => runRound(options, estate.estate, signal),
      findLastGreen: () => withStores(options.ledger, 'readonly', ({ ledger, snapshots }) => lastGreenAt(ledger, snapshots, estate.estate)),
      publish: (one) => publish(options, estate.estate, one),
      onPublishFailed: (error) => withdraw(options.textfile, error),
      onRun: async (one) => notifier?.tell(observe(estate.estate, one)),
      now: () => new Date(),
      signal,
    })
    if (options.once) return answerOf(await monitor.runOnce())
    await monitor.runUntilStopped(options.interval * 1000)
    return 0
  })
}

/** Prometheus rules for the metrics of this estate. Throws `usage` beside options of a monitor that runs. */
function printRules({ interval, json, textfile, once }: Asked, estateId: string): Answer {
  if (textfile !== undefined || once) throw new EvidenceError('usage', '--print-rules runs nothing: no --textfile and no --once')
  const rules = monitorRulesText(estateId, interval)
  printResult(json, { estate: estateId, prefix: metricPrefix(estateId), interval_s: interval, rules }, rules)
  return 0
}

/** The estate is read anew: what was edited counts from the next round on. */
async function runRound(options: Options, estateId: string, signal: AbortSignal): Promise<Snapshot> {
  const loaded = await loadEstate(options.estate)
  if (loaded.estate.estate !== estateId) {
    throw new EvidenceError('usage', `the estate of this monitor is ${estateId}; the file now has another`, { remedy: 'start the monitor again' })
  }
  const run = async (): Promise<Snapshot> =>
    (await runPlannedHere({ ...options, quiet: true }, planRound(loaded, askedBy(options), new Date()), signal)).snapshot
  try {
    return await run()
  } catch (error) {
    if (!(error instanceof EvidenceError) || error.code !== 'round_exists') throw error
    // Rounds are named by the second, and somebody ran one in this one.
    await sleep(1000, undefined, { signal })
    return run()
  }
}

async function publish({ textfile, json }: Options, estateId: string, one: MonitorRun): Promise<void> {
  const { result, up } = one.values
  if ('error' in one) note(`no round: ${one.error.code}: ${one.error.message}`)
  const round = 'snapshot' in one ? one.snapshot.artifact_id : null
  const overall = 'snapshot' in one ? (one.snapshot.summary.OVERALL_DECLARATION ?? 'unknown') : null
  printLine(
    json,
    { artifact_id: round, overall, ...one.values },
    `${round ?? 'no round'}: ${result}${overall === null ? '' : `, ${overall}`}, monitor_up ${up}`,
  )
  // 0644 whatever the umask: node-exporter is another user.
  await writeFileAtomically(textfile, monitorText(estateId, one.values), 0o644)
}

/** Values that cannot be replaced are taken away: an alert on their absence is right, a green of yesterday is not. */
async function withdraw(textfile: string, error: unknown): Promise<void> {
  note(`the textfile could not be written: ${error instanceof EvidenceError ? error.message : 'unknown error'}`)
  await rm(textfile, { force: true }).catch(() => note(`nor removed; it is out of date: ${textfile}`))
}

function answerOf(one: MonitorRun): Answer {
  if ('error' in one) throw one.error
  return isGreenOverall(one.snapshot.summary.OVERALL_DECLARATION) ? 0 : 1
}
