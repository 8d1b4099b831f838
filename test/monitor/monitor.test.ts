import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { monitorRulesText } from '../../api/monitor/monitor-rules.ts'
import { metricPrefix, monitorText } from '../../api/monitor/monitor-text.ts'
import { monitorResult, valuesOfFailure, valuesOfRound } from '../../api/monitor/monitor-values.ts'
import { Monitor, type MonitorRun } from '../../api/monitor/run-monitor.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined
if (!hasPromtool) console.log('PROMTOOL ABSENT: the textfile and the rules of the monitor are not checked by Prometheus itself')
const hasSystemd = spawnSync('systemd-analyze', ['--version']).error === undefined
if (!hasSystemd) console.log('SYSTEMD ABSENT: the units of deploy/systemd are not checked by systemd itself')

const GOLDEN = JSON.parse(readFileSync(join(REPOSITORY, 'test/golden/green/snapshot.json'), 'utf8')) as Snapshot
const NOW = new Date('2026-06-27T12:00:00.500Z')
const TIMES = { lastRun: 1000, lastGreen: 900 }

function snapshotWith(result: string, more: Partial<Snapshot['summary']> = {}, integrity: Snapshot['evidence']['integrity'] = 'verified'): Snapshot {
  const counts = { COLD_START_PASS: '7', COLD_START_WARN: '2', COLD_START_BLOCKED: '1', RECOVERY_CORE_READY: '1', RECOVERY_DR_OFFSITE_READY: '1' }
  return {
    ...GOLDEN,
    sealed_at: '2026-06-27T11:59:00.000Z',
    evidence: { ...GOLDEN.evidence, integrity },
    cold_start: { ...GOLDEN.cold_start, result },
    summary: { ...GOLDEN.summary, ...counts, ...more } as Snapshot['summary'],
  }
}

describe('textfile', () => {
  it('says each value once, one result of four', () => {
    const text = monitorText('awoooi', valuesOfRound(snapshotWith('DEGRADED'), TIMES))
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([
      'awoooi_cold_start_monitor_up 1',
      'awoooi_cold_start_pass_gates 7',
      'awoooi_cold_start_warn_gates 2',
      'awoooi_cold_start_blocked_gates 1',
      'awoooi_cold_start_last_run_timestamp 1000',
      'awoooi_cold_start_last_green_timestamp 900',
      'awoooi_cold_start_last_result{result="green"} 0',
      'awoooi_cold_start_last_result{result="degraded"} 1',
      'awoooi_cold_start_last_result{result="blocked"} 0',
      'awoooi_cold_start_last_result{result="check_failed"} 0',
      'awoooi_recovery_core_ready 1',
      'awoooi_recovery_dr_offsite_ready 1',
    ])
  })

  it('of a run without a round repeats nothing', () => {
    expect(valuesOfFailure(TIMES)).toEqual({ up: 0, pass: 0, warn: 0, blocked: 0, result: 'check_failed', coreReady: 0, drOffsiteReady: 0, ...TIMES })
  })

  it.each(['unsealed', 'mismatch', 'legacy_unverified'] as const)('a green of a round that is %s is none', (integrity) => {
    const values = valuesOfRound(snapshotWith('GREEN', {}, integrity), TIMES)
    expect(values).toMatchObject({ result: 'check_failed', pass: 0, coreReady: 0, drOffsiteReady: 0 })
  })

  it('what is unknown is not ready', () => {
    const values = valuesOfRound(snapshotWith('unknown', { COLD_START_PASS: 'unknown', RECOVERY_CORE_READY: 'unknown', RECOVERY_DR_OFFSITE_READY: '0' }), TIMES)
    expect(values).toMatchObject({ result: 'check_failed', pass: 0, coreReady: 0, drOffsiteReady: 0 })
    expect(['GREEN', 'DEGRADED', 'BLOCKED', 'CHECK_FAILED'].map((one) => monitorResult(snapshotWith(one)))).toEqual([
      'green',
      'degraded',
      'blocked',
      'check_failed',
    ])
  })

  it('the prefix is the estate’s, as metric names may be', () => {
    expect(['awoooi', 'my-shop', '9lives'].map(metricPrefix)).toEqual(['awoooi', 'my_shop', '_9lives'])
  })

  it.skipIf(!hasPromtool)('is what promtool takes', () => {
    const checked = spawnSync('promtool', ['check', 'metrics'], {
      input: monitorText('9-lives', valuesOfRound(snapshotWith('GREEN'), TIMES)),
      encoding: 'utf8',
    })
    expect([checked.stdout, checked.stderr, checked.status]).toEqual(['', '', 0])
  })
})

/** A monitor over scripted rounds; `publishes` is what was put into the textfile. */
function scripted(rounds: readonly (Snapshot | Error)[], options: { lastGreen?: () => Promise<Date | null>; publish?: (run: MonitorRun) => void } = {}) {
  const stop = new AbortController()
  const published: MonitorRun[] = []
  const failures: unknown[] = []
  let at = 0
  const monitor = new Monitor({
    runRound: async () => {
      const next = rounds[at++]
      if (at >= rounds.length) stop.abort()
      if (next === undefined || next instanceof Error) throw next ?? new Error('no more')
      return next
    },
    findLastGreen: options.lastGreen ?? (async () => null),
    publish: async (run) => {
      options.publish?.(run)
      published.push(run)
    },
    onPublishFailed: async (error) => void failures.push(error),
    onRun: async () => undefined,
    now: () => NOW,
    signal: stop.signal,
  })
  return { monitor, published, failures }
}

describe('monitor', () => {
  const locked = new EvidenceError('ledger_unavailable', 'the ledger is locked')

  it('survives rounds that fail, and tells each', async () => {
    const { monitor, published } = scripted([snapshotWith('GREEN'), locked, new TypeError('a bug'), snapshotWith('BLOCKED')])
    await monitor.runUntilStopped(0)
    expect(published.map(({ values }) => [values.up, values.result, values.lastGreen])).toEqual([
      [1, 'green', Date.parse('2026-06-27T11:59:00Z') / 1000],
      [0, 'check_failed', Date.parse('2026-06-27T11:59:00Z') / 1000],
      [0, 'check_failed', Date.parse('2026-06-27T11:59:00Z') / 1000],
      [1, 'blocked', Date.parse('2026-06-27T11:59:00Z') / 1000],
    ])
    expect(published.map((run) => ('error' in run ? run.error.code : null))).toEqual([null, 'ledger_unavailable', 'internal', null])
  })

  it('asks the ledger for the last green until it answers, and not after', async () => {
    let asked = 0
    const lastGreen = async (): Promise<Date> => {
      if (++asked === 1) throw locked
      return new Date(5000)
    }
    const { monitor, published } = scripted([locked, snapshotWith('DEGRADED'), snapshotWith('DEGRADED')], { lastGreen })
    await monitor.runUntilStopped(0)
    expect([asked, published.map(({ values }) => values.lastGreen)]).toEqual([2, [0, 5, 5]])
  })

  it('a textfile that cannot be written ends nothing', async () => {
    let at = 0
    const { monitor, published, failures } = scripted([snapshotWith('GREEN'), snapshotWith('GREEN')], {
      publish: () => {
        if (at++ === 0) throw locked
      },
    })
    await monitor.runUntilStopped(0)
    expect([failures, published.length]).toEqual([[locked], 1])
  })
})

describe('what is deployed', () => {
  it.skipIf(!hasPromtool)('rules: promtool takes them and their tests pass', () => {
    const ran = spawnSync('promtool', ['test', 'rules', 'test/monitor/rules.yml'], { cwd: REPOSITORY, encoding: 'utf8' })
    expect([ran.status, ran.stderr]).toEqual([0, ''])
    expect(ran.stdout).toContain('SUCCESS')
  })

  it('rules: those of deploy are printed ones', () => {
    expect(readFileSync(join(REPOSITORY, 'deploy/monitor-rules.yml'), 'utf8')).toBe(monitorRulesText('awoooi', 600))
  })

  it.skipIf(!hasPromtool).each(['9-lives', 'no', '007'])('rules of the estate %s: promtool takes them and the same tests pass', (estate) => {
    const folder = mkdtempSync(join(tmpdir(), 'rules-'))
    writeFileSync(join(folder, 'rules-of-estate.yml'), monitorRulesText(estate, 600))
    const tests = readFileSync(join(REPOSITORY, 'test/monitor/rules.yml'), 'utf8')
      .replace('../../deploy/monitor-rules.yml', 'rules-of-estate.yml')
      .replaceAll('estate: awoooi', `estate: '${estate}'`)
      .replaceAll('awoooi', metricPrefix(estate))
    writeFileSync(join(folder, 'tests.yml'), tests)
    expect(spawnSync('promtool', ['check', 'rules', 'rules-of-estate.yml'], { cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
    const ran = spawnSync('promtool', ['test', 'rules', 'tests.yml'], { cwd: folder, encoding: 'utf8' })
    expect([ran.status, ran.stderr]).toEqual([0, ''])
  })

  it('rules: a monitor is stale after three rounds that are missing, and never before half an hour', () => {
    const staleAfter = (intervalS: number) => /last_run_timestamp\) > (\d+)$/m.exec(monitorRulesText('awoooi', intervalS))?.[1]
    expect([60, 600, 601, 3600].map(staleAfter)).toEqual(['1800', '1800', '1803', '10800'])
  })

  it('rules: each alert is tested, and speaks of metrics that exist', () => {
    const text = readFileSync(join(REPOSITORY, 'deploy/monitor-rules.yml'), 'utf8')
    const tests = readFileSync(join(REPOSITORY, 'test/monitor/rules.yml'), 'utf8')
    const rules = (parse(text) as { groups: { rules: { alert?: string; record?: string }[] }[] }).groups.flatMap((group) => group.rules)
    expect(rules.length).toBeGreaterThan(10)
    expect(rules.filter(({ alert, record }) => !tests.includes(alert ?? record ?? '-'))).toEqual([])
    const metrics = monitorText('awoooi', valuesOfFailure(TIMES))
    const named = text.match(/\bawoooi_[a-z_]+/g) ?? []
    expect(named.filter((name) => !metrics.includes(`# TYPE ${name} `))).toEqual([])
  })

  it.skipIf(!hasSystemd)('systemd: units that systemd takes', () => {
    const folder = join(REPOSITORY, 'deploy/systemd')
    const units = readdirSync(folder)
    expect(units.sort()).toEqual(['evidence-monitor-once.service', 'evidence-monitor-once.timer', 'evidence-monitor.service'])
    for (const unit of units) expect(readFileSync(join(folder, unit), 'utf8')).toMatch(/^\[Unit\]$/m)
    const home = mkdtempSync(join(tmpdir(), 'units-'))
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', ...units.map((unit) => join(folder, unit))], {
      encoding: 'utf8',
      env: { ...process.env, HOME: home },
    })
    // The program is not installed where tests run; nothing else may be said.
    const said = verified.stderr.split('\n').filter((line) => line.includes('evidence-monitor') && !line.includes('/usr/local/bin/evidence is not executable'))
    expect(existsSync('/usr/local/bin/evidence') ? verified.stderr : said.join('\n')).toBe('')
  })
})
