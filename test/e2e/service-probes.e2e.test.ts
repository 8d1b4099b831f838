import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { PROBES } from '../../producers/probes.ts'
import { judgeGate } from '../../projector/judge-gate.ts'
import { projectRound } from '../../projector/project-round.ts'
import { Estate } from '../../schemas/estate.ts'
import { type BackupStore, hasRestic, makeBackupStore } from '../support/backup-store.ts'
import {
  hasAlertmanager,
  hasNodeExporter,
  hasPrometheus,
  type MonitoringServer,
  startAlertmanager,
  startNodeExporter,
  startPrometheus,
} from '../support/monitoring-servers.ts'
import { type PostgresServer, postgresBin, startPostgres } from '../support/postgres-server.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis-server.ts'
import { newLedger, testRound } from '../support/run-test-round.ts'
import { application, goodCluster, job, listOf, node, pod, type StandInKubectl, standInKubectl } from '../support/stand-in-cluster.ts'

/**
 * Real servers in good order (the cluster is a stand-in), looked at by every probe of services and of what is kept,
 * through ledger and projector. Then one fault at a time: exactly that check is not met, and nothing else changes.
 */
const hasAll = postgresBin() !== null && hasRedis && hasRestic && hasPrometheus && hasAlertmanager && hasNodeExporter
if (!hasAll) console.log('REAL SERVERS ABSENT: install postgresql redis-server restic rclone prometheus prometheus-alertmanager prometheus-node-exporter')

describe.skipIf(!hasAll)('real services, every probe of them', () => {
  let dir = ''
  let postgres: PostgresServer
  let redis: RedisServer
  let prometheus: MonitoringServer
  let alertmanager: MonitoringServer
  let exporter: MonitoringServer
  let store: BackupStore
  let cluster: StandInKubectl
  const at = (name: string): string => join(dir, name)
  const product = { version: 'V10.701', hook: 200 }
  const web = createServer((request, response) => {
    response.statusCode = request.url === '/hook' ? product.hook : 200
    response.end(request.url === '/health' ? JSON.stringify({ version: product.version }) : 'SYSTEM_VERSION = "V10.701"\n')
  })
  const url = (path: string): string => `http://127.0.0.1:${(web.address() as AddressInfo).port}${path}`
  const textfile = (fresh: number): void =>
    writeFileSync(at('textfiles/backup.prom'), `monitor_up 1\njob_fresh{job="momo"} ${fresh}\njob_configured{job="momo"} 1\n`)

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-services-'))
    for (const folder of ['textfiles', 'intake', 'bin']) mkdirSync(at(folder))
    textfile(1)
    cluster = standInKubectl()
    vi.stubEnv('PATH', `${at('bin')}${delimiter}${cluster.dir}${delimiter}${process.env.PATH}`)
    ;[postgres, redis, alertmanager, exporter] = await Promise.all([startPostgres(), startRedis(), startAlertmanager(), startNodeExporter(at('textfiles'))])
    writeFileSync(at('bin/pg_lsclusters'), `#!/bin/sh\nPG_CLUSTER_CONF_ROOT='${postgres.confRoot}' exec /usr/bin/pg_lsclusters "$@"\n`, { mode: 0o755 })
    const config = `global: {scrape_interval: 1s, evaluation_interval: 1s}\nalerting: {alertmanagers: [{static_configs: [{targets: ["127.0.0.1:1"]}]}]}\nscrape_configs: [{job_name: node, static_configs: [{targets: ["${exporter.url.slice(7)}"]}]}]`
    prometheus = await startPrometheus(config, 'groups: [{name: g, rules: [{alert: JobStale, expr: "job_fresh == 0"}]}]')
    postgres.sql(
      'postgres',
      `CREATE TABLE daily (day date); CREATE TABLE monthly ("日期" text);
      INSERT INTO daily SELECT current_date - n FROM generate_series(0, 9) n; INSERT INTO monthly SELECT day::text FROM daily`,
    )
    store = makeBackupStore()
    store.init('momo')
    store.backup('momo')
    store.sync()
    writeFileSync(join(store.dir, 'full-ok'), '')
    writeFileSync(at('rclone.conf'), `[gdrive]\ntype = alias\nremote = ${dir}\n`)
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    for (let tries = 0; tries < 200 && !(await isScraped()); tries++) await sleep(100)
  }, 180_000)
  beforeEach(() => {
    cluster.serve(goodCluster())
    writeFileSync(at('intake/sales.xlsx'), 'x'.repeat(50))
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    web.close()
    for (const server of [prometheus, alertmanager, exporter, redis]) await server.stop()
    await postgres.remove()
    store.remove()
    cluster.remove()
    rmSync(dir, { recursive: true, force: true })
  })

  async function isScraped(): Promise<boolean> {
    const answer = (await (await fetch(`${prometheus.url}/api/v1/query?query=job_fresh`)).json()) as { data: { result: unknown[] } }
    return answer.data.result.length > 0
  }

  function estate(): Estate {
    const database = { name: 'postgres', role: 'evidence', address: '127.0.0.1', port: postgres.port }
    const metrics = { monitor_up: 'monitor_up', fresh: { name: 'job_fresh' }, cron: { name: 'job_configured' } }
    const checks: Record<string, unknown>[] = [
      { id: 'postgres', kind: 'postgres', address: '127.0.0.1', port: postgres.port, cluster: postgres.cluster, log: postgres.logFile },
      { id: 'redis', kind: 'redis', address: '127.0.0.1', port: redis.port, replication: 'master' },
      { id: 'fresh', kind: 'sql-freshness', database, table: 'daily', column: 'day', max_age_days: 2 },
      { id: 'parity', kind: 'sql-parity', database, left: { table: 'daily', column: 'day' }, right: { table: 'monthly', column: '日期' } },
      {
        id: 'prometheus',
        kind: 'prometheus',
        url: prometheus.url,
        targets: [{ job: 'node' }],
        rules: ['JobStale'],
        queries: [{ id: 'up', expr: 'up', condition: '== 1' }],
      },
      { id: 'alerts', kind: 'alertmanager', url: alertmanager.url, forbid: ['DiskFull'], test_webhook: url('/hook') },
      { id: 'backups', kind: 'backup-health', url: `${exporter.url}/metrics`, textfile: 'backup.prom', max_age_s: 3600, jobs: ['momo'], metrics },
      {
        ...{ id: 'offsite', kind: 'offsite', local: store.local, remote: store.remote, repositories: ['momo'], password_file: store.passwordFile },
        ...{ rclone_config: store.rcloneConfig, max_age_s: 3600, full_marker: join(store.dir, 'full-ok'), full_marker_max_age_s: 3600 },
      },
      { id: 'cluster', kind: 'k8s', namespace: 'shop', nodes: ['mon', 'mon1'], pods: true, placement: ['api', 'web'], establishes: ['K3S_CONTROL_PLANE_AA'] },
      { id: 'jobs', kind: 'k8s', namespace: 'shop', jobs: true },
      { id: 'argocd', kind: 'argocd', application: 'shop' },
      {
        id: 'release',
        kind: 'release-parity',
        live: { url: url('/health'), pointer: '/version' },
        repository: { url: url('/version.py'), matches: '^SYSTEM_VERSION = "([^"]+)"$' },
      },
      { id: 'source', kind: 'source-presence', remote: 'gdrive:intake', rclone_config: at('rclone.conf'), matches: '\\.xlsx$', max_age_s: 3600, min_bytes: 10 },
    ]
    const defaults = { timeout_ms: 30_000 }
    return Estate.parse({
      estate: 'services',
      version: '1',
      policy: 'sop@1.78',
      defaults,
      gates: [{ id: 'G' }],
      checks: checks.map((check) => ({ gate: 'G', ...check })),
    })
  }

  /** Every check that is not PASS, with its status and first reason. */
  async function look(alertTest = true): Promise<Record<string, string>> {
    const ledger = newLedger()
    const options = { skipped_parts: [], only_gates: null, watch_attempt: null, alert_test: alertTest }
    const round = testRound(estate(), { ledger, probes: PROBES, options, judgeGate: (id, events) => judgeGate('test-round-1', id, events) })
    await round.run()
    const { checks, evidence } = await projectRound(ledger, 'test-round-1')
    expect([evidence.integrity, checks.length]).toEqual(['verified', 13])
    return Object.fromEntries(checks.filter((one) => one.status !== 'PASS').map((one) => [one.id, `${one.status} ${one.reasons[0]}`]))
  }

  type Fault = { make: () => unknown; mend: () => unknown; seen: Record<string, RegExp> }
  const sql = (text: string) => (): string => postgres.sql('postgres', text)
  const serve = (change: Record<string, unknown>) => (): void => cluster.serve({ ...goodCluster(), ...change })
  const mended = (): void => undefined
  const FAULTS: Record<string, Fault> = {
    'a Redis that lost its master': {
      make: () => redis.cli('REPLICAOF', '127.0.0.1', '1'),
      mend: () => redis.cli('REPLICAOF', 'NO', 'ONE'),
      seen: { redis: /^BLOCKED is slave, not master$/u },
    },
    'old data': {
      make: sql(`UPDATE daily SET day = day - 30; UPDATE monthly SET "日期" = ("日期"::date - 30)::text`),
      mend: sql(`UPDATE daily SET day = day + 30; UPDATE monthly SET "日期" = ("日期"::date + 30)::text`),
      seen: { fresh: /^BLOCKED 30 days old, more than 2$/u },
    },
    'one row that was not synced': {
      make: sql(`DELETE FROM monthly WHERE "日期"::date = current_date - 4`),
      mend: sql('INSERT INTO monthly VALUES ((current_date - 4)::text)'),
      seen: { parity: /^BLOCKED tables differ in count or bounds$/u },
    },
    'an alert that should not be': {
      make: () => post([{ labels: { alertname: 'DiskFull' } }]),
      mend: () => post([{ labels: { alertname: 'DiskFull' }, startsAt: '2020-01-01T00:00:00Z', endsAt: '2020-01-01T00:00:01Z' }]),
      seen: { alerts: /^BLOCKED alert DiskFull is active$/u },
    },
    'a receiver that refuses': {
      make: () => Object.assign(product, { hook: 503 }),
      mend: () => Object.assign(product, { hook: 200 }),
      seen: { alerts: /^BLOCKED the end-to-end test alert was answered 503$/u },
    },
    'a stale backup job': { make: () => textfile(0), mend: () => textfile(1), seen: { backups: /^BLOCKED jobs_stale=1$/u } },
    'an old textfile': {
      make: () => utimesSync(at('textfiles/backup.prom'), 1, 1),
      mend: () => textfile(1),
      seen: { backups: /^BLOCKED evidence older than its time to live$/u },
    },
    'a snapshot that is not off site': {
      make: () => store.backup('momo'),
      mend: () => [store.forget('momo'), store.sync()],
      seen: { offsite: /^BLOCKED remote_verify_ok=0$/u },
    },
    'no full verification': {
      make: () => rmSync(join(store.dir, 'full-ok')),
      mend: () => writeFileSync(join(store.dir, 'full-ok'), ''),
      seen: { offsite: /^BLOCKED full_verify_fresh=0$/u },
    },
    'one control plane': {
      make: serve(listOf('/api/v1/nodes', [node('mon'), node('mon1', { plane: false })])),
      mend: mended,
      seen: { cluster: /^BLOCKED 1 of 2 control planes Ready$/u },
    },
    'a crash loop': {
      make: serve(listOf('/api/v1/pods', [pod('api', { waiting: 'CrashLoopBackOff' })])),
      mend: mended,
      seen: { cluster: /^BLOCKED 1 bad pods$/u },
    },
    'a failed Job': {
      make: serve(listOf('/apis/batch/v1/namespaces/shop/jobs', [job('v-1', 'Failed')])),
      mend: mended,
      seen: { jobs: /^BLOCKED 1 failed Jobs without a later success$/u },
    },
    'a failed Job that ran later': {
      make: serve(listOf('/apis/batch/v1/namespaces/shop/jobs', [job('v-1', 'Failed'), job('v-2', 'Complete')])),
      mend: mended,
      seen: {},
    },
    'an application out of sync': {
      make: serve({ '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop': application('shop', 'OutOfSync') }),
      mend: mended,
      seen: { argocd: /^BLOCKED sync is OutOfSync$/u },
    },
    'another release': {
      make: () => Object.assign(product, { version: 'V10.700' }),
      mend: () => Object.assign(product, { version: 'V10.701' }),
      seen: { release: /^BLOCKED live release/u },
    },
    'no new source': { make: () => rmSync(at('intake/sales.xlsx')), mend: mended, seen: { source: /^BLOCKED source absent$/u } },
  }
  async function post(alerts: unknown): Promise<void> {
    const response = await fetch(`${alertmanager.url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(alerts),
    })
    expect(response.status).toBe(200)
  }

  it('are in order; without the test alert a warning stands', { timeout: 120_000 }, async () => {
    expect(await look()).toEqual({})
    expect(await look(false)).toEqual({ alerts: 'WARN the end-to-end test alert was not sent' })
  })

  it.each(Object.keys(FAULTS))('%s is seen by the right check alone', { timeout: 120_000 }, async (name) => {
    const { make, mend, seen } = FAULTS[name] as Fault
    await make()
    const found = await look()
    await mend()
    expect(Object.keys(found)).toEqual(Object.keys(seen))
    for (const [id, pattern] of Object.entries(seen)) expect(found[id]).toMatch(pattern)
  })

  it('a server that is gone is seen by everything that rests on it, and its return too', { timeout: 180_000 }, async () => {
    await postgres.stop('fast')
    const found = await look()
    await postgres.start()
    expect(Object.keys(found).sort()).toEqual(['fresh', 'parity', 'postgres'])
    expect(found).toMatchObject({ fresh: 'BLOCKED refused at connect', parity: 'BLOCKED refused at connect' })
    expect(found.postgres).toMatch(/^BLOCKED 127\.0\.0\.1:\d+ gives no response$/u)
    expect(await look()).toEqual({})
  })
})
