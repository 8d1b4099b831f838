import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'

/**
 * What a registry lacks. Only an independent review accepts one; a route that answers, transports and active agents do
 * not (runbook 2026-06-26 08:47). Where a check names its scope, agents that are gone count also after an acceptance.
 */
export function registryUnmet(check: CheckOf<'registry'>, facts: FactsOf<'registry'>, isAccepted: boolean): string[] {
  return [...(isAccepted ? [] : ['the registry is not accepted by an independent review']), ...scopeUnmet(check, facts), ...routeUnmet(check, facts)]
}

function scopeUnmet(check: CheckOf<'registry'>, { direct_active: active }: FactsOf<'registry'>): string[] {
  if (check.scope === undefined) return []
  if (active === null) return ['not observed: agents']
  return active === check.scope.length ? [] : [`${active} of ${check.scope.length} agents in scope active`]
}

function routeUnmet(check: CheckOf<'registry'>, { route_code: code }: FactsOf<'registry'>): string[] {
  if (check.route === undefined) return []
  if (code === null) return ['not observed: route']
  return code >= 200 && code <= 299 ? [] : [`route answered ${code}`]
}
