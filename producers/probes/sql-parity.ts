import type { CheckOf } from '../../schemas/estate.ts'
import { sqlParityUnmet } from '../../schemas/expectations/sql-parity.ts'
import { SqlParityFacts } from '../../schemas/sql-checks.ts'
import { targetOf } from '../check-target.ts'
import { parityQuery } from '../commands/sql-text.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { createLookBudget } from './look-budget.ts'
import { querySql } from './sql-query.ts'

const MAX_OUTPUT_BYTES = 65_536

/** Counts two tables over the same range of dates in one snapshot, with the first and the last date of each. */
export async function probeSqlParity(check: CheckOf<'sql-parity'>, context: ProbeContext): Promise<Look<'sql-parity'>> {
  const { database, left, right } = check
  if (database === undefined || left === undefined || right === undefined) throw new ProbeFailure('internal', 'probe', 'the check names no tables')
  const budget = createLookBudget(context)
  const facts = await querySql(database, parityQuery(left, right, check.range ?? 'all'), SqlParityFacts.shape, context, budget(MAX_OUTPUT_BYTES))
  return { target: targetOf(check), asOf: null, met: sqlParityUnmet(facts).length === 0, facts }
}
