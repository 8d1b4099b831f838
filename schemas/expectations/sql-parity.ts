import type { FactsOf } from '../facts.ts'

type Bounds = FactsOf<'sql-parity'>['left']

/** Two tables must agree in count and in both bounds of the same range (runbook §13.7). Nothing agrees with nothing. */
export function sqlParityUnmet({ left, right }: FactsOf<'sql-parity'>): string[] {
  if (left.rows !== right.rows || left.min !== right.min || left.max !== right.max) return ['tables differ in count or bounds']
  if (left.rows === 0) return ['no row to compare']
  return isBounded(left) && isBounded(right) ? [] : ['not observed: bounds']
}

function isBounded({ min, max }: Bounds): boolean {
  return min !== null && max !== null
}
