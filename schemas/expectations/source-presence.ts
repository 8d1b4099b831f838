import type { FactsOf } from '../facts.ts'

/** A source that is not there is not fed by an old one (runbook §14.31). */
export function sourcePresenceUnmet(facts: FactsOf<'source-presence'>): string[] {
  return facts.available ? [] : ['source absent']
}
