import type { CheckOf } from '../../schemas/estate.ts'
import { tokenMetadataUnmet } from '../../schemas/expectations/token-metadata.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunResult } from '../transport.ts'
import { toFileStat } from '../transports/file-stat.ts'
import { saysDenied, saysMissing } from '../transports/stderr-words.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'

type Facts = FactsOf<'token-metadata'>
type Seen = Omit<Facts, 'path'>
const ABSENT: Seen = { type: 'absent', uid: null, gid: null, mode: null, modified_at: null }
const TYPES: Readonly<Record<string, Facts['type']>> = { 'regular file': 'file', 'regular empty file': 'empty' }

/** Looks at owner, group, mode and time of a token file. The file is never opened, and its size is not kept. */
export async function probeTokenMetadata(check: CheckOf<'token-metadata'>, context: ProbeContext): Promise<Look<'token-metadata'>> {
  const result = await context.transport.run(commandLine('file.owner', { path: check.path }), createLookBudget(context)(4096))
  const facts = toFacts(FACTS['token-metadata'], { path: check.path, ...readOwner(result) })
  return { target: targetOf(check), asOf: null, met: tokenMetadataUnmet(check, facts, context.now()).length === 0, facts }
}

/** A folder that may not be searched is no absent file: only stat's own word makes one. */
function readOwner({ exitCode, stdout, stderrLine }: RunResult): Seen {
  if (exitCode !== 0) {
    if (saysMissing(stderrLine)) return ABSENT
    if (saysDenied(stderrLine)) throw new ProbeFailure('permission', 'read', 'permission denied')
    throw new ProbeFailure('exit_status', 'read', scrubLine(`stat: exit code ${exitCode}: ${stderrLine}`))
  }
  const match = /^(\d{1,10}) (\d{1,10}) ([0-7]{1,4}) (-?\d{1,12}) ([a-z ]{1,60})\n?$/u.exec(stdout.toString('utf8'))
  if (match === null) throw new ProbeFailure('parse', 'read', 'stat printed something else')
  const [, uid, gid, mode = '', seconds, type = ''] = match
  const stat = toFileStat(0, Number(seconds) * 1000)
  return { type: TYPES[type] ?? 'other', uid: Number(uid), gid: Number(gid), mode, modified_at: stat.exists ? stat.modifiedAt : null }
}
