import type { CheckOf } from '../../schemas/estate.ts'
import { hostUnmet } from '../../schemas/expectations/host.ts'
import { type FactsOf, HostFacts } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure, type RunOptions, type RunResult } from '../transport.ts'
import {
  splitFiles,
  toBootId,
  toBootTime,
  toClockAhead,
  toCpus,
  toDisks,
  toKernel,
  toListedUnits,
  toLoad,
  toMemory,
  toReadonlyMounts,
  toSystemState,
  toUptime,
  withInodes,
} from './host-facts.ts'
import { createLookBudget } from './look-budget.ts'

type Facts = FactsOf<'host'>

/** systemd's own test for being the running init (sd_booted(3)). */
const SYSTEMD_RUNS = '/run/systemd/system'
const MAX_OUTPUT_BYTES = 4_194_304

/**
 * Reads a host's boot, load, memory, disks, mounts and failed units with a fixed set of commands. A value that cannot
 * be read is null and the expectation says that it was not observed; a host that gives nothing at all is a failed look.
 */
export async function probeHost(check: CheckOf<'host'>, context: ProbeContext): Promise<Look<'host'>> {
  const budget = createLookBudget(context)
  const [read, df, inodes, isBooted] = await settled([
    attempt(context, commandLine('host.files'), budget(MAX_OUTPUT_BYTES)),
    attempt(context, commandLine('host.disks'), budget(MAX_OUTPUT_BYTES)),
    attempt(context, commandLine('host.inodes'), budget(MAX_OUTPUT_BYTES)),
    hasSystemd(context, budget(MAX_OUTPUT_BYTES)),
  ])
  const files = splitFiles(read?.stdout.toString('utf8') ?? '')
  if (files.size === 0 && df === null) throw new ProbeFailure('exit_status', 'exec', 'neither /proc nor the disks could be read')
  const ofFiles = fileFacts(files)
  const disks = df === null ? null : toDisks(df.stdout.toString('utf8'), check.disks ?? [])
  const facts = toHostFacts({
    ...ofFiles,
    clock_ahead_s: toClockAhead(ofFiles.boot_time, ofFiles.uptime_s, context.now()),
    systemd: await systemdFacts(isBooted, context, budget(MAX_OUTPUT_BYTES)),
    disks: withInodes(disks, inodes?.stdout.toString('utf8') ?? null),
  })
  return { target: targetOf(check), asOf: null, met: hostUnmet(check, facts, context.now()).length === 0, facts }
}

function fileFacts(files: ReadonlyMap<string, string>): Omit<Facts, 'systemd' | 'disks'> {
  const stat = files.get('/proc/stat')
  return {
    boot_id: toBootId(files.get('/proc/sys/kernel/random/boot_id')),
    boot_time: toBootTime(stat),
    uptime_s: toUptime(files.get('/proc/uptime')),
    kernel: toKernel(files.get('/proc/sys/kernel/osrelease')),
    cpus: toCpus(stat),
    load: toLoad(files.get('/proc/loadavg')),
    ...toMemory(files.get('/proc/meminfo')),
    readonly_mounts: toReadonlyMounts(files.get('/proc/self/mountinfo')),
  }
}

/** No systemd is a fact. systemd that will not answer is none: its state is null and counts as not observed. */
async function systemdFacts(isBooted: boolean | null, context: ProbeContext, options: RunOptions): Promise<Facts['systemd']> {
  if (isBooted === null) return null
  if (!isBooted) return { present: false, state: null, failed_units: null }
  const [state, failed] = await settled([attempt(context, commandLine('systemd.state'), options), attempt(context, commandLine('systemd.failed'), options)])
  return {
    present: true,
    // Its exit code is 1 for everything but `running`; the word is the answer.
    state: state === null ? null : toSystemState(state.stdout.toString('utf8')),
    failed_units: failed?.exitCode === 0 ? toListedUnits(failed.stdout.toString('utf8')) : null,
  }
}

async function hasSystemd({ transport }: ProbeContext, options: RunOptions): Promise<boolean | null> {
  try {
    return (await transport.stat(SYSTEMD_RUNS, options)).exists
  } catch (error) {
    return nullIfRefused(error)
  }
}

/** Runs one command of the catalogue; null where this host does not have it or does not allow it. */
async function attempt({ transport }: ProbeContext, argv: readonly string[], options: RunOptions): Promise<RunResult | null> {
  try {
    const result = await transport.run(argv, options)
    return result.exitCode === 126 || result.exitCode === 127 ? null : result
  } catch (error) {
    return nullIfRefused(error)
  }
}

/** A missing or forbidden command is a missing value; a lost connection or a timeout means that we did not look. */
function nullIfRefused(error: unknown): null {
  if (error instanceof ProbeFailure && (error.reason === 'exit_status' || error.reason === 'permission') && error.stage !== 'auth') return null
  throw error
}

/** Waits for all before it throws for one, so that no command of a failed look goes on in the background. */
async function settled<T extends readonly unknown[] | []>(work: T): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work)
  return await Promise.all(work)
}

/** More disks, mounts or units than evidence can carry are a failure and never a silent cut. */
function toHostFacts(facts: Facts): Facts {
  const result = HostFacts.safeParse(facts)
  if (!result.success) throw new ProbeFailure('parse', 'parse', `not usable: ${result.error.issues[0]?.path.join('.') ?? ''}`)
  return result.data
}
