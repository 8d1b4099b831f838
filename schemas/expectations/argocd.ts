import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

/** What an Argo CD application lacks; empty means met. */
export function argocdUnmet(facts: FactsOf<'argocd'>): string[] {
  const unmet: string[] = []
  if (facts.sync !== 'Synced') unmet.push(reason(`sync is ${facts.sync}`))
  if (facts.health !== 'Healthy') unmet.push(reason(`health is ${facts.health}`))
  // What was applied is compared apart from how applying it ended: a hook that failed leaves it Synced.
  if (facts.operation === 'Failed' || facts.operation === 'Error') unmet.push(reason(`last operation is ${facts.operation}`))
  return unmet
}
