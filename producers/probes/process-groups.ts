import type { FactsOf } from '../../schemas/facts.ts'
import { ProbeFailure } from '../transport.ts'

type Orphan = FactsOf<'runaway'>['orphans'][number]
type Process = { pid: number; parent: number; group: number; ageS: number; cpuS: number; program: string }

/** Lines of `ps -o pid=,ppid=,pgid=,etimes=,cputimes=,comm=`. A list that cannot be read whole is none: the line left out may be the runaway. */
export function parseProcesses(text: string): Process[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  if (lines.length === 0) throw new ProbeFailure('parse', 'parse', 'ps printed no process')
  return lines.map((line) => {
    const match = /^ *(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\S.*)$/u.exec(line)
    if (match === null) throw new ProbeFailure('parse', 'parse', 'ps printed something else')
    const [pid = 0, parent = 0, group = 0, ageS = 0, cpuS = 0] = match.slice(1, 6).map(Number)
    return { pid, parent, group, ageS, cpuS, program: (match[6] ?? '').trim() }
  })
}

/** Browser groups, split by whether what started them still runs. */
export function browserGroups(processes: readonly Process[], browsers: readonly string[]): { orphans: Orphan[]; attended: number } {
  const byPid = new Map(processes.map((one) => [one.pid, one]))
  const groups = Map.groupBy(
    processes.filter((one) => browsers.includes(one.program.replace(/ <defunct>$/u, ''))),
    (one) => one.group,
  )
  const orphans = [...groups].flatMap(([group, members]) => (isOrphan(members, byPid) ? [toOrphan(group, members)] : []))
  return { orphans, attended: groups.size - orphans.length }
}

/**
 * A member was handed to init, or to a systemd that keeps a user's session (a subreaper), and none has another parent
 * outside its own group: a script that still waits for its browser is one.
 */
function isOrphan(members: readonly Process[], byPid: ReadonlyMap<number, Process>): boolean {
  const outer = members.filter((one) => byPid.get(one.parent)?.group !== one.group)
  return outer.length > 0 && outer.every((one) => one.parent === 1 || byPid.get(one.parent)?.program === 'systemd')
}

function toOrphan(group: number, members: readonly Process[]): Orphan {
  const percent = members.reduce((sum, one) => sum + (one.ageS === 0 ? 0 : (100 * one.cpuS) / one.ageS), 0)
  const oldest = members.reduce((best, one) => (one.ageS > best.ageS ? one : best))
  return { group, program: oldest.program.slice(0, 60), processes: members.length, age_s: oldest.ageS, cpu_percent: Math.round(percent * 10) / 10 }
}
