import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import type { CronEntry } from '../machine-checks.ts'
import { reason } from './reason.ts'

type Facts = FactsOf<'cron'>

/**
 * What a cron check lacks; empty means met. The daemon runs, everything that can hold a job was read, no file of it is
 * broken, and each declared work has exactly one owner: none runs nothing, two run it twice (runbook §9).
 */
export function cronUnmet(check: CheckOf<'cron'>, facts: Facts, _at: Date): string[] {
  const problems: string[] = []
  if (facts.daemon !== true) problems.push(facts.daemon === null ? 'not observed: cron daemon' : 'no cron daemon runs')
  // What was not read may hold a second owner.
  if (!facts.own_read) problems.push('not observed: own crontab')
  if (!facts.system_read) problems.push('not observed: system crontabs')
  problems.push(...facts.bad_lines.map(({ source, line }) => reason(`${source} line ${line} cannot be read by cron`)))
  return [...problems, ...check.entries.flatMap((entry) => entryUnmet(entry, facts))]
}

function entryUnmet(entry: CronEntry, facts: Facts): string[] {
  const seen = facts.entries.find((one) => one.id === entry.id)
  if (seen === undefined) return [reason(`not observed: entry ${entry.id}`)]
  const [owner, ...others] = seen.owners
  if (owner === undefined) return [reason(`entry ${entry.id} is not scheduled`)]
  if (others.length > 0)
    return [reason(`entry ${entry.id} has ${seen.owners.length} owners: ${seen.owners.map((one) => `${one.source}:${one.line}`).join(' ')}`)]
  const problems: string[] = []
  if (entry.schedule !== undefined && owner.schedule !== entry.schedule)
    problems.push(reason(`entry ${entry.id} is scheduled ${owner.schedule}, not ${entry.schedule}`))
  if (entry.user !== undefined && owner.user !== entry.user)
    problems.push(reason(`entry ${entry.id} runs as ${owner.user ?? 'the owner of the crontab'}, not ${entry.user}`))
  return problems
}
