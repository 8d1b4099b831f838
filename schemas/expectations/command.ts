import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'

/**
 * What a command check's expectation lacks; empty means met. The exit code is not judged here: anything but 0 is a
 * failed look. Without `equals` and `matches` the exit code was the whole expectation.
 */
export function commandUnmet(check: CheckOf<'command'>, facts: FactsOf<'command'>, _at: Date): string[] {
  if (check.equals === undefined && check.matches === undefined) return []
  if (facts.matched === null) return ['not observed: output match']
  return facts.matched ? [] : ['output is not the expected one']
}
