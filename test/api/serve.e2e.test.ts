import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import { get } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { NODE, newFolder, PROGRAM, plainEnvironment, runEvidence } from '../cli/run-program.ts'
import { importedLedger, ROUND } from '../support/api-harness.ts'
import { createTestCa } from '../support/certificates.ts'

vi.setConfig({ testTimeout: 300_000 })

type Service = { url: string; child: ChildProcess; stderr: () => string; exit: Promise<number | null> }

/** The real program; resolves when it says that it serves. */
async function startService(cwd: string, args: readonly string[]): Promise<Service> {
  const child = spawn(NODE, [PROGRAM, 'serve', '--port', '0', ...args], { cwd, env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let stderr = ''
  child.stderr?.on('data', (data) => {
    stderr += data
  })
  const exit = once(child, 'exit').then(([code]) => code as number | null)
  await vi.waitFor(() => expect(stderr).toContain('\nserving '), { timeout: 120_000, interval: 50 })
  const url = /^serving \S+ at (https?:\S+), authentication /m.exec(stderr)?.[1] ?? ''
  return { url, child, stderr: () => stderr, exit }
}

describe('evidence serve', () => {
  it('serves a ledger on the loopback, and ends with 0 after SIGTERM when requests at hand are answered', async () => {
    const ledger = await importedLedger()
    const service = await startService(newFolder(), ['--ledger', ledger])
    expect(service.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(await (await fetch(`${service.url}/health/ready`)).json()).toEqual({ ready: true, checks: { ledger: 'ok', history: 'ok', audit: 'ok' } })
    const me = await fetch(`${service.url}/v1/rounds?limit=1`)
    expect(me.status).toBe(200)
    service.child.kill('SIGTERM')
    expect(await service.exit).toBe(0)
    expect(service.stderr()).toContain('\nstopping\n')
    await expect(fetch(`${service.url}/health/live`)).rejects.toThrow()
  })

  it('ends live readers at SIGTERM and flushes the audit trail', async () => {
    const ledger = await importedLedger()
    runEvidence(path.dirname(ledger), ['token', 'create', '--role', 'producer', '--subject', 'p', '--source-prefix', 'urn:p', '--ledger', ledger])
    const made = runEvidence(path.dirname(ledger), ['token', 'create', '--role', 'auditor', '--subject', 'a', '--ledger', ledger])
    const service = await startService(newFolder(), ['--ledger', ledger])
    for (let n = 0; n < 5; n++) expect((await fetch(`${service.url}/v1/rounds`)).status).toBe(401)
    const live = await fetch(`${service.url}/v1/events/live?round=${ROUND}`, { headers: { authorization: `Bearer ${made.stdout.trim()}` } })
    expect([live.status, live.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/event-stream/)])
    const end = live.text().catch(() => 'cut')
    await sleep(300)
    const start = performance.now()
    service.child.kill('SIGTERM')
    expect(await service.exit).toBe(0)
    expect(performance.now() - start).toBeLessThan(15_000)
    await end
    const verified = runEvidence(path.dirname(ledger), ['ledger', 'verify', '--ledger', `${ledger}.audit.db`])
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/^LEDGER_VERIFY_OK events=2 rounds=0 /)])
    const exported = runEvidence(path.dirname(ledger), ['ledger', 'export', '--ledger', `${ledger}.audit.db`]).stdout
    expect(
      exported
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).data.count),
    ).toEqual([1, 4])
  })

  it.each([
    ['0.0.0.0', 'is not the loopback'],
    ['::', 'is not the loopback'],
    ['::ffff:0.0.0.0', 'is not the loopback'],
    ['192.0.2.1', 'is not the loopback'],
    ['name.invalid', 'cannot be resolved'],
  ])('refuses to start on %s without authentication', (host, words) => {
    const folder = newFolder()
    const ran = runEvidence(folder, ['serve', '--host', host, '--port', '0'])
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toContain(words)
    expect(existsSync(path.join(folder, 'evidence.db'))).toBe(false)
  })

  it('refuses other names and proxies without authentication, and starts anywhere with it', async () => {
    const folder = newFolder()
    for (const more of [{ allowed_hosts: ['evidence.example'] }, { trusted_proxies: ['127.0.0.1'] }]) {
      writeFileSync(path.join(folder, 'serve.json'), JSON.stringify(more))
      const ran = runEvidence(folder, ['serve', '--config', 'serve.json', '--port', '0'])
      expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('allowed_hosts and trusted_proxies lead others here')])
    }
    const token = runEvidence(folder, ['token', 'create', '--role', 'auditor', '--subject', 'alice']).stdout.trim()
    const service = await startService(folder, ['--host', '0.0.0.0', '--config', 'serve.json'])
    const url = service.url.replace(/\/\/[^:]+/, '//127.0.0.1')
    expect((await fetch(`${url}/v1/rounds`)).status).toBe(401)
    expect((await fetch(`${url}/v1/rounds`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200)
    expect(service.stderr()).toContain('tokens come over plain HTTP')
    expect(service.stderr()).not.toContain(token.slice(17, 57))
    const { tokens } = JSON.parse(runEvidence(folder, ['token', 'list', '--json']).stdout)
    expect(runEvidence(folder, ['token', 'revoke', tokens[0].id]).code).toBe(0)
    expect((await fetch(`${url}/v1/rounds`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(401)
  })

  it('says in one line that a port is in use', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const ran = runEvidence(newFolder(), ['serve', '--port', String(port)])
    other.close()
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toBe(`evidence: usage: cannot listen on 127.0.0.1:${port}: the port is in use\n  choose another --host or --port\n`)
  })

  it('serves HTTPS with a certificate', async () => {
    const folder = newFolder()
    const ca = createTestCa()
    onTestFinished(ca.remove)
    const { cert, key } = ca.selfSigned()
    writeFileSync(path.join(folder, 'cert.pem'), cert)
    writeFileSync(path.join(folder, 'key.pem'), key)
    writeFileSync(path.join(folder, 'serve.json'), JSON.stringify({ tls: { cert_file: 'cert.pem', key_file: 'key.pem' } }))
    const service = await startService(folder, ['--config', 'serve.json'])
    expect(service.url).toMatch(/^https:/)
    const answer = await new Promise<IncomingMessage>((resolve, reject) => get(`${service.url}/health/live`, { ca: cert }, resolve).on('error', reject))
    expect([answer.statusCode, answer.headers['strict-transport-security']]).toEqual([200, expect.stringContaining('max-age=')])
    answer.resume()
    await expect(fetch(service.url.replace('https', 'http'))).rejects.toThrow()
  })

  it.each([
    [{ hosts: 'x' }, 'settings of serve: settings: Unrecognized key: "hosts"'],
    [{ log_level: 'loud' }, 'settings of serve: log_level:'],
    [{ cors_origins: ['*'] }, 'settings of serve: cors_origins.0: not an origin'],
    [{ brokers: ['k:9092'] }, 'brokers without clickhouse'],
    [{ oidc: { issuer: 'https://x.example', audience: 'a', roles: { p: { roles: ['producer'] } } } }, 'oidc.roles.p: a producer needs a source_prefix'],
    [{ oidc: { issuer: 'http://x.example', audience: 'a', roles: { p: { roles: ['auditor'] } } } }, 'oidc.issuer: neither https nor on the loopback'],
    [{ access_file: 'nowhere.db' }, 'there is no access file at nowhere.db'],
    [{ estates: ['nowhere.yaml'] }, 'nowhere.yaml'],
    [{ audit_file: './evidence.db' }, 'audit_file is the ledger itself'],
    [{ tls: { cert_file: 'no.pem', key_file: 'no.pem' } }, 'no.pem'],
  ])('refuses the settings %j', (settings, words) => {
    const folder = newFolder()
    writeFileSync(path.join(folder, 'serve.json'), JSON.stringify(settings))
    const ran = runEvidence(folder, ['serve', '--config', 'serve.json', '--port', '0'])
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toContain(words)
  })

  it('explains itself', () => {
    const help = runEvidence(newFolder(), ['serve', '--help'])
    expect([help.code, help.stdout]).toEqual([0, expect.stringMatching(/--access <file>[\s\S]*Examples:\n {2}evidence serve\n/)])
  })
})

describe('evidence token', () => {
  it('prints a token once, on stdout, and nothing else there', () => {
    const folder = newFolder()
    const made = runEvidence(folder, ['token', 'create', '--role', 'operator', '--role', 'auditor', '--subject', 'alice', '--expires', '2099-01-01'])
    expect([made.code, made.stdout]).toEqual([0, expect.stringMatching(/^evl_[0-9a-f]{12}_[0-9A-Za-z]{48}\n$/)])
    expect(made.stderr).not.toContain(made.stdout.trim().slice(17, 57))
    const listed = runEvidence(folder, ['token', 'list'])
    expect(listed.stdout).toMatch(/^[0-9a-f]{12} {2}operator,auditor {2}alice {2}- {2}made \S+Z {2}expires 2099-01-01T00:00:00\.000Z\n$/)
    expect(runEvidence(folder, ['token', 'list', '--json']).stdout).not.toMatch(/hash|evl_/)
  })

  it.each([
    [['--role', 'admin', '--subject', 'x'], 'not one of auditor'],
    [['--role', 'producer', '--subject', 'x'], 'a producer needs --source-prefix'],
    [['--role', 'auditor', '--subject', 'x', '--source-prefix', 'urn:x'], 'only a producer has one'],
    [['--role', 'auditor', '--subject', 'x\ny'], '--subject:'],
    [['--role', 'auditor', '--subject', 'x', '--expires', '2020-01-01'], '--expires is in the past'],
    [['--role', 'auditor', '--subject', 'x', '--expires', 'soon'], '--expires:'],
    [['--role', 'auditor'], "required option '--subject <name>'"],
    [['--subject', 'x'], "required option '--role <role>'"],
  ])('create refuses %j', (args, words) => {
    const ran = runEvidence(newFolder(), ['token', 'create', ...args])
    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toContain(words)
  })

  it('made by many at once are all there', async () => {
    const folder = newFolder()
    const children = Array.from({ length: 5 }, (_, n) =>
      spawn(NODE, [PROGRAM, 'token', 'create', '--role', 'auditor', '--subject', `s${n}`], { cwd: folder, env: plainEnvironment(), stdio: 'ignore' }),
    )
    expect(await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]))).toEqual([0, 0, 0, 0, 0])
    const { tokens } = JSON.parse(runEvidence(folder, ['token', 'list', '--json']).stdout) as { tokens: { subject: string }[] }
    expect(tokens.map(({ subject }) => subject).toSorted()).toEqual(['s0', 's1', 's2', 's3', 's4'])
  })

  it('revoke and list need a file, and a token that is in it', () => {
    const folder = newFolder()
    expect(runEvidence(folder, ['token', 'list']).stderr).toContain('there is no access file')
    runEvidence(folder, ['token', 'create', '--role', 'auditor', '--subject', 'x'])
    expect(runEvidence(folder, ['token', 'revoke', '000000000000'])).toMatchObject({ code: 2, stderr: expect.stringContaining('no token has this id') })
  })
})
