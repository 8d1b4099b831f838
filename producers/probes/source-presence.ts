import { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { FUTURE_SKEW_S } from '../../schemas/expectations/reason.ts'
import { sourcePresenceUnmet } from '../../schemas/expectations/source-presence.ts'
import { parseJsonText } from '../../schemas/json-text.ts'
import { SourcePresenceFacts } from '../../schemas/product-checks.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunResult } from '../transport.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

const MAX_OUTPUT_BYTES = 16_777_216
/** rclone's exit code for a folder that is not there. */
const NO_FOLDER = 3
const Files = z.array(z.object({ Name: z.string(), Size: z.number().int(), ModTime: z.iso.datetime({ offset: true }), IsDir: z.literal(false) }))

/**
 * Looks for new source files in the folder they arrive in: of the right name, large enough and young. A folder that
 * cannot be listed is a failed look: "no file" must not be what a broken login looks like (runbook §14.28).
 */
export async function probeSourcePresence(check: CheckOf<'source-presence'>, context: ProbeContext): Promise<Look<'source-presence'>> {
  const { remote, rclone_config: config, matches, max_age_s: maxAgeS } = check
  if (remote === undefined || config === undefined || matches === undefined || maxAgeS === undefined) {
    throw new ProbeFailure('internal', 'probe', 'the check names no source')
  }
  const result = await context.transport.run(commandLine('rclone.files', { config, intake: remote }), createLookBudget(context)(MAX_OUTPUT_BYTES))
  const name = new RegExp(matches, 'u')
  const named = readFiles(result).filter((file) => name.test(file.Name.normalize('NFC')) && file.Size >= (check.min_bytes ?? 1))
  const times = named.map((file) => new Date(file.ModTime).getTime())
  const now = context.now().getTime()
  const candidates = times.filter((time) => time <= now + FUTURE_SKEW_S * 1000 && now - time <= maxAgeS * 1000).length
  const newest = times.length === 0 ? null : new Date(Math.max(...times)).toISOString()
  const facts = toFacts(SourcePresenceFacts, { available: candidates > 0, newest_at: newest, candidates })
  return { target: targetOf(check), asOf: null, met: sourcePresenceUnmet(facts).length === 0, facts }
}

function readFiles({ exitCode, stdout, stderrLine }: RunResult): z.infer<typeof Files> {
  if (exitCode === NO_FOLDER) throw new ProbeFailure('unreachable', 'read', 'the folder does not exist')
  if (exitCode !== 0) throw new ProbeFailure('exit_status', 'exec', scrubLine(`rclone: exit code ${exitCode}${stderrLine === '' ? '' : `: ${stderrLine}`}`))
  const parsed = parseJsonText(toUtf8Text(stdout).trim())
  const files = Files.safeParse(parsed.ok ? parsed.value : undefined)
  if (!files.success) throw new ProbeFailure('parse', 'parse', 'not a list of rclone')
  return files.data
}
