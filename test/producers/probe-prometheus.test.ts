import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probePrometheus } from '../../producers/probes/prometheus.ts'
import { prometheusUnmet } from '../../schemas/expectations/prometheus.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { freePort, serveHttp } from '../support/http-server.ts'
import { hasPrometheus, type MonitoringServer, startPrometheus } from '../support/monitoring-servers.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'

const SETTINGS = {
  url: 'http://127.0.0.1:9090/',
  targets: [
    { job: 'node', min: 2 },
    { job: 'db', instance: 'db-1:9187' },
  ],
  rules: ['ColdStartRecoveryBlocked', 'recovery_core_ready'],
  queries: [{ id: 'core', expr: 'recovery_core_ready', condition: '== 1' }],
}
const GOOD: FactsOf<'prometheus'> = {
  url: SETTINGS.url,
  ready: true,
  targets: [
    { job: 'node', instance: 'a:9100', health: 'up' },
    { job: 'node', instance: 'b:9100', health: 'up' },
    { job: 'db', instance: 'db-1:9187', health: 'up' },
    { job: 'db', instance: 'db-2:9187', health: 'down' },
  ],
  rules: [
    { name: 'ColdStartRecoveryBlocked', type: 'alerting', health: 'ok', state: 'firing' },
    { name: 'recovery_core_ready', type: 'recording', health: 'ok', state: null },
  ],
  queries: [{ id: 'core', samples: [{ labels: {}, value: 1 }] }],
}
const unmet = (change: Partial<FactsOf<'prometheus'>>) => prometheusUnmet(makeCheck('prometheus', SETTINGS), { ...GOOD, ...change }, new Date())

describe('prometheus expectation', () => {
  it('is met by what it declares', () => {
    expect(unmet({})).toEqual([])
  })

  it('misses what is declared and not there', () => {
    expect(unmet({ ready: false, targets: null, rules: null, queries: null })).toEqual(['is not ready'])
    expect(unmet({ targets: null, rules: null, queries: null })).toEqual(['not observed: targets', 'not observed: rules', 'not observed: queries'])
    expect(unmet({ targets: [], rules: [], queries: [] })).toEqual([
      'not observed: target node (0 of 2)',
      'not observed: target db db-1:9187',
      'rule ColdStartRecoveryBlocked is not loaded',
      'rule recovery_core_ready is not loaded',
      'not observed: query core',
    ])
    expect(unmet({ queries: [{ id: 'core', samples: [] }] })).toEqual(['not observed: query core'])
  })

  it('takes only up, ok and a number that holds', () => {
    for (const health of ['down', 'unknown'] as const) {
      const targets = (GOOD.targets ?? []).map((one) => (one.instance === 'b:9100' ? { ...one, health } : one))
      expect(unmet({ targets })).toEqual([`target node b:9100 is ${health}`])
    }
    for (const health of ['unknown', 'err', '']) {
      expect(unmet({ rules: (GOOD.rules ?? []).map((one) => ({ ...one, health })) })).toHaveLength(2)
    }
    for (const value of [0, 2, 'NaN', '+Inf'] as const) {
      expect(
        unmet({
          queries: [
            {
              id: 'core',
              samples: [
                { labels: {}, value: 1 },
                { labels: {}, value },
              ],
            },
          ],
        }),
      ).toEqual([`query core is ${value}, not == 1`])
    }
  })
})

describe('answers of a Prometheus', () => {
  const ok = (data: unknown, more: object = {}) => JSON.stringify({ status: 'success', data, ...more })
  const vector = (value: string) => ok({ resultType: 'vector', result: [{ metric: { job: 'x' }, value: [1, value] }] })
  const look = async (
    answers: { ready?: number; query?: string; status?: number; rules?: string },
    settings: object = { targets: [], rules: [], queries: SETTINGS.queries },
  ) => {
    const { port } = await serveHttp((request, response) => {
      response.statusCode = request.url === '/-/ready' ? (answers.ready ?? 200) : (answers.status ?? 200)
      response.end(request.url?.startsWith('/api/v1/query?') ? answers.query : answers.rules)
    })
    return await probePrometheus(makeCheck('prometheus', { ...SETTINGS, url: `http://127.0.0.1:${port}`, ...settings }), makeContext())
  }

  it('are read with every value they may have', async () => {
    expect((await look({ query: vector('1') })).met).toBe(true)
    expect((await look({ query: ok({ resultType: 'scalar', result: [1, '1'] }) })).met).toBe(true)
    for (const value of ['NaN', '+Inf', '-Inf', '0.5', '1e3']) expect((await look({ query: vector(value) })).met, value).toBe(false)
    expect((await look({ query: ok({ resultType: 'vector', result: [] }) })).met).toBe(false)
    expect(await look({ ready: 503 })).toMatchObject({ met: false, facts: { ready: false, targets: null, rules: null, queries: null } })
  })

  it('are failures where they are junk, cut, partial or refused', async () => {
    const cut = vector('1').slice(0, -5)
    for (const query of [
      '',
      'null',
      '<html>',
      cut,
      ok({ resultType: 'matrix', result: [] }),
      ok({}),
      vector('one'),
      vector('9007199254740993'),
      vector('1').replace('success', 'error'),
      ok({ resultType: 'vector', result: [] }, { warnings: ['partial'] }),
    ]) {
      expect(await failureOf(look({ query })), query).toMatch(/^parse parse/u)
    }
    expect(await failureOf(look({ query: vector('1'), status: 401 }))).toBe('auth status: HTTP status 401')
    expect(await failureOf(look({ query: vector('1'), status: 400 }))).toBe('exit_status status: HTTP status 400')
    expect(await failureOf(look({ rules: '{}' }, { targets: [], queries: [] }))).toMatch(/^parse parse/u)
    expect(await failureOf(probePrometheus(makeCheck('prometheus', { url: `http://127.0.0.1:${await freePort()}` }), makeContext()))).toMatch(
      /^refused connect/u,
    )
  })
})

describe('a Prometheus that stopped at what it does', () => {
  const AT = new Date('2026-06-27T04:00:00.000Z')
  const ago = (seconds: number) => new Date(AT.getTime() - seconds * 1000).toISOString()
  const look = async (evaluated: string | undefined, scraped: string | undefined, alertmanagers: unknown[] = [{ url: 'http://a:9093' }]) => {
    const rule = { name: 'Down', type: 'alerting', health: 'ok', state: 'inactive', lastEvaluation: evaluated }
    const target = { labels: { job: 'node', instance: 'a:9100' }, health: 'up', lastScrape: scraped, scrapeInterval: '1m30s' }
    const answers: Readonly<Record<string, object>> = {
      rules: { groups: [{ name: 'g', interval: 30, rules: [rule] }] },
      'targets?state=active': { activeTargets: [target] },
      alertmanagers: { activeAlertmanagers: alertmanagers, droppedAlertmanagers: [] },
    }
    const { port } = await serveHttp((request, response) => {
      response.end(JSON.stringify({ status: 'success', data: answers[request.url?.replace('/api/v1/', '') ?? ''] ?? {} }))
    })
    const check = makeCheck('prometheus', { url: `http://127.0.0.1:${port}`, targets: [{ job: 'node' }], rules: ['Down'] })
    const { facts, met } = await probePrometheus(check, makeContext({ now: () => AT }))
    expect(FACTS.prometheus.parse(facts)).toEqual(facts)
    const reasons = prometheusUnmet(check, facts, AT)
    expect(met).toBe(reasons.length === 0)
    return reasons
  }

  it('is met while rules are evaluated and targets scraped', async () => {
    expect(await look(ago(20), ago(80))).toEqual([])
    expect(await look(ago(600), ago(1200))).toEqual([])
    expect(await look(undefined, undefined)).toEqual([])
  })

  it('takes an old evaluation, an old scrape and times from the future for none', async () => {
    expect(await look(ago(601), ago(1201))).toEqual(['target node a:9100 is unknown', 'rule Down has health stale'])
    expect(await look(ago(-601), ago(-1201))).toEqual(['target node a:9100 is unknown', 'rule Down has health stale'])
    expect(await look('junk', ago(1))).toEqual(['rule Down has health stale'])
  })

  it('does not take rules for alerts while they are sent to nobody', async () => {
    expect(await look(ago(20), ago(20), [])).toEqual(['alerts are sent to no Alertmanager'])
  })
})

if (!hasPrometheus) console.log('REAL PROMETHEUS ABSENT: install prometheus')
describe.skipIf(!hasPrometheus)('prometheus probe against a real Prometheus', () => {
  let server: MonitoringServer
  beforeAll(async () => {
    const config = `global: {scrape_interval: 1s, evaluation_interval: 1s}
alerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:1"]}]}]}
scrape_configs:
  - {job_name: self, static_configs: [{targets: ["127.0.0.1:{port}"]}]}
  - {job_name: gone, static_configs: [{targets: ["127.0.0.1:1"]}]}`
    const rules = `groups:
  - name: recovery
    rules:
      - {record: recovery_core_ready, expr: "min(up{job='self'})"}
      - {alert: ColdStartRecoveryBlocked, expr: "recovery_core_ready == 0"}
      - {alert: TargetGone, expr: "up{job='gone'} == 0"}`
    server = await startPrometheus(config, rules)
    // It reads its targets some five seconds after it is ready.
    const query = `${server.url}/api/v1/query?query=${encodeURIComponent('ALERTS{alertstate="firing"} and on() recovery_core_ready == 1')}`
    for (let tries = 0; tries < 200; tries++) {
      const { data } = (await (await fetch(query)).json()) as { data: { result: unknown[] } }
      if (data.result.length > 0) break
      await sleep(100)
    }
  }, 60_000)
  afterAll(() => server.stop())
  const look = (settings: object) => probePrometheus(makeCheck('prometheus', { url: server.url, ...settings }), makeContext())

  it('sees targets up, rules loaded by name, and a query that holds', async () => {
    const seen = await look({
      targets: [{ job: 'self' }],
      rules: ['ColdStartRecoveryBlocked', 'recovery_core_ready', 'TargetGone'],
      queries: [
        { id: 'core', expr: 'recovery_core_ready', condition: '== 1' },
        { id: 'firing', expr: `ALERTS{alertname="TargetGone",alertstate="firing"}`, condition: '== 1' },
        { id: 'sum', expr: 'scalar(vector(2)) + 1', condition: '> 2' },
      ],
    })
    expect(seen.met).toBe(true)
    expect(FACTS.prometheus.parse(seen.facts)).toEqual(seen.facts)
    expect(seen.facts.rules?.find((one) => one.name === 'TargetGone')).toMatchObject({ type: 'alerting', state: 'firing', health: 'ok' })
  })

  it('sees a target that is down, a job and a rule that are not there, a query without samples', async () => {
    const { facts, met } = await look({
      targets: [{ job: 'gone' }, { job: 'nowhere' }],
      rules: ['NotLoaded'],
      queries: [{ id: 'nothing', expr: 'no_such_metric', condition: '== 1' }],
    })
    expect(met).toBe(false)
    expect(facts).toMatchObject({ targets: [{ job: 'gone', instance: '127.0.0.1:1', health: 'down' }], rules: [], queries: [{ id: 'nothing', samples: [] }] })
    const check = makeCheck('prometheus', { url: server.url, targets: [{ job: 'gone' }], queries: [{ id: 'gone', expr: 'up{job="gone"}', condition: '== 1' }] })
    expect(prometheusUnmet(check, (await look({ targets: check.targets, queries: check.queries })).facts, new Date())).toEqual([
      'target gone 127.0.0.1:1 is down',
      'query gone is 0, not == 1',
    ])
  })

  it('fails on an expression that is none', async () => {
    expect(await failureOf(look({ queries: [{ id: 'bad', expr: 'up{', condition: '== 1' }] }))).toBe('exit_status status: HTTP status 400')
  })
})
