import { readFile } from 'node:fs/promises'
import type { Estate } from '../schemas/estate.ts'
import type { EventData } from '../schemas/event.ts'

type Boots = EventData<'round.opened.v1'>['boots']

/** Current boot of every host of the estate that is this machine; empty where /proc does not tell. */
export async function readLocalBoots(estate: Estate): Promise<Boots> {
  const local = estate.hosts.filter((host) => host.transport === 'local')
  if (local.length === 0) return []
  try {
    const [bootId, stat] = await Promise.all([readFile('/proc/sys/kernel/random/boot_id', 'utf8'), readFile('/proc/stat', 'utf8')])
    return toBoots(
      local.map((host) => host.id),
      bootId,
      stat,
    )
  } catch {
    // Not Linux, or no /proc: unknown, which judging treats as such.
    return []
  }
}

/** `btime` in /proc/stat is the boot in seconds since 1970. */
export function toBoots(hosts: readonly string[], bootId: string, stat: string): Boots {
  const seconds = /^btime (\d{1,12})$/m.exec(stat)?.[1]
  if (seconds === undefined || !/^[0-9a-f-]{36}$/.test(bootId.trim())) return []
  return hosts.map((host) => ({ host, boot_id: bootId.trim(), boot_time: new Date(Number(seconds) * 1000).toISOString() }))
}
