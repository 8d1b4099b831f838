import type { Estate } from '../schemas/estate.ts'
import { checkProblems } from './estate-check-problems.ts'
import type { EstateProblem } from './estate-document.ts'
import { duplicateProblems, unknownName } from './estate-names.ts'
import { ownerGateProblems, sectionProblems } from './estate-section-problems.ts'

/** `allowRecordedKinds`: true only for rounds that were recorded elsewhere, whose checks need no settings for a look. */
export type EstateRules = { allowRecordedKinds: boolean }

/** What the members of an estate of the right shape say wrongly about each other. Pure; empty = a good estate. */
export function estateProblems(estate: Estate, rules: EstateRules): EstateProblem[] {
  return [
    ...policyProblems(estate),
    ...duplicateProblems(['hosts'], ids(estate.hosts)),
    ...duplicateProblems(['commands'], ids(estate.commands)),
    ...duplicateProblems(['gates'], ids(estate.gates)),
    ...duplicateProblems(['checks'], ids(estate.checks)),
    ...hostProblems(estate),
    ...gateProblems(estate),
    ...checkProblems(estate, rules),
    ...sectionProblems(estate),
    ...ownerGateProblems(estate),
    ...releaseProblems(estate),
  ]
}

function releaseProblems({ releases = [], checks }: Estate): EstateProblem[] {
  const known = ids(checks)
  return [
    ...duplicateProblems(['releases'], ids(releases)),
    ...releases.flatMap(({ needs }, index) => [
      ...needs.flatMap((name, n) => unknownName(['releases', index, 'needs', n], 'check', name, known)),
      ...duplicateProblems(['releases', index, 'needs'], needs, null),
    ]),
  ]
}

function policyProblems(estate: Estate): EstateProblem[] {
  return estate.policy.startsWith('sop@') ? [] : [{ path: ['policy'], message: 'unknown policy; this version knows sop, such as sop@1.78' }]
}

function ids(members: readonly { id: string }[]): string[] {
  return members.map((member) => member.id)
}

function hostProblems(estate: Estate): EstateProblem[] {
  return estate.hosts.flatMap((host, index) => {
    const at = ['hosts', index]
    if (host.transport === 'local') {
      // Otherwise a forgotten `transport: ssh` would look at this machine and call it the other one.
      return host.ssh === undefined ? [] : [{ path: [...at, 'ssh'], at: 'key' as const, message: 'ssh settings on a local host; set transport: ssh' }]
    }
    const problems: EstateProblem[] = []
    if (host.address === undefined) problems.push({ path: at, message: 'transport ssh needs `address`' })
    if (host.ssh === undefined) problems.push({ path: at, message: 'transport ssh needs `ssh` with a user' })
    if (estate.known_hosts === undefined) problems.push({ path: at, message: 'transport ssh needs `known_hosts` at the top of the estate' })
    return problems
  })
}

function gateProblems(estate: Estate): EstateProblem[] {
  const known = ids(estate.gates)
  const references = estate.gates.flatMap((gate, index) => [
    ...gate.depends_on.flatMap((name, n) => unknownName(['gates', index, 'depends_on', n], 'gate', name, known)),
    ...duplicateProblems(['gates', index, 'depends_on'], gate.depends_on, null),
  ])
  return [...references, ...cycleProblems(estate)]
}

/** Each cycle once, named in the order it closes: `A -> B -> A`. */
function cycleProblems(estate: Estate): EstateProblem[] {
  const gateIds = ids(estate.gates)
  const finished = new Set<string>()
  const problems: EstateProblem[] = []
  const walk = (id: string, trail: readonly string[]): void => {
    const gate = estate.gates[gateIds.indexOf(id)]
    if (gate === undefined || finished.has(id)) return
    if (trail.includes(id)) {
      const cycle = [...trail.slice(trail.indexOf(id)), id]
      problems.push({ path: ['gates', gateIds.indexOf(id), 'depends_on'], message: `gates wait for each other: ${cycle.join(' -> ')}` })
      return
    }
    for (const next of gate.depends_on) walk(next, [...trail, id])
    finished.add(id)
  }
  for (const gate of estate.gates) walk(gate.id, [])
  return problems
}
