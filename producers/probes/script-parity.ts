import { hash } from 'node:crypto'
import { resolve } from 'node:path'
import type { CheckOf } from '../../schemas/estate.ts'
import { scriptParityUnmet } from '../../schemas/expectations/script-parity.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunOptions } from '../transport.ts'
import { readLocalFile } from '../transports/local-read.ts'
import { saysDenied, saysMissing } from '../transports/stderr-words.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'

const MAX_SCRIPT_BYTES = 16_777_216

/** Compares scripts of the repository, on this machine, with the ones that run on the host of the check, by digest. */
export async function probeScriptParity(check: CheckOf<'script-parity'>, context: ProbeContext): Promise<Look<'script-parity'>> {
  const budget = createLookBudget(context)
  const scripts: FactsOf<'script-parity'>['scripts'] = []
  for (const { repository, live } of check.scripts) {
    const ours = await digestHere(resolve(context.baseDir, repository), budget(MAX_SCRIPT_BYTES))
    scripts.push({ repository, live, repository_sha256: ours, live_sha256: await digestThere(live, context, budget(4096)) })
  }
  const facts = toFacts(FACTS['script-parity'], { scripts })
  return { target: targetOf(check), asOf: null, met: scriptParityUnmet(check, facts, context.now()).length === 0, facts }
}

async function digestHere(path: string, options: RunOptions): Promise<string | null> {
  try {
    return hash('sha256', await readLocalFile(path, options), 'hex')
  } catch (error) {
    if (error instanceof ProbeFailure && error.reason === 'unreachable') return null
    throw error
  }
}

/** `sha256sum` marks a line with a backslash where it had to escape the name. */
async function digestThere(path: string, { transport }: ProbeContext, options: RunOptions): Promise<string | null> {
  const { exitCode, stdout, stderrLine } = await transport.run(commandLine('file.digest', { path }), options)
  if (exitCode !== 0) {
    if (saysMissing(stderrLine)) return null
    if (saysDenied(stderrLine)) throw new ProbeFailure('permission', 'read', 'permission denied')
    throw new ProbeFailure('exit_status', 'read', scrubLine(`sha256sum: exit code ${exitCode}: ${stderrLine}`))
  }
  const digest = /^\\?([0-9a-f]{64}) [ *][^\n]+\n?$/u.exec(stdout.toString('utf8'))?.[1]
  if (digest === undefined) throw new ProbeFailure('parse', 'read', 'sha256sum printed something else')
  return digest
}
