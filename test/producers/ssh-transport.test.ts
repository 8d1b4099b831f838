import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Transport } from '../../producers/transport.ts'
import { fingerprint } from '../../producers/transports/host-key.ts'
import { parseKnownHosts } from '../../producers/transports/known-hosts.ts'
import { createSshTransport, type SshOptions } from '../../producers/transports/ssh.ts'
import { failureOf, isAlive } from '../support/probe-failure.ts'
import { freePort, keygen, type SshServer, startSshd } from '../support/sshd.ts'

const signal = new AbortController().signal
const options = { timeoutMs: 8000, maxBytes: 100_000, signal }
let sshd: SshServer
let dir = ''
let transport: Transport

function open(change: Partial<SshOptions> & { knownHostsText?: string } = {}): Transport {
  const { host, port, user, keyFile } = sshd
  const knownHosts = parseKnownHosts(change.knownHostsText ?? sshd.knownHosts)
  return createSshTransport({ host, port, user, keyFile, connectTimeoutMs: 8000, signal, knownHosts, ...change })
}

async function tryTrue(change: Partial<SshOptions> & { knownHostsText?: string }): Promise<string> {
  const one = open(change)
  try {
    const result = await one.run(['true'], options)
    return `exit ${result.exitCode}`
  } catch (error) {
    return await failureOf(Promise.reject(error))
  } finally {
    await one.close()
  }
}

function fingerprintOf(hostKey: string): string {
  return fingerprint(Buffer.from(hostKey.split(' ')[1] ?? '', 'base64'))
}

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'evidence-ssh-'))
  sshd = await startSshd({ keyTypes: ['ed25519', 'ecdsa', 'rsa'] })
  transport = open()
})
afterAll(async () => {
  await transport.close()
  await sshd.stop()
  rmSync(dir, { recursive: true, force: true })
})

describe('ssh run and read', () => {
  it('gives exit code, output and stderr line', async () => {
    const result = await transport.run(['sh', '-c', 'printf out; echo problem >&2; exit 3'], options)
    expect(result).toEqual({ exitCode: 3, stdout: Buffer.from('out'), stderrLine: 'problem' })
  })

  it('hands over any words intact', async () => {
    const word = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom("'", '$(id)', '`id`', '\\', '\n', '*', '-n', '~', 'a=b', ''))
    const words = fc.array(
      word.filter((text) => !text.includes('\0') && text.isWellFormed()),
      { minLength: 1, maxLength: 4 },
    )
    await fc.assert(
      fc.asyncProperty(words, async (argv) => {
        const result = await transport.run(['printf', '%s\\0', ...argv], options)
        expect(result.stdout.toString()).toBe(argv.map((text) => `${text}\0`).join(''))
      }),
      { numRuns: 15 },
    )
  })

  it('shares one connection among concurrent first calls and keeps to five channels', async () => {
    const fresh = open()
    const script = 'echo $PPID; sleep 0.2'
    const results = await Promise.all(Array.from({ length: 20 }, () => fresh.run(['sh', '-c', script], options)))
    expect(results.every((result) => result.exitCode === 0)).toBe(true)
    await fresh.close()
  })

  it('is never refused a channel because the server has not cleaned up after the last ones', async () => {
    for (let turn = 0; turn < 8; turn++) {
      const codes = await Promise.all(Array.from({ length: 24 }, () => transport.run(['true'], options).then(({ exitCode }) => exitCode)))
      expect(codes).toEqual(new Array(24).fill(0))
    }
  })

  it('reads files and their stat, and says what is missing', async () => {
    const file = join(dir, "odd 'name'")
    writeFileSync(file, Buffer.from([0xff, 0, 10]))
    expect(await transport.readFile(file, options)).toEqual(Buffer.from([0xff, 0, 10]))
    expect(await transport.stat(file, options)).toMatchObject({ exists: true, sizeBytes: 3, modifiedAt: expect.stringMatching(/\.000Z$/u) })
    expect(await transport.stat(join(dir, 'nope'), options)).toEqual({ exists: false })
    expect(await transport.stat(join(file, 'below'), options)).toEqual({ exists: false })
    expect(await failureOf(transport.readFile(join(dir, 'nope'), options))).toBe('unreachable read: file does not exist')
    expect(await failureOf(transport.readFile(dir, options))).toMatch(/^exit_status read: exit code 1: cat: .*Is a directory$/u)
    expect((await transport.readFile('-', options).catch((e) => e.reason)) as unknown).toBe('unreachable')
  })

  it('refuses output above the limit and goes on working', async () => {
    const small = { ...options, maxBytes: 10 }
    expect((await transport.run(['printf', '0123456789'], small)).stdout).toHaveLength(10)
    expect(await failureOf(transport.run(['printf', '0123456789x'], small))).toBe('parse read: more than 10 bytes')
    expect(await failureOf(transport.run(['yes'], small))).toBe('parse read: more than 10 bytes')
    expect((await transport.run(['true'], options)).exitCode).toBe(0)
  })

  it('lets no stopped command disturb another on the same connection', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 24 }, (_, i) => {
        if (i % 3 === 0) return failureOf(transport.run(['printf', '0123456789x'], { ...options, timeoutMs: 20_000, maxBytes: 10 }))
        if (i % 3 === 1) return failureOf(transport.run(['yes'], { ...options, timeoutMs: 20_000, maxBytes: 10 }))
        return transport.run(['sh', '-c', 'exit 7'], { ...options, timeoutMs: 20_000 }).then((result) => `exit ${result.exitCode}`)
      }),
    )
    expect(outcomes.map((outcome, i) => outcome === (i % 3 === 2 ? 'exit 7' : 'parse read: more than 10 bytes'))).toEqual(new Array(24).fill(true))
  })

  it('treats a death by signal as a failure', async () => {
    expect(await failureOf(transport.run(['sh', '-c', 'echo GREEN; kill -9 $$'], options))).toBe('exit_status exec: ended by signal SIGKILL')
  })

  it('times out on a hung command and leaves no process', async () => {
    const pidFile = join(dir, 'pid')
    const script = `echo $$ > ${pidFile}; trap "" TERM HUP PIPE; sleep 300`
    expect(await failureOf(transport.run(['sh', '-c', script], { ...options, timeoutMs: 1000 }))).toBe('timeout exec: no end within 1000 ms')
    await sleep(500)
    const pid = Number(readFileSync(pidFile, 'utf8'))
    if (sshd.isReal && process.getuid?.() === 0) {
      console.log('running as root: sshd passes no signals on to root logins, so the process is not looked for')
      process.kill(-pid, 'SIGKILL')
    } else expect(isAlive(pid)).toBe(false)
    expect((await transport.run(['true'], options)).exitCode).toBe(0)
  })

  it('ends its calls when it is closed or its signal aborts, and takes no more', async () => {
    const controller = new AbortController()
    const one = open({ signal: controller.signal })
    await one.run(['true'], options)
    const running = failureOf(one.run(['sleep', '3'], options))
    await sleep(200)
    controller.abort()
    expect(await running).toBe('unreachable exec: channel closed without an exit status')
    expect(await failureOf(one.run(['true'], options))).toBe('internal connect: transport is closed')
    await one.close()
  })
})

describe('ssh host key', () => {
  it('accepts each recorded key type by itself, also hashed and with a wildcard', async () => {
    for (const key of sshd.hostKeys) expect(await tryTrue({ knownHostsText: `[127.0.0.1]:${sshd.port} ${key}\n` })).toBe('exit 0')
    const file = join(dir, 'hashed')
    writeFileSync(file, sshd.knownHosts)
    execFileSync('ssh-keygen', ['-q', '-H', '-f', file], { stdio: 'ignore' })
    expect(readFileSync(file, 'utf8')).toMatch(/^\|1\|/u)
    expect(await tryTrue({ knownHostsText: readFileSync(file, 'utf8') })).toBe('exit 0')
    expect(await tryTrue({ knownHostsText: sshd.knownHosts.replaceAll('[127.0.0.1]', '[127.0.*.?]') })).toBe('exit 0')
  })

  it('refuses an unknown host and names the key that was seen', async () => {
    const failure = await tryTrue({ knownHostsText: '' })
    expect(failure).toMatch(/^host_key host_key: host key unknown: expected none recorded, seen SHA256:/u)
    expect(sshd.hostKeys.map(fingerprintOf)).toContain(failure.split('seen ')[1])
    const otherPort = sshd.knownHosts.replaceAll(`:${sshd.port}`, ':1')
    expect(await tryTrue({ knownHostsText: otherPort })).toMatch(/^host_key host_key: host key unknown/u)
    expect(await tryTrue({ knownHostsText: sshd.knownHosts.replaceAll(`[127.0.0.1]:${sshd.port}`, '127.0.0.1') })).toMatch(/host key unknown/u)
  })

  it('refuses a changed key with both fingerprints', async () => {
    keygen(join(dir, 'other'), 'ed25519')
    const other = readFileSync(join(dir, 'other.pub'), 'utf8').split(' ').slice(0, 2).join(' ')
    const own = sshd.hostKeys.find((key) => key.startsWith('ssh-ed25519')) ?? ''
    const failure = await tryTrue({ knownHostsText: `[127.0.0.1]:${sshd.port} ${other}` })
    expect(failure).toBe(`host_key host_key: host key changed: expected ${fingerprintOf(other)}, seen ${fingerprintOf(own)}`)
  })

  it('refuses a server that has only keys of other types than the recorded ones', async () => {
    const single = await startSshd({ keyTypes: ['ecdsa'] })
    const own = sshd.hostKeys.find((key) => key.startsWith('ssh-ed25519')) ?? ''
    const failure = await tryTrue({ port: single.port, knownHostsText: `[127.0.0.1]:${single.port} ${own}` })
    if (single.isReal)
      expect(failure).toBe(`host_key host_key: host key changed: expected ${fingerprintOf(own)}, seen no key of the recorded types ssh-ed25519`)
    else expect(failure).toMatch(/^host_key/u)
    await single.stop()
  })

  it('refuses a revoked key also where it is recorded as trusted', async () => {
    const revoked = sshd.hostKeys.map((key) => `@revoked * ${key}\n`).join('')
    expect(await tryTrue({ knownHostsText: sshd.knownHosts + revoked.replaceAll('* ', `[127.0.0.1]:${sshd.port} `) })).toMatch(
      /^host_key host_key: host key revoked/u,
    )
    expect(await tryTrue({ knownHostsText: revoked + sshd.knownHosts })).toMatch(/^host_key host_key: host key revoked/u)
  })

  it('gives certificate authorities no trust', async () => {
    const authority = sshd.hostKeys.map((key) => `@cert-authority * ${key}\n`).join('')
    expect(await tryTrue({ knownHostsText: authority })).toMatch(/^host_key host_key: host key unknown/u)
  })
})

describe('ssh failures to connect', () => {
  it('maps refused, dns and a silent server to their reasons', async () => {
    const port = await freePort()
    expect(await tryTrue({ port })).toBe('refused connect: ECONNREFUSED')
    expect(await tryTrue({ host: 'no-such-host.invalid' })).toMatch(/^dns dns: (ENOTFOUND|EAI_AGAIN)$/u)
    const sockets: Socket[] = []
    const silent = createServer((socket) => sockets.push(socket))
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const address = silent.address()
    const silentPort = typeof address === 'object' && address !== null ? address.port : 0
    expect(await tryTrue({ port: silentPort, connectTimeoutMs: 300 })).toBe('timeout handshake: no connection in time')
    const one = open({ port: silentPort })
    expect(await failureOf(one.run(['true'], { ...options, timeoutMs: 200 }))).toBe('timeout connect: no end within 200 ms')
    await one.close()
    for (const socket of sockets) socket.destroy()
    silent.close()
  })

  it('maps a server that hangs up or talks something else to unreachable', async () => {
    for (const words of ['', 'HTTP/1.1 400 Bad Request\r\n\r\n']) {
      const server = createServer((socket) => socket.end(words))
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      expect(await tryTrue({ port: typeof address === 'object' && address !== null ? address.port : 0 })).toMatch(/^unreachable handshake: /u)
      server.close()
    }
  })

  it('maps a key that is not let in, and all trouble with the key file, to auth or permission', async () => {
    keygen(join(dir, 'stranger'), 'ed25519')
    expect(await tryTrue({ keyFile: join(dir, 'stranger') })).toBe('auth auth: authentication refused')
    expect(await tryTrue({ keyFile: join(dir, 'missing') })).toBe('auth auth: private key file cannot be read: ENOENT')
    expect(await tryTrue({ keyFile: undefined })).toBe('auth auth: no key file and no ssh agent')
    expect(await tryTrue({ keyFile: `${sshd.keyFile}.pub` })).toMatch(/^(auth|permission) auth: private key file/u)
    writeFileSync(join(dir, 'garbage'), 'PRIVATE stuff that must not be repeated', { mode: 0o600 })
    expect(await tryTrue({ keyFile: join(dir, 'garbage') })).toBe('auth auth: private key file cannot be used: not a key, or protected by a passphrase')
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'locked', '-f', join(dir, 'protected')])
    expect(await tryTrue({ keyFile: join(dir, 'protected') })).toBe('auth auth: private key file cannot be used: not a key, or protected by a passphrase')
    chmodSync(join(dir, 'stranger'), 0o644)
    expect(await tryTrue({ keyFile: join(dir, 'stranger') })).toBe('permission auth: private key file may be read by others')
  })

  it('logs in through an ssh agent', async () => {
    const socket = join(dir, 'agent')
    const out = execFileSync('ssh-agent', ['-a', socket], { encoding: 'utf8' })
    const pid = Number(/SSH_AGENT_PID=(\d+)/u.exec(out)?.[1])
    try {
      expect(await tryTrue({ keyFile: undefined, agent: socket })).toBe('auth auth: authentication refused')
      execFileSync('ssh-add', ['-q', sshd.keyFile], { env: { ...process.env, SSH_AUTH_SOCK: socket }, stdio: 'ignore' })
      expect(await tryTrue({ keyFile: undefined, agent: socket })).toBe('exit 0')
      expect(await tryTrue({ keyFile: undefined, agent: join(dir, 'no-agent') })).toMatch(/^auth auth/u)
    } finally {
      process.kill(pid)
    }
  })
})
