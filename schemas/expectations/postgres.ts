import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { ageProblems, reason } from './reason.ts'

type Check = CheckOf<'postgres'>
type Facts = FactsOf<'postgres'>

/**
 * What a PostgreSQL check's expectation lacks; empty means met. An endpoint that accepts proves only that some
 * PostgreSQL answers there: a declared cluster must itself be online on that port (runbook §3.1, 2026-06-26 lesson).
 */
export function postgresUnmet(check: Check, facts: Facts, at: Date): string[] {
  const endpoint =
    facts.endpoint === 'accepting' ? [] : [reason(`${facts.address}:${facts.port} ${facts.endpoint === 'rejecting' ? 'rejects' : 'gives no response'}`)]
  return [...endpoint, ...clusterUnmet(check, facts), ...logUnmet(check, facts, at)]
}

function clusterUnmet(check: Check, facts: Facts): string[] {
  if (check.cluster === undefined) return []
  const { cluster } = facts
  if (cluster === null || cluster.name !== check.cluster) return [reason(`not observed: cluster ${check.cluster}`)]
  if (cluster.state !== 'online') {
    const other = facts.endpoint === 'accepting' ? `; what accepts on port ${facts.port} is another PostgreSQL` : ''
    return [reason(`cluster ${cluster.name} is ${cluster.state}${other}`)]
  }
  return cluster.port === facts.port ? [] : [reason(`cluster ${cluster.name} is online on port ${cluster.port ?? 'unknown'}, not ${facts.port}`)]
}

function logUnmet(check: Check, facts: Facts, at: Date): string[] {
  if (check.log === undefined) return []
  if (facts.log === null) return ['not observed: log']
  return [
    ...ageProblems('log', facts.log.modified_at, undefined, at),
    ...facts.log.signatures.filter(({ lines }) => lines > 0).map(({ signature, lines }) => `log: ${signature} in ${lines} lines since the last start`),
  ]
}
