import type { FactsOf } from '../facts.ts'

export function sourcePresenceUnmet(facts: FactsOf<'source-presence'>): string[] {
  return facts.available ? [] : ['source absent']
}

export function releaseParityUnmet(facts: FactsOf<'release-parity'>): string[] {
  return facts.live === facts.repository ? [] : ['live release is not the one of the repository']
}
