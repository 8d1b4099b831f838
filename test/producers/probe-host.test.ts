import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeHost } from '../../producers/probes/host.ts'
import { ProbeFailure, type Transport } from '../../producers/transport.ts'
import { parseKnownHosts } from '../../producers/transports/known-hosts.ts'
import { createSshTransport } from '../../producers/transports/ssh.ts'
import { hostUnmet } from '../../schemas/expectations/host.ts'
import { HostFacts } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'
import { type SshServer, startSshd } from '../support/sshd.ts'

const check = makeCheck('host', { host: 'h1', min_disk_available_percent: 0 })
const SYSTEMD = '/run/systemd/system'
const FILES =
  '==> /proc/uptime <==\n60.00 1.00\n\n==> /proc/stat <==\ncpu0 1\nbtime 1700000000\n\n==> /proc/self/mountinfo <==\n28 1 253:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n'
const DF = 'Filesystem Type 1024-blocks Used Available Capacity Mounted on\n/dev/vda ext4 100 50 50 50% /\n'

describe('host probe on this machine', () => {
  it('sees this boot, the same in two looks', async () => {
    const first = await probeHost(check, makeContext())
    const second = await probeHost(check, makeContext())
    expect(HostFacts.parse(first.facts)).toEqual(first.facts)
    expect(first.facts.boot_id).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
    expect(second.facts.boot_time).toBe(first.facts.boot_time)
    expect(first.facts.disks?.length).toBeGreaterThan(0)
    expect(first.facts.systemd?.present).toBe(existsSync(SYSTEMD))
    expect(first).toMatchObject({ target: 'h1', asOf: null })
  })
})

describe('host probe over ssh', () => {
  let sshd: SshServer
  let transport: Transport
  beforeAll(async () => {
    sshd = await startSshd()
    transport = createSshTransport({ ...sshd, knownHosts: parseKnownHosts(sshd.knownHosts), connectTimeoutMs: 5000, signal: new AbortController().signal })
  })
  afterAll(async () => {
    await transport.close()
    await sshd.stop()
  })

  it('sees the same boot as a local look', async () => {
    const local = await probeHost(check, makeContext())
    const remote = await probeHost(check, makeContext({ transport }))
    expect(remote.facts.boot_id).toBe(local.facts.boot_id)
    expect(remote.facts.boot_time).toBe(local.facts.boot_time)
    expect(remote.facts.disks?.map((disk) => disk.mount)).toEqual(local.facts.disks?.map((disk) => disk.mount))
    expect(remote.facts.systemd).toEqual(local.facts.systemd)
  })
})

describe('host probe of other machines', () => {
  const look = (commands: Parameters<typeof createScriptedTransport>[0], paths: string[] = []) =>
    probeHost(check, makeContext({ transport: createScriptedTransport({ tail: { text: FILES }, df: { text: DF }, ...commands }, paths) }))

  it('reads a degraded systemd, whose exit code is 1', async () => {
    const { facts, met } = await look(
      {
        'systemctl is-system-running': { exitCode: 1, text: 'degraded\n' },
        'systemctl list-units': { text: 'certbot.service loaded failed failed Certbot\n' },
      },
      [SYSTEMD],
    )
    expect(facts.systemd).toEqual({ present: true, state: 'degraded', failed_units: ['certbot.service'] })
    expect(met).toBe(false)
  })

  it('records a machine without systemd, and one whose systemd does not answer', async () => {
    const without = await look({})
    expect(without).toMatchObject({ met: true, facts: { systemd: { present: false, state: null, failed_units: null } } })
    const silent = await look({}, [SYSTEMD])
    expect(silent).toMatchObject({ met: false, facts: { systemd: { present: true, state: null, failed_units: null } } })
    const broken = await look({ 'systemctl is-system-running': { text: 'running\n' }, 'systemctl list-units': { exitCode: 1 } }, [SYSTEMD])
    expect(broken).toMatchObject({ met: false, facts: { systemd: { state: 'running', failed_units: null } } })
  })

  it('gives null for what a machine does not have, and fails where it has nothing', async () => {
    const { facts, met } = await look({ df: { exitCode: 127 } })
    expect(facts).toMatchObject({ disks: null, load: null, memory: null, boot_id: null })
    expect(met).toBe(false)
    expect(await failureOf(look({ tail: { exitCode: 127 }, df: { exitCode: 127 } }))).toBe('exit_status exec: neither /proc nor the disks could be read')
    expect(await failureOf(look({ tail: new ProbeFailure('exit_status', 'exec', 'x'), df: new ProbeFailure('permission', 'exec', 'x') }))).toMatch(
      /^exit_status/u,
    )
  })

  it('fails where the connection failed', async () => {
    for (const reason of ['timeout', 'unreachable', 'host_key', 'auth'] as const) {
      expect(await failureOf(look({ df: new ProbeFailure(reason, 'connect', 'x') }))).toBe(`${reason} connect: x`)
    }
    expect(await failureOf(look({ tail: new ProbeFailure('permission', 'auth', 'key file') }))).toBe('permission auth: key file')
  })

  it('is not met by a disk that takes no file, by inodes nobody could count, and by a clock that is ahead', async () => {
    const limited = makeCheck('host', { host: 'h1', disks: ['/'], min_disk_available_percent: 15 })
    const at = (seconds: number) => () => new Date(Date.UTC(2026, 10, 21) - seconds * 1000)
    const files = FILES.replace('btime 1700000000', `btime ${Date.UTC(2026, 10, 20) / 1000}`).replace('60.00', '86400.00')
    const unmet = async (inodes: object, ahead = 0) => {
      const transport = createScriptedTransport({ tail: { text: files }, 'df -kPT': { text: DF }, 'df -iPT': inodes }, [])
      const { facts, met } = await probeHost(limited, makeContext({ transport, now: at(ahead) }))
      const reasons = hostUnmet(limited, HostFacts.parse(facts), new Date())
      expect(met).toBe(reasons.length === 0)
      return reasons
    }
    const inodes = (available: number) => ({
      text: `Filesystem Type Inodes IUsed IFree IUse% Mounted on\n/dev/vda ext4 100 ${100 - available} ${available} 1% /\n`,
    })
    expect(await unmet(inodes(15))).toEqual([])
    expect(await unmet(inodes(0))).toEqual(['inodes of disk / 0% available < 15%'])
    expect(await unmet({ exitCode: 126 })).toEqual(['not observed: inodes of disk /'])
    expect(await unmet(inodes(15), 300)).toEqual([])
    expect(await unmet(inodes(15), 301)).toEqual(['clock is 301 s ahead'])
    // Behind is the safe side: everything of this host looks older.
    expect(await unmet(inodes(15), -3600)).toEqual([])
  })

  it('refuses more than evidence can carry', async () => {
    const units = Array.from({ length: 501 }, (_, i) => `u${i}.service loaded failed`).join('\n')
    const commands = { 'systemctl is-system-running': { exitCode: 1, text: 'degraded' }, 'systemctl list-units': { text: units } }
    expect(await failureOf(look(commands, [SYSTEMD]))).toBe('parse parse: not usable: systemd.failed_units')
  })
})
