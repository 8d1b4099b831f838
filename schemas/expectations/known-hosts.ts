import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { ageProblems, reason } from './reason.ts'

type Check = CheckOf<'known-hosts'>
type Facts = FactsOf<'known-hosts'>

const STATES: Readonly<Record<Facts['entries'][number]['state'], string | null>> = {
  verified: null,
  other_keys: 'has other keys than the verified one',
  revoked: 'has its verified key revoked',
  absent: 'is no longer known',
}

/**
 * What a known-hosts check lacks; empty means met. Every verified key is still there, and deployments keep their trust
 * in a file of their own (runbook §2.2: a deployment once wrote over the file and made healthy hosts look lost).
 */
export function knownHostsUnmet(check: Check, facts: Facts, at: Date): string[] {
  if (!facts.exists) return ['known_hosts file does not exist']
  return [...check.entries.flatMap((entry) => entryUnmet(entry, facts)), ...timeUnmet(check, facts, at), ...deployUnmet(check, facts)]
}

function entryUnmet({ host, port }: Check['entries'][number], { entries }: Facts): string[] {
  const seen = entries.filter((one) => one.host === host && one.port === port)
  if (seen.length === 0) return [reason(`not observed: ${host} port ${port}`)]
  return seen.flatMap(({ state }) => {
    const wrong = STATES[state]
    return wrong === null ? [] : [reason(`${host} port ${port} ${wrong}`)]
  })
}

function timeUnmet({ unchanged_since: since }: Check, { modified_at: modified }: Facts, at: Date): string[] {
  if (modified === null) return since === undefined ? [] : ['not observed: known_hosts time']
  const future = ageProblems('known_hosts', modified, undefined, at)
  return since === undefined || Date.parse(modified) <= Date.parse(since) ? future : [reason(`known_hosts was written at ${modified}, after ${since}`)]
}

/** No deployment file yet is no fault: nothing was deployed, and nothing was written over. */
function deployUnmet({ deploy_path: path }: Check, { deploy }: Facts): string[] {
  if (path === undefined) return []
  if (deploy === null) return ['not observed: deployment known_hosts']
  if (!deploy.exists) return []
  if (deploy.same_file === null) return ['not observed: whether deployments have a file of their own']
  return deploy.same_file ? ['deployments share the known_hosts file'] : []
}
