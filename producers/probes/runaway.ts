import type { CheckOf } from '../../schemas/estate.ts'
import { runawayUnmet } from '../../schemas/expectations/runaway.ts'
import { FACTS } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import type { RunOptions } from '../transport.ts'
import { splitFiles, toCpus, toLoad } from './host-facts.ts'
import { createLookBudget } from './look-budget.ts'
import { nullIfRefused } from './optional-fact.ts'
import { browserGroups, parseProcesses } from './process-groups.ts'
import { runCatalogue } from './run-catalogue.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

const MAX_OUTPUT_BYTES = 4_194_304

/** Tells runaway browsers from CI at work and from storage or memory pressure. It ends no process. */
export async function probeRunaway(check: CheckOf<'runaway'>, context: ProbeContext): Promise<Look<'runaway'>> {
  const budget = createLookBudget(context)
  const list = await runCatalogue(context, commandLine('process.list'), budget(MAX_OUTPUT_BYTES))
  const { orphans, attended } = browserGroups(parseProcesses(toUtf8Text(list.stdout)), check.browsers)
  const load = splitFiles(await readText(context, commandLine('host.load'), budget(MAX_OUTPUT_BYTES)))
  const pressure = splitFiles(await readText(context, commandLine('host.pressure'), budget(MAX_OUTPUT_BYTES)))
  const facts = toFacts(FACTS.runaway, {
    orphans,
    attended_groups: attended,
    ci_containers: check.ci_containers === undefined ? null : await countContainers(check.ci_containers, context, budget(MAX_OUTPUT_BYTES)),
    cpus: toCpus(load.get('/proc/stat')),
    load5: toLoad(load.get('/proc/loadavg'))?.[1] ?? null,
    io_pressure_percent: toPressure(pressure.get('/proc/pressure/io')),
    memory_pressure_percent: toPressure(pressure.get('/proc/pressure/memory')),
  })
  return { target: targetOf(check), asOf: null, met: runawayUnmet(check, facts, context.now()).length === 0, facts }
}

/** Empty where the host refuses; what was printed of files that are there counts although another is missing. */
async function readText(context: ProbeContext, argv: readonly string[], options: RunOptions): Promise<string> {
  return (await nullIfRefused(runCatalogue(context, argv, options, [0, 1])))?.stdout.toString('utf8') ?? ''
}

/** Running containers of CI; null where Docker does not say. */
async function countContainers(pattern: string, context: ProbeContext, options: RunOptions): Promise<number | null> {
  const result = await nullIfRefused(runCatalogue(context, commandLine('docker.running'), options))
  if (result === null) return null
  const names = toUtf8Text(result.stdout).split('\n')
  return names.filter((name) => name !== '' && new RegExp(pattern, 'u').test(name)).length
}

/** `some avg10=0.00 avg60=1.23 avg300=… total=…` of the kernel's pressure files; null where it keeps none. */
function toPressure(text: string | undefined): number | null {
  const percent = /^some avg10=\d+\.\d+ avg60=(\d{1,3}\.\d+) /mu.exec(text ?? '')?.[1]
  return percent === undefined ? null : Number(percent)
}
