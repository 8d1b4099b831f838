import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'

type Check = CheckOf<'offsite'>
type Facts = FactsOf<'offsite'>

const FLAGS = ['configured', 'fresh', 'latest_only', 'remote_verify_ok', 'full_verify_fresh'] as const

/**
 * A copy off site is current only where it is configured, fresh, and nothing that was verified failed. A live check is
 * asked for all of it; a record need only say that it is fresh.
 */
export function offsiteUnmet(check: Check, facts: Facts): string[] {
  const needed: readonly string[] = check.repositories === undefined ? ['fresh'] : FLAGS
  const unmet = FLAGS.filter((key) => facts[key] === null && needed.includes(key)).map((key) => `not observed: ${key}`)
  for (const key of FLAGS) if (facts[key] === false) unmet.push(`${key}=0`)
  if (facts.repositories === 0) unmet.push('no repository')
  else if (check.repositories !== undefined && facts.repositories !== check.repositories.length) {
    unmet.push(`${facts.repositories ?? 'unknown'} of ${check.repositories.length} repositories off site`)
  }
  return unmet
}
