import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PROBES } from '../../producers/probes.ts'
import { judgeGate } from '../../projector/judge-gate.ts'
import { projectRound } from '../../projector/project-round.ts'
import { Estate } from '../../schemas/estate.ts'
import { newLedger, testRound } from '../support/run-test-round.ts'
import { keygen } from '../support/sshd.ts'
import { cronJob, listOf } from '../support/stand-in-cluster.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

/**
 * One machine behind the real sshd, in good order, looked at by every probe of what runs on a machine, through ledger
 * and projector. Then one fault at a time: exactly that check is not met, and nothing else changes.
 */
let host: StandInHost
let fingerprint = ''
const at = (name: string): string => join(host.dir, name)
const CRONJOBS = '/apis/batch/v1/namespaces/shop/cronjobs'
const recently = (): string => new Date(Date.now() - 3_600_000).toISOString()

const CONTAINER = { name: '/shop-db', status: 'running', exit_code: 0, oom_killed: false, started_at: '2026-01-01T00:00:00Z', restarts: 0, health: 'healthy' }
const UNIT = 'Id=cron.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nUnitFileState=enabled\nNRestarts=0\n'
const RUNNER = 'Id=actions.runner.a.service\nLoadState=loaded\nActiveState=active\nCPUQuotaPerSecUSec=2s\nMemoryMax=2147483648\nWatchdogUSec=0\n'
const LOAD = (load: string, uptime = '90000.0') =>
  `==> /proc/uptime <==\n${uptime} 1.0\n\n==> /proc/loadavg <==\n${load} 1/2 3\n\n==> /proc/stat <==\ncpu  1\ncpu0 1\ncpu1 1\n`

/** Answers of the machine's programs; a fault changes some. */
const GOOD = {
  units: says(UNIT),
  failed: says(''),
  runners: says('actions.runner.a.service loaded active running Runner'),
  limits: says(RUNNER),
  inspect: says(JSON.stringify(CONTAINER)),
  logs: says('ready'),
  running: says('shop-db'),
  journal: says('EXT4-fs (vda1): mounted filesystem'),
  load: says(LOAD('0.10 0.20 0.30')),
  ps: says('1 0 1 90000 1 systemd'),
  crontab: says('30 2 * * * /usr/local/bin/backup'),
  pgrep: says('712'),
  grep: says('/etc/crontab:1:SHELL=/bin/sh'),
  cronjobs: () => JSON.stringify(listOf(CRONJOBS, [cronJob('vectorize', { scheduled: recently(), succeeded: recently() })])[CRONJOBS]),
}
type Answers = { [K in keyof typeof GOOD]: (typeof GOOD)[K] }

function serve(change: Partial<Answers> = {}): void {
  const all = { ...GOOD, ...change }
  host.put('systemctl', `case "$*" in *CPUQuota*) ${all.limits};; show*) ${all.units};; *--failed*) ${all.failed};; *) ${all.runners};; esac\n`)
  host.put('docker', `case "$1" in inspect) ${all.inspect};; logs) ${all.logs};; *) ${all.running};; esac\n`)
  host.put('journalctl', all.journal)
  host.put('tail', `case "$*" in *pressure*) exit 1;; *loadavg*) ${all.load};; *) exec /usr/bin/tail "$@";; esac\n`)
  host.put('ps', all.ps)
  host.put('crontab', all.crontab)
  host.put('pgrep', all.pgrep)
  host.put('grep', all.grep)
  host.put('kubectl', says(all.cronjobs()))
  writeFileSync(at('token.json'), '{}', { mode: 0o600 })
  writeFileSync(at('live.sh'), '#!/bin/sh\n')
  writeFileSync(at('repository.sh'), '#!/bin/sh\n')
  writeFileSync(at('known_hosts'), `db-1 ${readFileSync(at('key.pub'), 'utf8').split(' ').slice(0, 2).join(' ')}\n`)
}

beforeAll(async () => {
  host = await startStandInHost()
  mkdirSync(at('fresh'))
  keygen(at('key'), 'ed25519')
  fingerprint = await printOf(at('key.pub'))
})
beforeEach(() => serve())
afterAll(() => host.stop())

async function printOf(file: string): Promise<string> {
  const result = await host.transport.run(['ssh-keygen', '-l', '-f', file], { timeoutMs: 8000, maxBytes: 1000, signal: new AbortController().signal })
  return /SHA256:\S+/u.exec(result.stdout.toString('utf8'))?.[0] ?? ''
}

function estate(): Estate {
  const checks: Record<string, unknown>[] = [
    { id: 'units', kind: 'systemd', units: ['cron.service'] },
    { id: 'containers', kind: 'docker', containers: ['shop-db'], max_restarts: 3 },
    { id: 'schedule', kind: 'cron', entries: [{ id: 'backup', command: '/usr/local/bin/backup' }] },
    { id: 'cronjobs', kind: 'cronjobs', namespace: 'shop', cronjobs: [{ name: 'vectorize', max_success_age_s: 86_400 }] },
    { id: 'token', kind: 'token-metadata', path: at('token.json'), uid: process.getuid?.() ?? 0 },
    { id: 'runaway', kind: 'runaway', ci_containers: '^CI-' },
    { id: 'quiet', kind: 'load-window' },
    { id: 'runners', kind: 'runner-guardrails', pattern: 'actions.runner.*' },
    { id: 'storage', kind: 'storage-signatures', containers: ['shop-db'] },
    { id: 'trust', kind: 'known-hosts', path: at('known_hosts'), entries: [{ host: 'db-1', fingerprint }] },
    { id: 'scripts', kind: 'script-parity', scripts: [{ repository: at('repository.sh'), live: at('live.sh') }] },
    { id: 'ping', kind: 'ping', address: '127.0.0.1' },
  ]
  return Estate.parse({
    ...{ estate: 'machine', version: '1', policy: 'sop@1.78', known_hosts: 'known_hosts', defaults: { timeout_ms: 20_000 }, gates: [{ id: 'G' }] },
    hosts: [{ id: 'web-1', address: '127.0.0.1', transport: 'ssh', ssh: { user: 'x' } }],
    checks: checks.map((check) => ({ gate: 'G', host: 'web-1', ...check })),
  })
}

/** Every check that is not PASS, with its reasons. */
async function look(): Promise<Record<string, string[]>> {
  const ledger = newLedger()
  const transport = { ...host.transport, close: async () => {} }
  const round = testRound(estate(), {
    ledger,
    probes: PROBES,
    openTransport: () => transport,
    judgeGate: (id, events) => judgeGate('test-round-1', id, events),
  })
  await round.run()
  const { checks, evidence } = await projectRound(ledger, 'test-round-1')
  expect([evidence.integrity, checks.length]).toEqual(['verified', 12])
  return Object.fromEntries(checks.filter((one) => one.status !== 'PASS').map((one) => [one.id, one.reasons]))
}

const inspect = (change: Partial<typeof CONTAINER>): string => says(JSON.stringify({ ...CONTAINER, ...change }))
const cronjobs = (change: Parameters<typeof cronJob>[1]) => () =>
  JSON.stringify(listOf(CRONJOBS, [cronJob('vectorize', { scheduled: recently(), succeeded: recently(), ...change })])[CRONJOBS])

describe('one machine, every probe of what runs on it', () => {
  it('is in order', async () => {
    expect(await look()).toEqual({})
  })

  it.each<[string, Partial<Answers>, Record<string, RegExp>]>([
    ['a failed unit', { units: says(UNIT.replace('ActiveState=active', 'ActiveState=failed')) }, { units: /^unit cron\.service is failed/u }],
    ['a failed unit that nobody explained', { failed: says('certbot.service loaded failed failed x') }, { units: /^failed unit certbot\.service$/u }],
    ['no systemd', { units: says('', 1, 'System has not been booted with systemd') }, { units: /^exit_status at exec$/u }],
    ['a restart loop', { inspect: inspect({ status: 'restarting', restarts: 9 }) }, { containers: /restart loop, restarted 9 times$/u }],
    ['a container that just came up', { inspect: inspect({ started_at: new Date().toISOString() }) }, { containers: /is warming up/u }],
    ['a lost cron entry', { crontab: says('# 30 2 * * * /usr/local/bin/backup') }, { schedule: /^entry backup is not scheduled$/u }],
    ['a second owner', { grep: says('/etc/cron.d/b:1:0 3 * * * root /usr/local/bin/backup') }, { schedule: /^entry backup has 2 owners/u }],
    ['no cron', { pgrep: says('', 1) }, { schedule: /^no cron daemon runs$/u }],
    ['a suspended CronJob', { cronjobs: cronjobs({ suspend: true }) }, { cronjobs: /^CronJob vectorize is suspended$/u }],
    ['an orphan browser', { ps: says('1 0 1 90000 1 systemd\n500 1 500 7000 9000 chrome') }, { runaway: /^orphan chrome group 500: 1 processes, hot/u }],
    ['a busy machine', { load: says(LOAD('9.00 9.00 9.00')) }, { runaway: /without CI at work/u, quiet: /^1-minute load per core 4\.5, not below 1$/u }],
    ['CI at work', { load: says(LOAD('9.00 9.00 9.00')), running: says('CI-7') }, { quiet: /^1-minute load/u }],
    ['a machine that just started', { load: says(LOAD('0.10 0.10 0.10', '60.0')) }, { quiet: /^up for 60 s < 900 s$/u }],
    ['a watchdog', { limits: says(RUNNER.replace('WatchdogUSec=0', 'WatchdogUSec=3min')) }, { runners: /has watchdog/u }],
    ['no runner', { runners: says('') }, { runners: /^0 runner units < 1$/u }],
    ['a damaged file system', { journal: says('EXT4-fs error: Structure needs cleaning') }, { storage: /^needs_cleaning in kernel, 1 lines$/u }],
    [
      'a panic in a container',
      { logs: says('', 0, 'PANIC: could not locate a valid checkpoint record') },
      { storage: /^no_valid_checkpoint in container shop-db/u },
    ],
  ])('%s is seen by the right check alone', async (_what, change, expected) => {
    serve(change)
    const seen = await look()
    expect(Object.keys(seen).sort()).toEqual(Object.keys(expected).sort())
    for (const [id, reason] of Object.entries(expected)) expect(seen[id]?.[0]).toMatch(reason)
  })

  it.each<[string, () => void, Record<string, RegExp>]>([
    ['a token that others can read', () => chmod('token.json', '644'), { token: /^token mode 644 is wider than 600$/u }],
    ['a lost token', () => rmSync(at('token.json')), { token: /^token file does not exist$/u }],
    ['another live script', () => writeFileSync(at('live.sh'), '#!/bin/sh\nexit 0\n'), { scripts: /^script .*, the repository has/u }],
    ['a known_hosts that was written over', () => writeFileSync(at('known_hosts'), ''), { trust: /^db-1 port 22 is no longer known$/u }],
  ])('%s is seen by the right check alone', async (_what, fault, expected) => {
    fault()
    const seen = await look()
    expect(Object.keys(seen)).toEqual(Object.keys(expected))
    for (const [id, reason] of Object.entries(expected)) expect(seen[id]?.[0]).toMatch(reason)
  })
})

function chmod(name: string, mode: string): void {
  rmSync(at(name))
  writeFileSync(at(name), '{}', { mode: Number.parseInt(mode, 8) })
}
