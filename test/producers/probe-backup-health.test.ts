import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readEstate } from '../../producers/estate-file.ts'
import { probeBackupHealth } from '../../producers/probes/backup-health.ts'
import { backupBlockers, backupHealthUnmet } from '../../schemas/expectations/backup-health.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { serveHttp } from '../support/http-server.ts'
import { hasNodeExporter, type MonitoringServer, startNodeExporter } from '../support/monitoring-servers.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'

const METRICS = {
  monitor_up: 'shop_backup_health_monitor_up',
  fresh: { name: 'shop_backup_job_fresh' },
  failed: { name: 'shop_backup_job_failed' },
  cron: { name: 'shop_backup_job_configured' },
  script: { name: 'shop_backup_job_script_present' },
  config: { name: 'shop_backup_config_captured' },
  integrity: { name: 'shop_backup_integrity_age_days', condition: '< 8' },
  last_aggregate: 'shop_backup_last_aggregate_timestamp_seconds',
}
const SETTINGS = { jobs: ['gitea', 'momo'], labels: { host: '110' }, metrics: METRICS, max_age_s: 3600 }
const job = (name: string, { fresh = '1', failed = '0', cron = '1', script = '1' } = {}) => `shop_backup_job_fresh{host="110",job="${name}"} ${fresh}
shop_backup_job_failed{host="110",job="${name}"} ${failed}
shop_backup_job_configured{host="110",job="${name}"} ${cron}
shop_backup_job_script_present{host="110",job="${name}"} ${script}
`
const REST = `shop_backup_health_monitor_up{host="110"} 1
shop_backup_config_captured{host="110",target="120"} 1
shop_backup_integrity_age_days{host="110",repository="momo"} 3
shop_backup_last_aggregate_timestamp_seconds{host="110"} 1782441062
shop_backup_job_fresh{host="188",job="momo_pg_daily"} 0
`
const GOOD = job('gitea') + job('momo') + REST
const ZERO: FactsOf<'backup-health'> = {
  ...{ jobs_total: 2, jobs_stale: 0, jobs_failed: 0, missing_cron: 0, missing_script: 0, config_failed: 0, integrity_stale: 0 },
  last_aggregate_at: '2026-06-26T02:31:02.000Z',
}

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'evidence-backup-'))
  chmodSync(dir, 0o755)
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const look = (text: string, settings: object = {}) => {
  const path = join(dir, 'backup_health.prom')
  writeFileSync(path, text)
  return probeBackupHealth(makeCheck('backup-health', { path, ...SETTINGS, ...settings }), makeContext())
}

describe('backup-health expectation', () => {
  const at = new Date('2026-06-27T04:00:00.000Z')
  const unmet = (change: Partial<FactsOf<'backup-health'>>, settings: object = SETTINGS, asOf: string | null = '2026-06-27T03:59:00.000Z') =>
    backupHealthUnmet(makeCheck('backup-health', { path: '/p', ...settings }), { ...ZERO, ...change }, at, asOf)

  it('wants every count that it asks for, and all of them in a record', () => {
    expect(unmet({})).toEqual([])
    for (const key of ['jobs_stale', 'jobs_failed', 'missing_cron', 'missing_script', 'config_failed', 'integrity_stale'] as const) {
      expect(unmet({ [key]: 2 })).toEqual([`${key}=2`])
      expect(unmet({ [key]: null })).toEqual([`not observed: ${key}`])
      expect(unmet({ [key]: null }, {})).toEqual([`not observed: ${key}`])
    }
    const few = { ...SETTINGS, metrics: { fresh: METRICS.fresh } }
    expect(unmet({ jobs_failed: null, missing_cron: null }, few)).toEqual([])
    expect(unmet({ jobs_stale: null }, few)).toEqual(['not observed: jobs_stale'])
    expect(unmet({ jobs_total: 0 })).toEqual(['not observed: jobs_total'])
  })

  it('takes no old file, and none without a time', () => {
    expect(unmet({}, SETTINGS, '2026-06-27T02:59:00.000Z')).toEqual(['file is 3660 s old > 3600 s'])
    expect(unmet({}, SETTINGS, null)).toEqual(['not observed: file time'])
  })

  it('sums blockers', () => {
    const check = makeCheck('backup-health', { path: '/p', ...SETTINGS })
    expect(backupBlockers(check, { ...ZERO, jobs_stale: 1, missing_cron: 2, jobs_failed: null })).toEqual({ blockers: 3, unobserved: ['jobs_failed'] })
  })
})

describe('backup-health probe', () => {
  it('counts, of this host only', async () => {
    const seen = await look(GOOD)
    expect(seen).toMatchObject({ met: true, facts: ZERO })
    expect(FACTS['backup-health'].parse(seen.facts)).toEqual(seen.facts)
    expect((await look(GOOD, { labels: {} })).facts).toMatchObject({ jobs_total: 3, jobs_stale: 1, jobs_failed: 1, missing_cron: 1, missing_script: 1 })
  })

  it.each([
    ['a stale job', job('gitea', { fresh: '0' }) + job('momo') + REST, { jobs_stale: 1 }],
    ['two failed jobs', job('gitea', { failed: '1' }) + job('momo', { failed: '7' }) + REST, { jobs_failed: 2 }],
    ['a job without cron', job('gitea', { cron: '0' }) + job('momo') + REST, { missing_cron: 1 }],
    ['a job without script', job('gitea', { script: '0' }) + job('momo') + REST, { missing_script: 1 }],
    ['a job that is not told of', job('gitea') + REST, { jobs_total: 2, jobs_stale: 1, jobs_failed: 1, missing_cron: 1, missing_script: 1 }],
    ['a job that nobody declared', GOOD + job('langfuse', { fresh: '0' }), { jobs_total: 3, jobs_stale: 1 }],
    [
      'values that are none',
      job('gitea', { fresh: 'NaN', failed: 'NaN', cron: '+Inf' }) + job('momo') + REST,
      { jobs_stale: 1, jobs_failed: 1, missing_cron: 1 },
    ],
    ['a configuration not captured', GOOD.replace('target="120"} 1', 'target="120"} 0'), { config_failed: 1 }],
    ['an old integrity check', GOOD.replace('repository="momo"} 3', 'repository="momo"} 8'), { integrity_stale: 1 }],
    ['a series without a job', `${GOOD}shop_backup_job_failed{host="110"} 1\n`, { jobs_failed: 1 }],
    ['no series of a metric', GOOD.replaceAll(/^shop_backup_job_script.*\n/gmu, ''), { missing_script: null }],
    ['a monitor that is down', GOOD.replace('monitor_up{host="110"} 1', 'monitor_up{host="110"} 0'), { jobs_total: null, jobs_stale: null }],
    ['no monitor', GOOD.replace(/^shop_backup_health_monitor_up.*\n/mu, ''), { jobs_total: null, jobs_stale: null }],
    ['an empty file', '', { jobs_total: null }],
  ])('sees %s, and it is not met', async (_what, text, expected) => {
    const { facts, met } = await look(text)
    expect(facts).toMatchObject(expected)
    expect(met).toBe(false)
  })

  it('fails where there is no file, or half of one', async () => {
    expect(await failureOf(look(GOOD.slice(0, -10)))).toMatch(/^parse parse/u)
    expect(await failureOf(look('<html>\n'))).toMatch(/^parse parse/u)
    expect(await failureOf(look(GOOD.replace('monitor_up{host="110"} 1', 'monitor_up{host="110"} 1 1395066363000')))).toMatch(/not now$/u)
    expect(await failureOf(probeBackupHealth(makeCheck('backup-health', { ...SETTINGS, path: join(dir, 'gone') }), makeContext()))).toBe(
      'unreachable read: file does not exist',
    )
    const { port } = await serveHttp((_, response) => response.end(`node_textfile_scrape_error 1\n${GOOD}`))
    expect(await failureOf(probeBackupHealth(makeCheck('backup-health', { ...SETTINGS, url: `http://127.0.0.1:${port}/metrics` }), makeContext()))).toBe(
      'parse read: the node exporter could not read its textfiles',
    )
  })
})

it('an estate says where and what, and a record need not', () => {
  const problems = (settings: string, allowRecordedKinds = false): string => {
    const text = `estate: e\nversion: "1"\npolicy: sop@1.78\ngates: [{id: G}]\nchecks:\n  - {id: b, gate: G, kind: backup-health${settings}}\n`
    try {
      readEstate(text, 'e', { allowRecordedKinds })
      return ''
    } catch (error) {
      return String(error)
    }
  }
  expect(problems('', true)).toBe('')
  expect(problems('')).toMatch(/needs `path` or `url`[\s\S]*needs `jobs`[\s\S]*needs `metrics`/u)
  expect(problems(', path: /p, jobs: [a], metrics: {monitor_up: up}')).toMatch(/asks nothing/u)
  expect(problems(', url: "http://a/metrics", max_age_s: 60, jobs: [a], metrics: {fresh: {name: f}}')).toMatch(/needs `textfile`: a URL has no age/u)
  expect(problems(', url: "http://a/metrics", textfile: b.prom, max_age_s: 60, jobs: [a], metrics: {fresh: {name: f}}')).toBe('')
})

if (!hasNodeExporter) console.log('REAL EXPORTER ABSENT: install prometheus-node-exporter')
describe.skipIf(!hasNodeExporter)('backup-health probe through a real node exporter', () => {
  let exporter: MonitoringServer
  let textfiles = ''
  beforeAll(async () => {
    textfiles = mkdtempSync(join(tmpdir(), 'evidence-textfiles-'))
    writeFileSync(join(textfiles, 'backup_health.prom'), GOOD)
    exporter = await startNodeExporter(textfiles)
  }, 30_000)
  afterAll(async () => {
    await exporter.stop()
    rmSync(textfiles, { recursive: true, force: true })
  })
  const scrape = () =>
    probeBackupHealth(makeCheck('backup-health', { ...SETTINGS, url: `${exporter.url}/metrics`, textfile: 'backup_health.prom' }), makeContext())

  it('sees the same, and how old the textfile is', async () => {
    const seen = await scrape()
    expect(seen).toMatchObject({ met: true, facts: ZERO })
    expect(Math.abs(Date.parse(seen.asOf ?? '') - Date.now())).toBeLessThan(60_000)
    const old = new Date(Date.now() - 7_200_000)
    utimesSync(join(textfiles, 'backup_health.prom'), old, old)
    const aged = await scrape()
    expect(aged.asOf).toBe(new Date(Math.floor(old.getTime() / 1000) * 1000).toISOString().replace('.000Z', aged.asOf?.slice(19) ?? ''))
    expect(aged).toMatchObject({ met: false, facts: ZERO })
  })

  it('says nothing of a textfile that the exporter cannot read, or that is gone', async () => {
    writeFileSync(join(textfiles, 'broken.prom'), 'not metrics at all')
    await sleep(10)
    expect(await failureOf(scrape())).toBe('parse read: the node exporter could not read its textfiles')
    rmSync(join(textfiles, 'broken.prom'))
    rmSync(join(textfiles, 'backup_health.prom'))
    expect(await scrape()).toMatchObject({ met: false, asOf: null, facts: { jobs_total: null } })
  })
})
