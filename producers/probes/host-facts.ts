import type { FactsOf } from '../../schemas/facts.ts'

type HostFacts = FactsOf<'host'>
type Disk = NonNullable<HostFacts['disks']>[number]

/** Pure readers of what Linux says about itself. Each gives null where the text does not hold the value. */

/** Splits what `tail -n +1 -- a b c` prints: `==> path <==`, the file, an empty line. */
export function splitFiles(text: string): Map<string, string> {
  const parts = text.split(/^==> (\/\S+) <==\n/mu)
  const files = new Map<string, string>()
  for (let i = 1; i + 1 < parts.length; i += 2) files.set(parts[i] ?? '', (parts[i + 1] ?? '').trimEnd())
  return files
}

/** Seconds since the epoch at boot: the kernel keeps it, so two looks in one boot agree (uptime and now would not). */
export function toBootTime(stat: string | undefined): string | null {
  const seconds = /^btime (\d{1,12})$/mu.exec(stat ?? '')?.[1]
  if (seconds === undefined || seconds === '0') return null
  const text = new Date(Number(seconds) * 1000).toISOString()
  return text.length === 24 ? text : null
}

/** Processors that are online, one `cpuN` line each. */
export function toCpus(stat: string | undefined): number | null {
  const count = [...(stat ?? '').matchAll(/^cpu\d+ /gmu)].length
  return count === 0 ? null : count
}

export function toBootId(text: string | undefined): string | null {
  return /^[0-9a-f-]{8,64}$/u.exec((text ?? '').trim())?.[0] ?? null
}

export function toKernel(text: string | undefined): string | null {
  return /^[\x21-\x7e]{1,120}$/u.exec((text ?? '').trim())?.[0] ?? null
}

export function toUptime(text: string | undefined): number | null {
  const seconds = /^(\d+(?:\.\d+)?) /u.exec(`${text ?? ''} `)?.[1]
  return seconds === undefined ? null : Number(seconds)
}

export function toLoad(text: string | undefined): HostFacts['load'] {
  const match = /^(\d+\.\d+) (\d+\.\d+) (\d+\.\d+)(?: |$)/u.exec(text ?? '')
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3])]
}

/** `MemAvailable` is the kernel's own estimate; where it is missing nothing else says the same. */
export function toMemory(meminfo: string | undefined): Pick<HostFacts, 'memory' | 'swap'> {
  const bytes = (name: string): number | null => {
    const kib = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'mu').exec(meminfo ?? '')?.[1]
    return kib === undefined ? null : Number(kib) * 1024
  }
  const [total, available, swapTotal, swapFree] = [bytes('MemTotal'), bytes('MemAvailable'), bytes('SwapTotal'), bytes('SwapFree')]
  return {
    memory: total === null || available === null ? null : { total_bytes: total, available_bytes: available },
    swap: swapTotal === null || swapFree === null ? null : { total_bytes: swapTotal, used_bytes: Math.max(0, swapTotal - swapFree) },
  }
}

const WRITABLE_DISK = /^(?:ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|nilfs2|bcachefs)$/u
const STORAGE =
  /^(?:ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|nilfs2|bcachefs|overlay|vfat|exfat|ntfs3?|fuseblk|nfs4?|cifs|smb3|ceph|glusterfs|fuse\.glusterfs|9p|virtiofs|gofer)$/u

/** Newer kernels keep `rw` for an ext4 that they closed after an error, and add one of the last two. */
const NO_WRITES: ReadonlySet<string> = new Set(['ro', 'emergency_ro', 'shutdown'])

/**
 * Mount points whose file system itself is read-only, from /proc/self/mountinfo. The file system's own options decide
 * (the last field): a read-only bind mount of a healthy disk is a choice, a disk the kernel turned read-only is not.
 */
export function toReadonlyMounts(mountinfo: string | undefined): string[] | null {
  if (mountinfo === undefined || mountinfo === '') return null
  const mounts = mountinfo.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(/ - (.*)/u)
    const [fstype = '', source = '', options = ''] = after.split(' ')
    const mount = before.split(' ')[4]
    const isReadonly = WRITABLE_DISK.test(fstype) && !source.startsWith('/dev/loop') && options.split(',').some((option) => NO_WRITES.has(option))
    return isReadonly && mount !== undefined ? [printable(unescapeOctal(mount))] : []
  })
  return [...new Set(mounts)].sort()
}

/** The kernel writes space, tab, newline and backslash as `\040` and so on. */
function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/gu, (_whole, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
}

/** A mount point as evidence can carry it; what it cannot becomes a question mark, as `df` does. */
function printable(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?')
    .slice(0, 300)
    .toWellFormed()
}

/**
 * Storage from `df -kPT`: one entry a device, at its first mount, and every mount in `declared`, which an estate may
 * name although it shares its device with another. Memory, pseudo and image file systems are left out.
 */
export function toDisks(df: string, declared: readonly string[]): Disk[] | null {
  const seen = new Set<string>()
  const disks = df.split('\n').flatMap((line) => {
    const match = /^(.+?) +(\S+) +(\d+) +(\d+) +(-?\d+) +(?:\d+%|-) +(\/.*)$/u.exec(line)
    if (match === null) return []
    const [, device = '', fstype = '', total = '', , available = '', rawMount = ''] = match
    const mount = printable(rawMount)
    const isWanted = STORAGE.test(fstype) && Number(total) > 0 && (!seen.has(device) || declared.includes(mount))
    if (!isWanted) return []
    seen.add(device)
    return [{ mount, fstype: fstype.slice(0, 60), total_bytes: Number(total) * 1024, available_bytes: Math.max(0, Number(available)) * 1024 }]
  })
  return df.includes('\n') ? disks : null
}

/** The same disks with their inodes, from `df -iPT`; null where it says nothing of one. A disk without a free inode takes no file. */
export function withInodes(disks: readonly Disk[] | null, df: string | null): Disk[] | null {
  const seen = new Map(
    (df ?? '').split('\n').flatMap((line) => {
      const match = /^.+? +\S+ +(\d+|-) +(?:\d+|-) +(\d+|-) +(?:\d+%|-) +(\/.*)$/u.exec(line)
      return match === null ? [] : [[printable(match[3] ?? ''), { total: Number(match[1]) || 0, available: Number(match[2]) || 0 }] as const]
    }),
  )
  return disks?.map((disk) => ({ ...disk, inodes: seen.get(disk.mount) ?? null })) ?? null
}

/**
 * Seconds that the machine's clock is ahead of ours: the kernel keeps the time of boot by its own clock, and counts the
 * seconds since then. Negative also where a container shows its own uptime with the boot of its machine.
 */
export function toClockAhead(bootTime: string | null, uptimeS: number | null, now: Date): number | null {
  if (bootTime === null || uptimeS === null) return null
  return Math.round(Date.parse(bootTime) / 1000 + uptimeS - now.getTime() / 1000)
}

/** First column of `systemctl list-units --plain --no-legend --full`, with or without `--failed`. */
export function toListedUnits(text: string): string[] {
  return text.split('\n').flatMap((line) => /^[●*×\s]*(\S+)/u.exec(line)?.[1] ?? [])
}

/** Word that `systemctl is-system-running` prints; null where it printed something else. */
export function toSystemState(text: string): string | null {
  return /^[a-z-]{1,40}$/u.exec(text.trim())?.[0] ?? null
}
