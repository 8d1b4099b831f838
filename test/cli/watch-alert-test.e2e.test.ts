import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EvidenceEvent } from '../../schemas/event.ts'
import { serveHttp } from '../support/http-server.ts'
import { hasAlertmanager, type MonitoringServer, startAlertmanager } from '../support/monitoring-servers.ts'
import { NODE, newFolder, PROGRAM, plainEnvironment, runEvidence } from './run-program.ts'

if (!hasAlertmanager) console.log('REAL ALERTMANAGER ABSENT: install prometheus-alertmanager')

let alertmanager: MonitoringServer
beforeAll(async () => {
  if (hasAlertmanager) alertmanager = await startAlertmanager()
}, 30_000)
afterAll(() => alertmanager?.stop())

type Estate = { folder: string; alerts: string[]; appear: () => void }

/** Green once a file is there and a test alert was accepted; the receiver answers what `statuses` say, then 200. */
async function newEstate({ statuses = [], settings = '' }: { statuses?: number[]; settings?: string } = {}): Promise<Estate> {
  const folder = newFolder()
  const alerts: string[] = []
  const { port } = await serveHttp((request, response) => {
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      alerts.push(body)
      response.statusCode = statuses[alerts.length - 1] ?? 200
      response.end('{}')
    })
  })
  const flag = path.join(folder, 'flag')
  writeFileSync(
    path.join(folder, 'estate.yaml'),
    `estate: watched
version: "1"
policy: sop@1.78
hosts: [{ id: here, transport: local }]
gates: [{ id: P0-FILE }, { id: P2-ALERTS }]
checks:
  - { id: flag, gate: P0-FILE, host: here, kind: file, path: ${flag} }
  - { id: alert-chain, gate: P2-ALERTS, kind: alertmanager, url: "${alertmanager.url}", test_webhook: "http://127.0.0.1:${port}/hook"${settings} }
`,
  )
  return { folder, alerts, appear: () => writeFileSync(flag, 'here\n') }
}

type Attempt = { overall: string; alert_test: boolean; artifact_id: string }
type Watched = { code: number; stderr: string; attempts: Attempt[]; overall: string }

/** The receiver is in this process, so the watch must not be waited for in one. */
async function watch(folder: string, args: readonly string[], onStderr: (all: string) => void = () => undefined): Promise<Watched> {
  const given = ['round', 'run', '--estate', 'estate.yaml', '--id', 'wat', '--watch', '--interval', '1', '--json', '--send-alert-test', ...args]
  const child = spawn(NODE, [PROGRAM, ...given], { cwd: folder, env: plainEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (text: Buffer) => {
    stdout += text
  })
  child.stderr.on('data', (text: Buffer) => {
    stderr += text
    onStderr(stderr)
  })
  const [code] = (await once(child, 'close')) as [number]
  return { code, stderr, ...(JSON.parse(stdout) as { attempts: Attempt[]; overall: string }) }
}

const askedFor = (folder: string): boolean[] =>
  runEvidence(folder, ['ledger', 'export'])
    .stdout.trim()
    .split('\n')
    .map((line) => JSON.parse(line) as EvidenceEvent)
    .flatMap((event) => (event.type === 'round.opened.v1' ? [event.data.options.alert_test] : []))

describe.skipIf(!hasAlertmanager)('round run --watch --send-alert-test', () => {
  test('sends one alert, when nothing else is missing, and ends at that round', async () => {
    const { folder, alerts, appear } = await newEstate()
    const ran = await watch(folder, ['--max-attempts', '30'], (said) => {
      if (/attempt 2: BLOCKED/.test(said)) appear()
    })
    expect([ran.code, ran.overall, alerts.length]).toEqual([0, 'FULL_STACK_GREEN', 1])
    expect(alerts[0]).toContain('ColdStartE2ETest')
    const sent = ran.attempts.map((one) => one.alert_test)
    expect(sent).toEqual(sent.map((_, at) => at === sent.length - 1))
    expect(sent.length).toBeGreaterThan(3)
    expect(askedFor(folder)).toEqual(sent)
    expect(ran.attempts.at(-2)?.overall).not.toMatch(/^FULL_STACK_GREEN/)
    expect(ran.stderr).toMatch(/attempt \d+: SERVICE_AVAILABLE_DEGRADED, cold start DEGRADED; only the test alert is missing, and the next sends it\n/)
    expect(ran.stderr).toMatch(/attempt \d+ of 30: wat-a\d+, with the test alert\n/)
  })

  test('a green without the test is not the end, where its warning is a mild one', async () => {
    const { folder, alerts, appear } = await newEstate({ settings: ', severity: warn, warning_class: EVIDENCE, part: alert_test' })
    appear()
    const ran = await watch(folder, [])
    expect([ran.code, alerts.length]).toEqual([0, 1])
    expect(ran.attempts.map((one) => [one.overall, one.alert_test])).toEqual([
      ['FULL_STACK_GREEN', false],
      ['FULL_STACK_GREEN', true],
    ])
  })

  test('an alert that is not accepted proves nothing: it is sent again, after another look', async () => {
    const { folder, alerts, appear } = await newEstate({ statuses: [500] })
    appear()
    const ran = await watch(folder, [])
    expect([ran.code, alerts.length]).toEqual([0, 2])
    expect(ran.attempts.map((one) => one.alert_test)).toEqual([false, true, false, true])
  })

  test('the last attempt sends it, for none comes after', async () => {
    const { folder, alerts, appear } = await newEstate()
    const never = await watch(folder, ['--max-attempts', '3'])
    expect([never.code, never.overall, never.attempts.map((one) => one.alert_test), alerts.length]).toEqual([1, 'BLOCKED', [false, false, true], 1])
    appear()
    const only = await watch(folder, ['--max-attempts', '1', '--id', 'once'])
    expect([only.code, only.overall, only.attempts.length, alerts.length]).toEqual([0, 'FULL_STACK_GREEN', 1, 2])
  })

  test('without the option none is sent, and the warning stands', async () => {
    const { folder, alerts, appear } = await newEstate()
    appear()
    const ran = runEvidence(folder, ['round', 'run', '--estate', 'estate.yaml', '--watch', '--interval', '1', '--max-attempts', '2', '--quiet'])
    expect([ran.code, alerts.length, existsSync(path.join(folder, 'evidence.db'))]).toEqual([1, 0, true])
  })
})
