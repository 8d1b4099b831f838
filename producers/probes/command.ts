import { hash } from 'node:crypto'
import { canonicalJson } from '../../schemas/canonical-json.ts'
import type { CheckOf } from '../../schemas/estate.ts'
import { commandUnmet } from '../../schemas/expectations/command.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { runEstateCommand } from './estate-command.ts'
import { createLookBudget } from './look-budget.ts'
import { toUtf8Text } from './utf8-text.ts'

const MAX_OUTPUT_BYTES = 1_048_576

/** Runs a named command of the estate; keeps the digests of what it ran and what it printed, never the output itself. */
export async function probeCommand(check: CheckOf<'command'>, context: ProbeContext): Promise<Look<'command'>> {
  const budget = createLookBudget(context)
  const { argv, stdout } = await runEstateCommand(context, check.command, [0], budget(MAX_OUTPUT_BYTES))
  const facts: FactsOf<'command'> = {
    command: check.command,
    argv_sha256: hash('sha256', canonicalJson(argv), 'hex'),
    exit_code: 0,
    stdout_bytes: stdout.length,
    stdout_sha256: hash('sha256', stdout, 'hex'),
    matched: isMatch(check, stdout),
  }
  return { target: targetOf(check), asOf: null, met: commandUnmet(check, facts, context.now()).length === 0, facts }
}

/** Both expectations must hold where both are declared; output that is not text cannot be compared and is a failure. */
function isMatch(check: CheckOf<'command'>, stdout: Buffer): boolean | null {
  if (check.equals === undefined && check.matches === undefined) return null
  const text = toUtf8Text(stdout).trimEnd()
  if (check.equals !== undefined && text !== check.equals) return false
  return check.matches === undefined || new RegExp(check.matches, 'u').test(text)
}
