import { hash } from 'node:crypto'
import type { CheckOf } from '../../schemas/estate.ts'
import { fileUnmet } from '../../schemas/expectations/file.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { createLookBudget } from './look-budget.ts'

/** A file whose digest is declared is a script or a configuration; it is read whole. */
const MAX_HASHED_BYTES = 16_777_216

/**
 * Looks at one file. `asOf` is null although the file has a time: what is reported (it is there, so big, so old) is
 * true at the moment of looking, and a configuration that nobody touched for a year is no stale evidence. How old the
 * file may be is the check's `max_age_s`.
 */
export async function probeFile(check: CheckOf<'file'>, context: ProbeContext): Promise<Look<'file'>> {
  const budget = createLookBudget(context)
  const stat = await context.transport.stat(check.path, budget(MAX_HASHED_BYTES))
  const sha256 =
    stat.exists && check.sha256 !== undefined ? hash('sha256', await context.transport.readFile(check.path, budget(MAX_HASHED_BYTES)), 'hex') : null
  const facts: FactsOf<'file'> = {
    path: check.path,
    exists: stat.exists,
    size_bytes: stat.exists ? stat.sizeBytes : null,
    modified_at: stat.exists ? stat.modifiedAt : null,
    sha256,
  }
  return { target: targetOf(check), asOf: null, met: fileUnmet(check, facts, context.now()).length === 0, facts }
}
