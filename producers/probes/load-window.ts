import type { CheckOf } from '../../schemas/estate.ts'
import { loadWindowUnmet } from '../../schemas/expectations/load-window.ts'
import { FACTS } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { splitFiles, toCpus, toLoad, toUptime } from './host-facts.ts'
import { createLookBudget } from './look-budget.ts'
import { runCatalogue } from './run-catalogue.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

/** Reads the three load averages, the processors and the uptime of a machine in one command. */
export async function probeLoadWindow(check: CheckOf<'load-window'>, context: ProbeContext): Promise<Look<'load-window'>> {
  const result = await runCatalogue(context, commandLine('host.load'), createLookBudget(context)(1_048_576), [0, 1])
  const files = splitFiles(toUtf8Text(result.stdout))
  if (files.size === 0) throw new ProbeFailure('parse', 'parse', 'nothing of /proc was printed')
  const facts = toFacts(FACTS['load-window'], {
    cpus: toCpus(files.get('/proc/stat')),
    load: toLoad(files.get('/proc/loadavg')),
    uptime_s: toUptime(files.get('/proc/uptime')),
  })
  return { target: targetOf(check), asOf: null, met: loadWindowUnmet(check, facts, context.now()).length === 0, facts }
}
