import { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { importJobUnmet } from '../../schemas/expectations/import-job.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { importJobQuery } from '../commands/import-job-text.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { createLookBudget } from './look-budget.ts'
import { querySql } from './sql-query.ts'
import { toFacts } from './to-facts.ts'

const MAX_OUTPUT_BYTES = 65_536
const Job = z.strictObject({
  id: z.string(),
  status: z.string().nullable(),
  age_s: z.number().int().nullable(),
  total: z.number().int().nullable(),
  succeeded: z.number().int().nullable(),
  failed: z.number().int().nullable(),
  synced: z.boolean().nullable(),
})

/** Reads the latest import job of an application's own table. File names, users and messages of the job are not read. */
export async function probeImportJob(check: CheckOf<'import-job'>, context: ProbeContext): Promise<Look<'import-job'>> {
  const options = createLookBudget(context)(MAX_OUTPUT_BYTES)
  const { job } = await querySql(check.database, importJobQuery(check), { job: Job.nullable() }, context, options)
  const facts: FactsOf<'import-job'> = toFacts(FACTS['import-job'], { source: targetOf(check), job })
  return { target: targetOf(check), asOf: null, met: importJobUnmet(check, facts, context.now()).length === 0, facts }
}
