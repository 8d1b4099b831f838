import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Transport } from '../../producers/transport.ts'
import { toStrictVerifier } from '../../producers/transports/host-key.ts'
import { keysOf, parseKnownHosts } from '../../producers/transports/known-hosts.ts'
import { createSshTransport } from '../../producers/transports/ssh.ts'
import { connectSsh } from '../../producers/transports/ssh-connect.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type Ssh2Server, startSsh2Server } from '../support/ssh2-server.ts'
import { keygen, type SshServer, startSshd } from '../support/sshd.ts'

const signal = new AbortController().signal
const options = { timeoutMs: 8000, maxBytes: 100_000, signal }
const rejected = (): Promise<boolean> => Promise.reject(new Error('no'))

/** Every way in which ssh2 1.17 was measured to let an unverified host in, or to hang; none may be more than a no. */
const FAIL_OPEN: readonly [string, unknown][] = [
  ['returns 0', () => 0],
  ['returns null', () => null],
  ["returns ''", () => ''],
  ['is async and says false', async () => false],
  ['is async and says true', async () => true],
  ['returns a rejected promise', rejected],
  ['calls back nothing', (_key: Buffer, done: () => void) => done()],
  ['calls back an error', (_key: Buffer, done: (error: Error) => void) => done(new Error('no'))],
  ['calls back null and false', (_key: Buffer, done: (error: null, ok: boolean) => void) => done(null, false)],
  ['is missing', undefined],
  ['is misspelt', ({ hostVerifer: () => false } as { hostVerifier?: unknown }).hostVerifier],
  ['is not a function', 'strict'],
  ['returns undefined', () => undefined],
  ['returns false', () => false],
  ['returns a truthy word', () => 'trusted'],
  ['returns 1', () => 1],
  [
    'throws',
    () => {
      throw new Error('no')
    },
  ],
]

describe('a host key verdict that is not exactly true', () => {
  let sshd: SshServer
  beforeAll(async () => {
    sshd = await startSshd()
  })
  afterAll(() => sshd.stop())

  for (const [name, verdict] of FAIL_OPEN) {
    it(`denies: ${name}`, async () => {
      expect(toStrictVerifier(verdict)(Buffer.from('key'))).toBe(false)
      const known = keysOf(parseKnownHosts(sshd.knownHosts), sshd.host, sshd.port)
      const started = performance.now()
      const failure = await failureOf(connectSsh({ ...sshd, connectTimeoutMs: 5000 }, known, verdict, signal))
      expect(failure).toMatch(/^host_key host_key: /u)
      expect(performance.now() - started).toBeLessThan(4000)
    })
  }

  it('lets in on exactly true', async () => {
    const known = keysOf(parseKnownHosts(sshd.knownHosts), sshd.host, sshd.port)
    const client = await connectSsh({ ...sshd, connectTimeoutMs: 5000 }, known, () => true, signal)
    client.destroy()
  })
})

describe('a server that fails', () => {
  let server: Ssh2Server
  let transport: Transport
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-faults-'))
    keygen(join(dir, 'key'), 'ed25519')
  })
  beforeEach(async () => {
    server = await startSsh2Server({ authorizedKey: readFileSync(join(dir, 'key.pub'), 'utf8') })
    const { host, port, user } = server
    transport = createSshTransport({
      host,
      port,
      user,
      keyFile: join(dir, 'key'),
      knownHosts: parseKnownHosts(server.knownHosts),
      connectTimeoutMs: 4000,
      signal,
    })
  })
  afterEach(async () => {
    await transport.close()
    await server.stop()
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  it('a dropped socket in the middle of a command is no result, and the next call connects anew once', async () => {
    server.setFault('drop')
    expect(await failureOf(transport.run(['status'], options))).toBe('unreachable exec: channel closed without an exit status')
    server.setFault('shell')
    expect((await transport.run(['echo', 'again'], options)).stdout.toString()).toBe('again\n')
    expect(server.counts.connections).toBe(2)
  })

  it('a missing exit status is no result', async () => {
    server.setFault('no_status')
    expect(await failureOf(transport.run(['status'], options))).toBe('unreachable exec: channel closed without an exit status')
  })

  it('a signal is no result', async () => {
    server.setFault('signal')
    expect(await failureOf(transport.run(['status'], options))).toBe('exit_status exec: ended by signal SIGKILL')
  })

  it('a refused command is no result', async () => {
    server.setFault('refuse_exec')
    expect(await failureOf(transport.run(['status'], options))).toMatch(/^refused exec: /u)
  })

  it('a hung command and a server that does not answer end in time', async () => {
    for (const fault of ['hang', 'no_answer'] as const) {
      server.setFault(fault)
      const started = performance.now()
      expect(await failureOf(transport.run(['status'], { ...options, timeoutMs: 300 }))).toBe('timeout exec: no end within 300 ms')
      expect(performance.now() - started).toBeLessThan(1200)
    }
    server.setFault('shell')
    expect((await transport.run(['true'], options)).exitCode).toBe(0)
  })

  it('a read is as strict as a run', async () => {
    for (const fault of ['drop', 'no_status', 'signal'] as const) {
      server.setFault(fault)
      expect(await failureOf(transport.readFile('/etc/hostname', options))).toMatch(/^(unreachable|exit_status) exec/u)
      expect(await failureOf(transport.stat('/etc/hostname', options))).toMatch(/^(unreachable|exit_status) exec/u)
    }
  })

  it('twenty first calls at once make one connection and at most five channels', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => transport.run(['sleep', '0.1'], options)))
    expect(results.map((result) => result.exitCode)).toEqual(new Array(20).fill(0))
    expect(server.counts.connections).toBe(1)
    expect(server.counts.mostChannels).toBe(5)
  })

  it('a call that waits for a channel ends in time and leaves the queue', async () => {
    const long = Array.from({ length: 5 }, () => transport.run(['sleep', '1'], options))
    await sleep(200)
    expect(await failureOf(transport.run(['true'], { ...options, timeoutMs: 100 }))).toBe('timeout queue: no end within 100 ms')
    expect(await failureOf(transport.run(['true'], { ...options, signal: AbortSignal.abort() }))).toBe('timeout queue: cancelled')
    await Promise.all(long)
    const after = await Promise.all(Array.from({ length: 9 }, () => transport.run(['true'], options)))
    expect(after).toHaveLength(9)
  })

  it('an idle connection that died costs the next call nothing but a new connection', async () => {
    await transport.run(['true'], options)
    server.dropAll()
    await sleep(100)
    expect((await transport.run(['true'], options)).exitCode).toBe(0)
    expect(server.counts.connections).toBe(2)
  })
})
