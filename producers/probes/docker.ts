import { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { dockerUnmet } from '../../schemas/expectations/docker.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { parseJsonText } from '../../schemas/json-text.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { createLookBudget } from './look-budget.ts'
import { runCatalogue } from './run-catalogue.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

type Container = FactsOf<'docker'>['containers'][number]
const MAX_OUTPUT_BYTES = 1_048_576

/** One line of the catalogue's format; Docker writes a name with a slash in front. */
const Line = z.strictObject({
  name: z.string().regex(/^\/./),
  status: z.string().min(1),
  exit_code: z.number().int(),
  oom_killed: z.boolean(),
  started_at: z.string(),
  restarts: z.number().int().min(0),
  health: z.string().min(1).nullable(),
})

/** Asks Docker about containers by name: state, health, restarts and start. Nothing else of a container is read. */
export async function probeDocker(check: CheckOf<'docker'>, context: ProbeContext): Promise<Look<'docker'>> {
  const argv = commandLine('docker.containers', { container: [...new Set(check.containers)] })
  const result = await runCatalogue(context, argv, createLookBudget(context)(MAX_OUTPUT_BYTES), [0, 1])
  // Exit code 1 is an answer only where it says that a container does not exist; the others are printed all the same.
  const isSomeAbsent = /no such (?:container|object)/iu.test(result.stderrLine)
  if (result.exitCode === 1 && !isSomeAbsent) throw new ProbeFailure(reasonOf(result.stderrLine), 'exec', `docker: ${result.stderrLine}`.slice(0, 300))
  const seen = readContainers(toUtf8Text(result.stdout))
  const containers = check.containers.map((name) => seen.get(name) ?? absent(name, isSomeAbsent))
  const facts = toFacts(FACTS.docker, { containers })
  return { target: targetOf(check), asOf: null, met: dockerUnmet(check, facts, context.now()).length === 0, facts }
}

function reasonOf(stderrLine: string): 'permission' | 'exit_status' {
  return /permission denied/iu.test(stderrLine) ? 'permission' : 'exit_status'
}

/** Docker also finds containers by the start of their id; only a container of exactly the name asked for is one. */
function readContainers(text: string): Map<string, Container> {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const seen = lines.map((line): [string, Container] => {
    const json = parseJsonText(line)
    const read = json.ok ? Line.safeParse(json.value) : undefined
    if (!read?.success) throw new ProbeFailure('parse', 'parse', 'docker inspect printed something else')
    const { name, started_at: started, ...rest } = read.data
    return [name.slice(1), { ...rest, name: name.slice(1), started_at: toTime(started) }]
  })
  const byName = new Map(seen)
  // Two words about one container may contradict each other, and nothing says which counts.
  if (byName.size < seen.length) throw new ProbeFailure('parse', 'parse', 'docker named one container twice')
  return byName
}

/** Docker writes nanoseconds, and the year 1 for a container that never started. */
function toTime(text: string): string | null {
  const at = new Date(text)
  return Number.isNaN(at.getTime()) || at.getUTCFullYear() < 2000 ? null : at.toISOString()
}

function absent(name: string, isSomeAbsent: boolean): Container {
  // Without Docker's own word a missing line is no absent container but an answer that was cut.
  if (!isSomeAbsent) throw new ProbeFailure('parse', 'parse', `docker said nothing about ${name}`)
  return { name, status: 'absent', health: null, restarts: null, started_at: null, exit_code: null, oom_killed: null }
}
