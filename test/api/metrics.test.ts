import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseServeConfig } from '../../api/serve-config.ts'
import { importedLedger, makeApi } from '../support/api-harness.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'
import { probeRoutes } from '../support/probe-routes.ts'
import { makeTokens } from '../support/test-access.ts'

const read = (path: string): string => readFileSync(join(REPOSITORY, path), 'utf8')
const hasPromtool = spawnSync('promtool', ['--version']).error === undefined
if (!hasPromtool) console.log('PROMTOOL ABSENT: metrics, alerts and scrape configuration are not checked by Prometheus itself')

/** A service that has answered, refused and recorded, so that every family has a value. */
async function busyService() {
  const tokens = makeTokens()
  const api = await makeApi({ rounds: [], groups: [probeRoutes], config: { access_file: tokens.path } })
  const { bearer } = tokens.make(['auditor'])
  const ask = (url: string, method: 'GET' | 'POST' = 'GET') => api.app.inject({ url, method, headers: bearer })
  await Promise.all([ask('/probe/read'), ask('/probe/review'), ask('/probe/packets/round-1'), ask('/probe/boom'), ask('/made-up-1'), ask('/made-up-2')])
  await api.ports.audit.flush()
  return { ...api, text: async () => (await ask('/metrics')).body, ask }
}

describe('metrics', () => {
  it('count requests by template, method and status; strangers cannot make up labels', async () => {
    const { text, app } = await busyService()
    await app.inject({ url: `/made-up-${Math.random()}`, method: 'PROPFIND' as 'GET' })
    const lines = (await text()).split('\n')
    const counts = lines.filter((line) => line.startsWith('evidence_api_request_duration_seconds_count')).toSorted()
    expect(counts).toEqual(
      [
        'evidence_api_request_duration_seconds_count{route="/probe/boom",method="GET",status="500"} 1',
        'evidence_api_request_duration_seconds_count{route="/probe/packets/:id",method="GET",status="200"} 1',
        'evidence_api_request_duration_seconds_count{route="/probe/read",method="GET",status="200"} 1',
        'evidence_api_request_duration_seconds_count{route="/probe/review",method="GET",status="403"} 1',
        ...counts.filter((line) => /route="(none|\/\*)"/.test(line)),
      ].toSorted(),
    )
    expect(counts.some((line) => line.includes('made-up'))).toBe(false)
    expect(lines).toContain('evidence_api_refusals_total{reason="role_missing"} 1')
    expect(lines).toContain('evidence_api_audit_events_total{type="access.refused.v1"} 1')
    expect(lines).toContain('evidence_api_audit_events_total{type="access.packet_read.v1"} 1')
    expect(lines).toContain('evidence_api_ledger_position 0')
  })

  it('are those that the page documents, with their labels', async () => {
    const { text } = await busyService()
    const body = await text()
    const rows = [...read('docs/api-access.md').matchAll(/^\| `(evidence_api_\w+)` \| (\w+) \|(.*?)\| \S.* \|$/gm)]
    const documented = rows.map(([, name, type, labels]) => `${name} ${type} ${[...(labels ?? '').matchAll(/`(\w+)`/g)].map((one) => one[1]).join(',')}`.trim())
    const families = [...body.matchAll(/^# TYPE (evidence_\w+) (\w+)$/gm)].map(([, name = '', type]) => {
      const sample = new RegExp(`^${name}(?:_count)?(?:\\{(.*)\\})? `, 'm').exec(body)?.[1] ?? ''
      return `${name} ${type} ${[...sample.matchAll(/(\w+)=/g)].map((one) => one[1]).join(',')}`.trim()
    })
    expect(families.length).toBeGreaterThan(4)
    expect(documented.toSorted()).toEqual(families.toSorted())
    const others = [...body.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name).filter((name) => !name.startsWith('evidence_api_'))
    expect(others.filter((name) => !/^(process|nodejs)_/.test(name))).toEqual([])
  })

  it.skipIf(!hasPromtool)('are what promtool takes', async () => {
    const { text } = await busyService()
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: await text(), encoding: 'utf8' })
    expect([checked.stdout, checked.stderr, checked.status]).toEqual(['', '', 0])
  })

  it('need a token, unless they are made public', async () => {
    const { app } = await busyService()
    expect((await app.inject('/metrics')).statusCode).toBe(401)
    const tokens = makeTokens()
    const open = await makeApi({ rounds: [], config: { access_file: tokens.path, public_metrics: true } })
    const answer = await open.app.inject('/metrics')
    expect([answer.statusCode, answer.headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  })

  it('tell the position of the ledger, and that it cannot be told', async () => {
    const ledger = await importedLedger()
    const { app, ports } = await makeApi({ ledger })
    const { lastPosition } = await ports.ledger.stats()
    expect((await app.inject('/metrics')).body).toContain(`\nevidence_api_ledger_position ${lastPosition}\n`)
    await ports.ledger.close()
    const answer = await app.inject('/metrics')
    expect([answer.statusCode, /^evidence_api_ledger_position (.*)$/m.exec(answer.body)?.[1]]).toEqual([200, 'Nan'])
    const ready = await app.inject('/health/ready')
    expect([ready.statusCode, ready.json().checks.ledger]).toEqual([503, 'failed'])
  })
})

describe('deployment', () => {
  it.skipIf(!hasPromtool)('alerts and scrape configuration are what promtool takes', () => {
    for (const args of [
      ['check', 'rules', 'deploy/alerts.yml'],
      ['check', 'config', '--syntax-only', 'deploy/prometheus.yml'],
    ]) {
      const checked = spawnSync('promtool', args, { cwd: REPOSITORY, encoding: 'utf8' })
      expect([args.join(' '), checked.status, checked.stderr]).toEqual([args.join(' '), 0, ''])
    }
  })

  it('alerts speak of metrics and reasons that exist', async () => {
    const { text } = await busyService()
    const body = await text()
    const named = read('deploy/alerts.yml').match(/evidence_api_[a-z_]+/g) ?? []
    expect(named.length).toBeGreaterThan(2)
    expect(named.filter((name) => !body.includes(`# TYPE ${name.replace(/_count$/, '')} `))).toEqual([])
  })

  it('serve.json is what the program takes, and what Prometheus and the volumes lead to', () => {
    const config = parseServeConfig(JSON.parse(read('deploy/serve.json')))
    const { services } = parse(read('docker-compose.yml'), { merge: true }) as {
      services: Record<string, { volumes: string[]; read_only?: boolean; healthcheck: { test: string[] } }>
    }
    const { scrape_configs } = parse(read('deploy/prometheus.yml')) as { scrape_configs: { job_name: string; static_configs?: { targets: string[] }[] }[] }
    const [target] = scrape_configs.find(({ job_name }) => job_name === 'evidence-serve')?.static_configs?.[0]?.targets ?? []
    const [host = '', port] = target?.split(':') ?? []
    expect([host in services, config.allowed_hosts.includes(host), Number(port), config.public_metrics]).toEqual([true, true, config.port, true])
    expect(services.serve?.volumes.some((one) => one.includes(`:${config.kafka_config}:`))).toBe(true)
    expect(services.serve?.healthcheck.test.join(' ')).toContain(`127.0.0.1:${config.port}/health/live`)
    expect(services.serve?.read_only).toBe(true)
  })
})
