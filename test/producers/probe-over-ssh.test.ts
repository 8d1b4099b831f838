import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeCommand } from '../../producers/probes/command.ts'
import { probeDelegated } from '../../producers/probes/delegated.ts'
import { probeEscrow } from '../../producers/probes/escrow.ts'
import { probeFile } from '../../producers/probes/file.ts'
import { probeHost } from '../../producers/probes/host.ts'
import { probeTextfile } from '../../producers/probes/textfile.ts'
import type { Transport } from '../../producers/transport.ts'
import { parseKnownHosts } from '../../producers/transports/known-hosts.ts'
import { createSshTransport } from '../../producers/transports/ssh.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf, isAlive } from '../support/probe-failure.ts'
import { type SshServer, startSshd } from '../support/sshd.ts'

const signal = new AbortController().signal

function connect(sshd: SshServer): Transport {
  const { host, port, user, keyFile, knownHosts } = sshd
  return createSshTransport({ host, port, user, keyFile, knownHosts: parseKnownHosts(knownHosts), connectTimeoutMs: 8000, signal })
}

describe('every probe over ssh', () => {
  let sshd: SshServer
  let transport: Transport
  let dir = ''
  const context = (argv: string[] = ['true']) => makeContext({ transport, timeoutMs: 8000, commands: [{ id: 'look', argv }] })
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-remote-'))
    sshd = await startSshd()
    transport = connect(sshd)
  })
  afterAll(async () => {
    await transport.close()
    await sshd.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  it('sees what a local look sees', async () => {
    const file = join(dir, 'm.prom')
    writeFileSync(file, 'backup_ok 1\n')
    mkdirSync(join(dir, 'escrow'))
    writeFileSync(join(dir, 'escrow', 'one_item.json'), JSON.stringify({ item: 'one_item', evidence_id: 'vault-77', marked_at: '2026-06-13T05:10:00.000Z' }))
    const escrow = makeCheck('escrow', { path: join(dir, 'escrow') })
    expect(await probeEscrow(escrow, context())).toEqual(await probeEscrow(escrow, makeContext()))
    expect((await probeEscrow(escrow, context())).met).toBe(true)
    expect(await probeFile(makeCheck('file', { path: file, max_age_s: 60 }), context())).toMatchObject({ met: true, facts: { size_bytes: 12 } })
    expect(await probeTextfile(makeCheck('textfile', { path: file, metrics: [{ name: 'backup_ok', condition: '== 1' }] }), context())).toMatchObject({
      met: true,
    })
    expect(await probeCommand(makeCheck('command', { command: 'look', equals: "it's" }), context(['echo', "it's"]))).toMatchObject({ met: true })
    const report = await probeDelegated(
      makeCheck('delegated', { report: 'cold_start', command: 'look' }),
      context(['printf', 'PASS=3 WARN=0 BLOCKED=0\\nResult: GREEN\\n']),
    )
    expect(report).toMatchObject({ met: true, report: { pass: 3, result: 'GREEN', exit_code: 0 } })
  })

  it('fails as a local look fails', async () => {
    const gone = join(dir, 'nowhere')
    expect(await failureOf(probeEscrow(makeCheck('escrow', { path: gone }), context()))).toBe('unreachable read: directory does not exist')
    expect(await failureOf(probeTextfile(makeCheck('textfile', { path: gone, metrics: [{ name: 'm' }] }), context()))).toBe(
      'unreachable read: file does not exist',
    )
    expect((await probeFile(makeCheck('file', { path: gone }), context())).facts.exists).toBe(false)
    // The scrubbed error of a name like a secret's lost a word.
    const secretive = join(dir, 'credentials', 'api-token.json')
    expect((await probeFile(makeCheck('file', { path: secretive }), context())).facts.exists).toBe(false)
    expect(await failureOf(transport.readFile(secretive, { timeoutMs: 8000, maxBytes: 100, signal }))).toBe('unreachable read: file does not exist')
    expect(await failureOf(probeEscrow(makeCheck('escrow', { path: join(dir, 'credentials') }), context()))).toBe('unreachable read: directory does not exist')
    expect(await failureOf(probeCommand(makeCheck('command', { command: 'look' }), context(['no-such-command'])))).toMatch(/^exit_status exec: exit code 127/u)
  })
})

describe('a key that may run listed commands only', () => {
  let sshd: SshServer
  let transport: Transport
  let dir = ''
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-restricted-'))
    const allow = join(dir, 'allow.sh')
    const script = `#!/bin/sh
case "$SSH_ORIGINAL_COMMAND" in
  'tail -n +1 -- /proc/'* | 'df -kPT' | 'df -iPT') exec $SSH_ORIGINAL_COMMAND ;;
  "stat -L -c '%s %Y' -- /run/systemd/system") mkdir -p ${dir}/systemd && exec stat -L -c '%s %Y' -- ${dir}/systemd ;;
  'hang') echo $$ > ${dir}/pid; exec sleep 300 ;;
  *) echo 'not allowed' >&2; exit 126 ;;
esac
`
    writeFileSync(allow, script, { mode: 0o755 })
    sshd = await startSshd({ keyPrefix: `restrict,command="${allow}" ` })
    transport = connect(sshd)
  })
  afterAll(async () => {
    await transport.close()
    await sshd.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  it('gives the facts that it may read, and no systemd it could not ask', async () => {
    if (!sshd.isReal) return console.log("skipped: ssh2's own server knows no forced commands")
    const { facts, met } = await probeHost(makeCheck('host', {}), makeContext({ transport, timeoutMs: 8000 }))
    expect(facts.boot_id).toHaveLength(36)
    expect(facts.disks?.length).toBeGreaterThan(0)
    expect(facts.systemd).toEqual({ present: true, state: null, failed_units: null })
    expect(met).toBe(false)
    expect(await failureOf(probeCommand(makeCheck('command', { command: 'look' }), makeContext({ transport, commands: [{ id: 'look', argv: ['id'] }] })))).toBe(
      'exit_status exec: exit code 126: not allowed',
    )
  })

  it('ends a hung forced command in time; the next call has a connection of its own', async () => {
    if (!sshd.isReal) return console.log("skipped: ssh2's own server knows no forced commands")
    const started = performance.now()
    expect(await failureOf(transport.run(['hang'], { timeoutMs: 500, maxBytes: 100, signal }))).toBe('timeout exec: no end within 500 ms')
    expect(performance.now() - started).toBeLessThan(1500)
    expect((await transport.run(['df', '-kPT'], { timeoutMs: 8000, maxBytes: 100_000, signal })).exitCode).toBe(0)
    // OpenSSH passes no signals on to forced commands: the one that hangs is the server's to limit.
    const pid = Number(readFileSync(join(dir, 'pid'), 'utf8'))
    if (isAlive(pid)) process.kill(pid, 'SIGKILL')
  })
})
