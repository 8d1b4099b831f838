import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { FUTURE_SKEW_S, reason } from './reason.ts'

type HostCheck = CheckOf<'host'>
type HostFacts = FactsOf<'host'>

/**
 * What a host check's expectation lacks; empty means met. Pure, so that the probe and every later judge agree.
 * A fact that a rule needs and that is null is unmet: removing a fact must never improve the answer. Mounts and
 * systemd are judged in every check (systemd unless it says `ignore`); the other facts where a limit is declared.
 */
export function hostUnmet(check: HostCheck, facts: HostFacts, _at: Date): string[] {
  return [
    ...clockUnmet(facts),
    ...[...systemdUnmet(check, facts), ...mountsUnmet(check, facts), ...loadUnmet(check, facts), ...memoryUnmet(check, facts), ...disksUnmet(check, facts)],
  ]
}

/** A clock that is ahead makes what is old look young on this host; one that is behind makes it look older, which nobody takes for green. */
function clockUnmet({ clock_ahead_s: ahead }: HostFacts): string[] {
  if (ahead === null) return ['not observed: clock']
  return ahead !== undefined && ahead > FUTURE_SKEW_S ? [`clock is ${Math.floor(ahead)} s ahead`] : []
}

function systemdUnmet(check: HostCheck, facts: HostFacts): string[] {
  if (check.systemd === 'ignore') return []
  const systemd = facts.systemd
  if (systemd === null) return ['not observed: systemd']
  if (!systemd.present) return check.systemd === 'required' ? ['systemd is absent'] : []
  const failed = systemd.failed_units
  if (systemd.state === null) return ['not observed: systemd state']
  if (failed === null) return ['not observed: failed units']
  const unexplained = failed.filter((unit) => !check.explained_failed_units.includes(unit))
  if (unexplained.length > 0) return unexplained.map((unit) => reason(`failed unit ${unit}`))
  if (systemd.state === 'running') return []
  // Degraded without a failed unit is a contradiction, not an explanation.
  if (systemd.state === 'degraded' && failed.length > 0) return []
  return [reason(`systemd is ${systemd.state}`)]
}

function mountsUnmet(check: HostCheck, facts: HostFacts): string[] {
  if (facts.readonly_mounts === null) return ['not observed: mounts']
  return facts.readonly_mounts.filter((mount) => !check.allow_readonly_mounts.includes(mount)).map((mount) => reason(`mount ${mount} is read-only`))
}

/** The five-minute load average: one minute is noise right after a boot, fifteen are too slow. */
function loadUnmet(check: HostCheck, facts: HostFacts): string[] {
  const limit = check.max_load_per_core
  if (limit === undefined) return []
  if (facts.load === null) return ['not observed: load']
  if (facts.cpus === null) return ['not observed: cpus']
  const perCore = facts.load[1] / facts.cpus
  return perCore <= limit ? [] : [`load per core ${Math.ceil(perCore * 100) / 100} > ${limit}`]
}

function memoryUnmet(check: HostCheck, facts: HostFacts): string[] {
  const problems: string[] = []
  const least = check.min_memory_available_percent
  if (least !== undefined) problems.push(...availableUnmet('memory', facts.memory, least))
  const most = check.max_swap_used_percent
  if (most === undefined) return problems
  if (facts.swap === null) return [...problems, 'not observed: swap']
  const used = facts.swap.total_bytes === 0 ? 0 : (facts.swap.used_bytes / facts.swap.total_bytes) * 100
  if (!(used <= most)) problems.push(`swap ${Math.ceil(used * 10) / 10}% used > ${most}%`)
  return problems
}

/** A declared mount that is not there is unmet with or without a limit: a volume that did not come back is the classic. */
function disksUnmet(check: HostCheck, facts: HostFacts): string[] {
  const least = check.min_disk_available_percent
  if (least === undefined && check.disks === undefined) return []
  const disks = facts.disks
  if (disks === null || (disks.length === 0 && check.disks === undefined)) return ['not observed: disks']
  const mounts = check.disks ?? disks.map((disk) => disk.mount)
  return mounts.flatMap((mount) => {
    const disk = disks.find((one) => one.mount === mount)
    if (disk === undefined) return [reason(`not observed: disk ${mount}`)]
    return least === undefined ? [] : [...availableUnmet(`disk ${mount}`, disk, least), ...inodesUnmet(disk, least)]
  })
}

/** Facts of older looks have none. */
function inodesUnmet({ mount, inodes }: NonNullable<HostFacts['disks']>[number], least: number): string[] {
  if (inodes === undefined) return []
  if (inodes === null) return [reason(`not observed: inodes of disk ${mount}`)]
  return inodes.total === 0 ? [] : availableUnmet(`inodes of disk ${mount}`, { total_bytes: inodes.total, available_bytes: inodes.available }, least)
}

function availableUnmet(label: string, usage: { total_bytes: number; available_bytes: number } | null, least: number): string[] {
  if (usage === null || usage.total_bytes === 0) return [reason(`not observed: ${label}`)]
  const available = (usage.available_bytes / usage.total_bytes) * 100
  return available >= least ? [] : [reason(`${label} ${Math.floor(available * 10) / 10}% available < ${least}%`)]
}
