import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEstate } from '../../producers/estate-file.ts'
import { probeAlertmanager } from '../../producers/probes/alertmanager.ts'
import type { ProbeTable } from '../../producers/probes.ts'
import { judgeCheck } from '../../projector/judge-check.ts'
import { findPolicy } from '../../projector/policies.ts'
import { Estate } from '../../schemas/estate.ts'
import { ALERT_TEST_NOT_SENT, alertmanagerUnmet } from '../../schemas/expectations/alertmanager.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { freePort, serveHttp } from '../support/http-server.ts'
import { makeEvent } from '../support/make-events.ts'
import { hasAlertmanager, type MonitoringServer, startAlertmanager } from '../support/monitoring-servers.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { decode, tcpEstate, tcpProbe, testRound } from '../support/run-test-round.ts'

const SETTINGS = { url: 'http://127.0.0.1:9093', expect_active: ['Watchdog'], forbid: ['DiskFull'], test_webhook: 'http://127.0.0.1:1/hook' }
const GOOD: FactsOf<'alertmanager'> = {
  url: SETTINGS.url,
  healthy: true,
  alerts: [
    { name: 'Watchdog', active: 1, suppressed: 0 },
    { name: 'DiskFull', active: 0, suppressed: 0 },
  ],
  total: 1,
  test: { sent: true, status: 200, failure: null },
}
const unmet = (change: Partial<FactsOf<'alertmanager'>>) => alertmanagerUnmet(makeCheck('alertmanager', SETTINGS), { ...GOOD, ...change }, new Date())
const NOT_SENT = { test: { sent: false, status: null, failure: null } }

describe('alertmanager expectation', () => {
  it('is met by a healthy one with the alerts it should have and an accepted test', () => {
    expect(unmet({})).toEqual([])
  })

  it('names what is wrong, and takes no silence for an end', () => {
    expect(unmet({ healthy: false, alerts: null, total: null })).toEqual(['is not healthy', 'not observed: alerts'])
    expect(unmet({ alerts: [] })).toEqual(['alert Watchdog is not active'])
    const alerts = (active: number, suppressed: number) => [...(GOOD.alerts ?? []).slice(0, 1), { name: 'DiskFull', active, suppressed }]
    expect(unmet({ alerts: alerts(2, 1) })).toEqual(['alert DiskFull is active'])
    expect(unmet({ alerts: alerts(0, 1) })).toEqual(['alert DiskFull is there, suppressed'])
    expect(unmet({ alerts: [{ name: 'Watchdog', active: 0, suppressed: 1 }] })).toEqual(['alert Watchdog is not active'])
  })

  it('wants the test sent, answered and accepted', () => {
    expect(unmet(NOT_SENT)).toEqual([ALERT_TEST_NOT_SENT])
    expect(unmet({ test: null })).toEqual(['not observed: the end-to-end test alert'])
    expect(unmet({ test: { sent: true, status: 503, failure: null } })).toEqual(['the end-to-end test alert was answered 503'])
    expect(unmet({ test: { sent: true, status: null, failure: 'refused' } })).toEqual(['the end-to-end test alert got no answer: refused'])
  })
})

describe('judging', () => {
  const estate = Estate.parse({
    estate: 'e',
    version: '1',
    policy: 'sop@1.78',
    gates: [{ id: 'G' }],
    checks: [{ id: 'am', gate: 'G', kind: 'alertmanager', ...SETTINGS }],
  })
  const judged = (facts: FactsOf<'alertmanager'>) => {
    const attempts = [{ started_at: '2026-06-27T03:50:46.000Z', ms: 1, outcome: 'unmet' }]
    const event = decode(makeEvent('round-1', 1, 'evidence.alertmanager.observed.v1', { target: 't', host: null, as_of: null, attempts, facts }, 'am'))
    const opened = { time: '2026-06-27T03:50:46.000Z', data: { reviews: [], recorded: null } } as never
    const [check] = estate.checks
    if (check === undefined) throw new Error('no check')
    const { status, warning_class, reasons } = judgeCheck(check, [event], { opened, estate, policy: findPolicy('sop@1.78'), boots: new Map() as never })
    return { status, warning_class, reasons }
  }

  it('leaves a warning where the test was not sent, and blocks for everything else', () => {
    expect(judged(GOOD)).toMatchObject({ status: 'PASS' })
    expect(judged({ ...GOOD, ...NOT_SENT })).toEqual({ status: 'WARN', warning_class: 'SERVICE', reasons: [ALERT_TEST_NOT_SENT] })
    expect(judged({ ...GOOD, ...NOT_SENT, alerts: [] })).toMatchObject({ status: 'BLOCKED' })
    expect(judged({ ...GOOD, test: { sent: true, status: 500, failure: null } })).toMatchObject({ status: 'BLOCKED' })
    expect(judged({ ...GOOD, healthy: false })).toMatchObject({ status: 'BLOCKED' })
  })
})

describe('answers of an Alertmanager', () => {
  const look = async (alerts: string, { health = 200, status = 200 } = {}) => {
    const { port } = await serveHttp((request, response) => {
      response.statusCode = request.url === '/-/healthy' ? health : status
      response.end(alerts)
    })
    return await probeAlertmanager(makeCheck('alertmanager', { url: `http://127.0.0.1:${port}`, forbid: ['DiskFull'] }), makeContext())
  }

  it('are failures where they are junk, cut or refused', async () => {
    expect((await look('[]')).met).toBe(true)
    for (const text of ['', '{}', 'null', '[', '[{}]', '[{"labels":{},"status":{"state":"new"}}]'])
      expect(await failureOf(look(text)), text).toMatch(/^parse parse/u)
    expect(await failureOf(look('[]', { status: 403 }))).toBe('auth status: HTTP status 403')
    expect(await failureOf(look('[]', { status: 500 }))).toBe('exit_status status: HTTP status 500')
    expect(await look('[]', { health: 503 })).toMatchObject({ met: false, facts: { healthy: false, alerts: null, total: null } })
    expect(await failureOf(probeAlertmanager(makeCheck('alertmanager', { url: `http://127.0.0.1:${await freePort()}` }), makeContext()))).toMatch(
      /^refused connect/u,
    )
  })
})

it.each([true, false])('a round with alert_test %s tells its probes', async (alert_test) => {
  const estate = tcpEstate({ G: [] }, { G: ['a'] })
  const told: boolean[] = []
  const tcp: ProbeTable['tcp'] = async (check, context) => {
    told.push(context.alertTest)
    return await tcpProbe(check, context)
  }
  await testRound(estate, { probes: { tcp }, options: { skipped_parts: [], only_gates: null, watch_attempt: null, alert_test } }).run()
  expect(told).toEqual([alert_test])
})

it('one round sends one alert', () => {
  const text = (attempts: string) => `estate: e
version: "1"
policy: sop@1.78
gates: [{id: G}]
checks:
  - {id: am, gate: G, kind: alertmanager, url: "http://a:9093", test_webhook: "http://a/hook"${attempts}}
`
  expect(() => readEstate(text(', attempts: 2'), 'e', { allowRecordedKinds: false })).toThrow('needs `attempts: 1`, not 2')
  expect(readEstate(text(''), 'e', { allowRecordedKinds: false }).estate.checks).toHaveLength(1)
})

if (!hasAlertmanager) console.log('REAL ALERTMANAGER ABSENT: install prometheus-alertmanager')
describe.skipIf(!hasAlertmanager)('alertmanager probe against a real Alertmanager', () => {
  let server: MonitoringServer
  beforeAll(async () => {
    server = await startAlertmanager()
  }, 30_000)
  afterAll(() => server.stop())
  const post = async (path: string, body: unknown): Promise<void> => {
    const response = await fetch(`${server.url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
  }
  const look = (settings: object, alertTest = false) =>
    probeAlertmanager(makeCheck('alertmanager', { url: server.url, ...settings }), makeContext({ alertTest }))

  it('sees alerts come and be silenced', async () => {
    const declared = { expect_active: ['Watchdog'], forbid: ['DiskFull'] }
    expect(await look(declared)).toMatchObject({ met: false, facts: { healthy: true, total: 0, test: null } })
    await post('/api/v2/alerts', [{ labels: { alertname: 'Watchdog' } }])
    const seen = await look(declared)
    expect(seen).toMatchObject({ met: true, facts: { total: 1 } })
    expect(FACTS.alertmanager.parse(seen.facts)).toEqual(seen.facts)
    await post('/api/v2/alerts', [{ labels: { alertname: 'DiskFull', host: 'a' } }, { labels: { alertname: 'DiskFull', host: 'b' } }])
    expect((await look(declared)).facts.alerts?.[1]).toEqual({ name: 'DiskFull', active: 2, suppressed: 0 })
    const matchers = [{ name: 'alertname', value: 'DiskFull', isRegex: false, isEqual: true }]
    const [startsAt, endsAt] = [new Date(Date.now() - 1000), new Date(Date.now() + 3_600_000)]
    await post('/api/v2/silences', { matchers, startsAt, endsAt, createdBy: 'test', comment: 'hush' })
    expect((await look(declared)).facts.alerts?.[1]).toEqual({ name: 'DiskFull', active: 0, suppressed: 2 })
    expect((await look(declared)).met).toBe(false)
  })

  it('sends the test alert only when it is told to, once, in the words of the runbook', async () => {
    const messages: string[] = []
    const { port } = await serveHttp((request, response) => {
      let body = ''
      request.on('data', (chunk) => {
        body += chunk
      })
      request.on('end', () => {
        messages.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`)
        response.statusCode = messages.length === 1 ? 202 : 500
        response.end('{"success":true}')
      })
    })
    const settings = { test_webhook: `http://127.0.0.1:${port}/api/v1/webhooks/alertmanager` }
    expect(await look(settings)).toMatchObject({ met: false, facts: { test: { sent: false, status: null } } })
    expect(messages).toEqual([])
    expect(await look(settings, true)).toMatchObject({ met: true, facts: { test: { sent: true, status: 202 } } })
    expect(messages).toHaveLength(1)
    expect(messages[0]).toMatch(
      /^POST \/api\/v1\/webhooks\/alertmanager application\/json \{"receiver":"cold-start-test","status":"firing","alerts":\[\{.*"alertname":"ColdStartE2ETest"/u,
    )
    expect(await look(settings, true)).toMatchObject({ met: false, facts: { test: { sent: true, status: 500 } } })
    expect(await look({ test_webhook: `http://127.0.0.1:${await freePort()}/hook` }, true)).toMatchObject({
      met: false,
      facts: { healthy: true, test: { sent: true, failure: 'refused' } },
    })
  })
})
