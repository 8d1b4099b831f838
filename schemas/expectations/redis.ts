import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

type Check = CheckOf<'redis'>
type Facts = FactsOf<'redis'>

/**
 * What a Redis check's expectation lacks; empty means met. A PONG alone is not enough: one that is loading, whose last
 * save failed or that lost its master answers PING too.
 */
export function redisUnmet(check: Check, facts: Facts, _at: Date): string[] {
  const reply = facts.reply === 'PONG' ? [] : [`answers ${facts.reply}`]
  return [...reply, ...stateUnmet(check, facts), ...persistenceUnmet(facts), ...writesUnmet(facts), ...memoryUnmet(check, facts)]
}

function stateUnmet(check: Check, facts: Facts): string[] {
  const unmet: string[] = []
  if (facts.loading === null) unmet.push('not observed: loading')
  if (facts.loading === true) unmet.push('is loading its data')
  if (facts.role === null) unmet.push('not observed: role')
  else if (check.replication !== undefined && facts.role !== check.replication) unmet.push(`is ${facts.role}, not ${check.replication}`)
  if (facts.role === 'slave' && facts.master_link_up !== true) {
    unmet.push(facts.master_link_up === null ? 'not observed: link to the master' : 'link to the master is down')
  }
  return unmet
}

function persistenceUnmet(facts: Facts): string[] {
  const unmet: string[] = []
  if (facts.rdb_save_ok === null) unmet.push('not observed: last save')
  if (facts.rdb_save_ok === false) unmet.push('last background save failed')
  if (facts.aof_enabled === null) unmet.push('not observed: append-only file')
  if (facts.aof_enabled !== false && facts.aof_write_ok === null) unmet.push('not observed: append-only write')
  if (facts.aof_write_ok === false) unmet.push('last append-only write failed')
  return unmet
}

/** It answers PING and every read, and refuses what would change anything. */
function writesUnmet({ used_memory_bytes: used, max_memory_bytes: max, evicts, replicas_enough: hasReplicas }: Facts): string[] {
  const isFull = evicts === false && max !== null && max > 0 && used !== null && used >= max
  // Without a limit it is never full.
  if (evicts === null && max !== 0) return ['not observed: what it does when its memory is full']
  return [...(isFull ? ['refuses writes: its memory is full'] : []), ...replicasUnmet(hasReplicas)]
}

function replicasUnmet(hasReplicas: boolean | null | undefined): string[] {
  if (hasReplicas === null) return ['not observed: replicas']
  return hasReplicas === false ? ['refuses writes: too few replicas'] : []
}

function memoryUnmet(check: Check, { used_memory_bytes: used, max_memory_bytes: max }: Facts): string[] {
  const limit = check.max_memory_used_percent
  if (limit === undefined) return []
  if (used === null || max === null) return ['not observed: memory']
  if (max === 0) return ['has no memory limit to stay below']
  const percent = (used / max) * 100
  return percent <= limit ? [] : [reason(`memory ${Math.ceil(percent * 10) / 10}% used > ${limit}%`)]
}
