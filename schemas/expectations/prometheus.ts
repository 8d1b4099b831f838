import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { holdsCondition } from './condition.ts'
import { reason } from './reason.ts'

type Check = CheckOf<'prometheus'>
type Facts = FactsOf<'prometheus'>

/**
 * What a Prometheus check's expectation lacks; empty means met. What is declared and not there is not observed: a job
 * without targets, a rule that is not loaded and a query without samples are no good news.
 */
export function prometheusUnmet(check: Check, facts: Facts, _at: Date): string[] {
  if (!facts.ready) return ['is not ready']
  return [...targetsUnmet(check, facts), ...rulesUnmet(check, facts), ...queriesUnmet(check, facts)]
}

function targetsUnmet(check: Check, { targets }: Facts): string[] {
  if (check.targets.length > 0 && targets === null) return ['not observed: targets']
  return check.targets.flatMap(({ job, instance, min }) => {
    const own = (targets ?? []).filter((one) => one.job === job && (instance === undefined || one.instance === instance))
    const label = instance === undefined ? job : `${job} ${instance}`
    if (own.length < min) return [reason(`not observed: target ${label}${min > 1 ? ` (${own.length} of ${min})` : ''}`)]
    return own.filter((one) => one.health !== 'up').map((one) => reason(`target ${one.job} ${one.instance} is ${one.health}`))
  })
}

function rulesUnmet(check: Check, { rules, alertmanagers }: Facts): string[] {
  if (check.rules.length > 0 && rules === null) return ['not observed: rules']
  const unmet = check.rules.flatMap((name) => {
    const own = (rules ?? []).filter((one) => one.name === name)
    if (own.length === 0) return [reason(`rule ${name} is not loaded`)]
    return own.filter((one) => one.health !== 'ok').map((one) => reason(`rule ${name} has health ${one.health}`))
  })
  // An alert that fires and is sent nowhere is a silent estate, and not a quiet one.
  if (alertmanagers === 0) return [...unmet, 'alerts are sent to no Alertmanager']
  const isAlerting = (rules ?? []).some((one) => one.type === 'alerting' && check.rules.includes(one.name))
  return isAlerting && alertmanagers === null ? [...unmet, 'not observed: Alertmanagers'] : unmet
}

function queriesUnmet(check: Check, { queries }: Facts): string[] {
  if (check.queries.length > 0 && queries === null) return ['not observed: queries']
  return check.queries.flatMap(({ id, condition }) => {
    const samples = (queries ?? []).filter((one) => one.id === id).flatMap((one) => one.samples)
    if (samples.length === 0) return [`not observed: query ${id}`]
    return samples
      .filter(({ value }) => typeof value !== 'number' || !holdsCondition(condition, value))
      .map(({ value }) => `query ${id} is ${value}, not ${condition}`)
  })
}
