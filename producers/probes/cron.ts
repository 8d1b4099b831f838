import type { CheckOf } from '../../schemas/estate.ts'
import { cronUnmet } from '../../schemas/expectations/cron.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import type { CronEntry } from '../../schemas/machine-checks.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure, type RunOptions } from '../transport.ts'
import { type CronJob, type CronText, readCrontab, splitSystemCrontabs } from './crontab-text.ts'
import { createLookBudget } from './look-budget.ts'
import { nullIfRefused } from './optional-fact.ts'
import { runCatalogue } from './run-catalogue.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

const MAX_OUTPUT_BYTES = 1_048_576
/** How a user's own crontab is called in facts and reasons. */
const OWN = 'own crontab'

/**
 * Is there a cron, and where is each declared work scheduled: in the login user's crontab, /etc/crontab and
 * /etc/cron.d. Other users' crontabs are not looked at. Command lines never leave this function, they may hold secrets.
 */
export async function probeCron(check: CheckOf<'cron'>, context: ProbeContext): Promise<Look<'cron'>> {
  const budget = createLookBudget(context)
  const daemon = await nullIfRefused(isCronRunning(context, budget(MAX_OUTPUT_BYTES)))
  const own = await nullIfRefused(readOwn(context, budget(MAX_OUTPUT_BYTES)))
  const system = await nullIfRefused(readSystem(context, budget(MAX_OUTPUT_BYTES)))
  if (own === null && system === null) throw new ProbeFailure('exit_status', 'exec', 'no crontab could be read')
  const jobs = [...(own?.jobs ?? []), ...(system?.jobs ?? [])]
  const facts: FactsOf<'cron'> = toFacts(FACTS.cron, {
    daemon,
    own_read: own !== null,
    system_read: system?.isWhole ?? false,
    jobs: jobs.length,
    bad_lines: [...(own?.badLines ?? []), ...(system?.badLines ?? [])],
    entries: check.entries.map((entry) => ({ id: entry.id, owners: jobs.filter((job) => isOwner(entry, job)).map(toOwner) })),
  })
  return { target: targetOf(check), asOf: null, met: cronUnmet(check, facts, context.now()).length === 0, facts }
}

/** What runs at a boot alone is on no schedule, unless the estate says that it is to be so. */
function isOwner({ command, schedule }: CronEntry, job: CronJob): boolean {
  return (job.schedule !== '@reboot' || schedule === '@reboot') && new RegExp(command, 'u').test(job.command)
}

function toOwner({ source, line, schedule, user }: CronJob): { source: string; line: number; schedule: string; user: string | null } {
  return { source, line, schedule, user }
}

/** pgrep: 0 where a process matched, 1 where none did; anything else is no answer. */
async function isCronRunning(context: ProbeContext, options: RunOptions): Promise<boolean> {
  const { exitCode, stdout } = await runCatalogue(context, commandLine('cron.daemon'), options, [0, 1])
  const isListed = /^\d+$/mu.test(stdout.toString('utf8'))
  if ((exitCode === 0) !== isListed) throw new ProbeFailure('exit_status', 'exec', 'pgrep contradicts its exit code')
  return isListed
}

/** A user without a crontab has no jobs; `crontab` says so with exit code 1. */
async function readOwn(context: ProbeContext, options: RunOptions): Promise<CronText> {
  const { exitCode, stdout, stderrLine } = await runCatalogue(context, commandLine('cron.own'), options, [0, 1])
  if (exitCode === 1) {
    if (/^(?:crontab: )?no crontab for /u.test(stderrLine)) return { jobs: [], badLines: [] }
    throw new ProbeFailure('exit_status', 'exec', `crontab: exit code 1: ${stderrLine}`.slice(0, 300))
  }
  const lines = toUtf8Text(stdout).split('\n')
  const text = readCrontab(
    OWN,
    // Debian's crontab prints a carriage return as `\r`.
    lines.map((line, i) => [i + 1, line.replace(/\\r$/u, '\r')] as const),
    false,
  )
  // cron ignores a crontab whose last line has no end.
  return lines.at(-1) === '' ? text : { ...text, badLines: [...text.badLines, { source: OWN, line: lines.length }] }
}

/** grep ends with 2 where a file could not be read, and prints the others: some jobs are then unknown. */
async function readSystem(context: ProbeContext, options: RunOptions): Promise<CronText & { isWhole: boolean }> {
  const { exitCode, stdout } = await runCatalogue(context, commandLine('cron.system'), options, [0, 1, 2])
  const files = splitSystemCrontabs(toUtf8Text(stdout))
  if (files === null) throw new ProbeFailure('parse', 'parse', 'grep printed something else')
  const texts = [...files].map(([file, lines]) => readCrontab(file, lines, true))
  return { jobs: texts.flatMap((one) => one.jobs), badLines: texts.flatMap((one) => one.badLines), isWhole: exitCode !== 2 }
}
