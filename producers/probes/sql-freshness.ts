import type { CheckOf } from '../../schemas/estate.ts'
import { sqlFreshnessUnmet } from '../../schemas/expectations/sql-freshness.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { SqlFreshnessFacts } from '../../schemas/sql-checks.ts'
import { targetOf } from '../check-target.ts'
import { freshnessQuery } from '../commands/sql-text.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { createLookBudget } from './look-budget.ts'
import { querySql } from './sql-query.ts'

const { rows, latest_date: latest, age_days } = SqlFreshnessFacts.shape
const MAX_OUTPUT_BYTES = 65_536

/** Counts a table's rows and takes its latest date, and its age by the database's own calendar. */
export async function probeSqlFreshness(check: CheckOf<'sql-freshness'>, context: ProbeContext): Promise<Look<'sql-freshness'>> {
  const budget = createLookBudget(context)
  const answer = await querySql(check.database, freshnessQuery(check), { rows, latest, age_days }, context, budget(MAX_OUTPUT_BYTES))
  const facts: FactsOf<'sql-freshness'> = { source: targetOf(check), rows: answer.rows, latest_date: answer.latest, age_days: answer.age_days }
  return { target: targetOf(check), asOf: null, met: sqlFreshnessUnmet(check, facts, context.now()).length === 0, facts }
}
