import { spawn } from 'node:child_process'
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readSummary } from '../../projector/read-summary.ts'
import { type SshServer, startSshd } from '../support/sshd.ts'

/** A real round through the program itself: real sshd, real HTTP, and each way of not answering. */
const EVIDENCE = new URL('../../cli/evidence.js', import.meta.url).pathname

type Done = { code: number | null; stdout: string; stderr: string }

function evidence(cwd: string, ...args: string[]): Promise<Done> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [EVIDENCE, ...args], { cwd, env: { ...process.env, SSH_AUTH_SOCK: '' } })
    const done: Done = { code: null, stdout: '', stderr: '' }
    child.stdout.on('data', (chunk) => (done.stdout += chunk))
    child.stderr.on('data', (chunk) => (done.stderr += chunk))
    child.on('close', (code) => resolve({ ...done, code }))
  })
}

let good: SshServer
let changed: SshServer
let dir: string
const web = createServer((request, response) => {
  response.statusCode = request.url === '/down' ? 502 : 200
  response.end('{"status":"healthy"}')
})

beforeAll(async () => {
  good = await startSshd()
  changed = await startSshd()
  dir = await mkdtemp(join(tmpdir(), 'evidence-ssh-e2e-'))
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  await writeFile(join(dir, 'known_hosts'), good.knownHosts + good.knownHosts.replaceAll(`:${good.port} `, `:${changed.port} `))
})

afterAll(async () => {
  web.close()
  await good.stop()
  await changed.stop()
})

function estate(checks: string[]): string {
  const url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`
  const host = (id: string, server: SshServer): string =>
    `  - {id: ${id}, address: ${server.host}, transport: ssh, ssh: {user: ${server.user}, port: ${server.port}, key_file: ${server.keyFile}}}`
  return `estate: over-ssh
version: "1"
policy: sop@1.78
known_hosts: known_hosts
hosts:
${host('good', good)}
${host('changed', changed)}
commands:
  - {id: hello, argv: [echo, hello]}
  - {id: hang, argv: [sleep, "60"]}
gates:
  - {id: P0-NETWORK}
  - {id: P1-DATA, depends_on: [P0-NETWORK]}
  - {id: P2-PUBLIC-ROUTES}
checks:
  - {id: host-good, gate: P0-NETWORK, kind: host, host: good, systemd: ignore, timeout_ms: 15000}
  - {id: hello, gate: P1-DATA, kind: command, host: good, command: hello, equals: hello, timeout_ms: 15000}
  - {id: passwd, gate: P1-DATA, kind: file, host: good, path: /etc/passwd, min_bytes: 1, timeout_ms: 15000}
  - {id: web, gate: P2-PUBLIC-ROUTES, kind: http, url: "${url}/", expect: 2xx, role: public_route, body: {pointer: /status, equals: healthy}}
${checks.map((check) => `  - ${check}\n`).join('')}`
}

async function run(name: string, checks: string[]): Promise<{ done: Done; values: Readonly<Record<string, string>>; statuses: Record<string, string> }> {
  const file = join(dir, `${name}.yaml`)
  await writeFile(file, estate(checks))
  const ledger = join(dir, `${name}.db`)
  const done = await evidence(dir, 'round', 'run', '--estate', file, '--ledger', ledger, '--out', join(dir, 'out'), '--id', name)
  const summary = readSummary(await readFile(join(dir, 'out', name, 'summary.txt'), 'utf8'))
  expect(summary.contradictions).toEqual([])
  const shown = await evidence(dir, 'round', 'show', name, '--ledger', ledger, '--json')
  const statuses = Object.fromEntries(
    (JSON.parse(shown.stdout).checks as { id: string; status: string; reasons: string[] }[]).map((check) => [
      check.id,
      `${check.status} ${check.reasons.join()}`.trim(),
    ]),
  )
  expect((await evidence(dir, 'ledger', 'verify', '--ledger', ledger)).code).toBe(0)
  return { done, values: summary.values, statuses }
}

test('everything answers: green, exit 0', async () => {
  const { done, values } = await run('all-good', [])
  expect({ code: done.code, stderr: done.code === 0 ? '' : done.stderr }).toEqual({ code: 0, stderr: '' })
  expect(values).toMatchObject({ OVERALL_DECLARATION: 'FULL_STACK_GREEN', ROUND_INTEGRITY: 'verified', COLD_START_PASS: '4', GATE_P2_PUBLIC_ROUTES: 'GREEN' })
})

test('a changed host key, a hung command and a refused port each end in their own line', async () => {
  const { done, values, statuses } = await run('three-faults', [
    '{id: swapped, gate: P1-DATA, kind: command, host: changed, command: hello, equals: hello, timeout_ms: 10000}',
    '{id: hung, gate: P2-PUBLIC-ROUTES, kind: command, host: good, command: hang, timeout_ms: 1500, severity: warn, warning_class: EVIDENCE}',
    '{id: closed, gate: P2-PUBLIC-ROUTES, kind: tcp, address: 127.0.0.1, port: 1}',
  ])
  expect(done.code).toBe(1)
  expect(statuses).toMatchObject({
    hello: 'PASS',
    swapped: 'BLOCKED host_key at host_key',
    hung: expect.stringMatching(/^WARN timeout at /),
    closed: 'BLOCKED refused at connect',
  })
  expect(values).toMatchObject({
    OVERALL_DECLARATION: 'BLOCKED',
    UNOBSERVED_CHECKS: '3',
    COLD_START_BLOCKED: '2',
    COLD_START_WARN: '1',
    FIRST_BLOCKED_GATE: 'P1-DATA',
    GATE_P0_NETWORK: 'GREEN',
    GATE_P1_DATA: 'BLOCKED',
    GATE_P2_PUBLIC_ROUTES: 'BLOCKED',
    PLAN_B_LEVEL: 'B2_CORE_SERVICE_READY',
    SERVICE_GREEN: '0',
  })
})

test('a blocked gate stops those behind it, and says which', async () => {
  const { done, values, statuses } = await run('stopped', ['{id: gone, gate: P0-NETWORK, kind: tcp, address: 127.0.0.1, port: 1}'])
  expect(done.code).toBe(1)
  expect(statuses).toMatchObject({
    gone: 'BLOCKED refused at connect',
    hello: 'NOT_EVALUATED gate_blocked P0-NETWORK',
    passwd: 'NOT_EVALUATED gate_blocked P0-NETWORK',
    web: 'PASS',
  })
  expect(values).toMatchObject({ FIRST_BLOCKED_GATE: 'P0-NETWORK', NOT_EVALUATED_CHECKS: '2', OVERALL_DECLARATION: 'BLOCKED' })
})
