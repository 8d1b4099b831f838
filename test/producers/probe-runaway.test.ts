import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { browserGroups, parseProcesses } from '../../producers/probes/process-groups.ts'
import { probeRunaway } from '../../producers/probes/runaway.ts'
import { runawayUnmet } from '../../schemas/expectations/runaway.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Facts = FactsOf<'runaway'>
const GOOD: Facts = { orphans: [], attended_groups: 1, ci_containers: 0, cpus: 4, load5: 2, io_pressure_percent: 1, memory_pressure_percent: 0 }
const ORPHAN = { group: 438005, program: 'chrome', processes: 12, age_s: 18000, cpu_percent: 187.4 }
const check = makeCheck('runaway', { host: 'h1', ci_containers: '^GITEA-ACTIONS-TASK-' })
const unmet = (change: Partial<Facts>, which = check) => runawayUnmet(which, { ...GOOD, ...change }, AT)

describe('runaway expectation', () => {
  it('is met by no orphans, and by load that is CI at work', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ load5: 4 })).toEqual([])
    expect(unmet({ load5: 30, ci_containers: 2, io_pressure_percent: null })).toEqual([])
    expect(unmet({ orphans: [{ ...ORPHAN, age_s: 299 }] })).toEqual([])
    expect(unmet({ ci_containers: null })).toEqual([])
  })

  it.each<[string, Partial<Facts>, string[]]>([
    ['a hot orphan', { orphans: [ORPHAN] }, ['orphan chrome group 438005: 12 processes, hot, 187% CPU, 18000 s old']],
    ['a hot orphan beside CI', { orphans: [ORPHAN], ci_containers: 2, load5: 30 }, ['orphan chrome group 438005: 12 processes, hot, 187% CPU, 18000 s old']],
    ['an idle orphan', { orphans: [{ ...ORPHAN, cpu_percent: 3, age_s: 300 }] }, ['orphan chrome group 438005: 12 processes, 3% CPU, 300 s old']],
    ['load without CI', { load5: 4.1 }, ['load per core 1.03 > 1 without CI at work: unexplained']],
    [
      'load that waits for storage',
      { load5: 8, io_pressure_percent: 61.5 },
      ['load per core 2 > 1 without CI at work: storage or memory pressure (io 62%, memory 0%)'],
    ],
    ['load of an unknown kind', { load5: 8, memory_pressure_percent: null }, ['load per core 2 > 1 without CI at work: unexplained, pressure not observed']],
    ['load where Docker does not say', { load5: 8, ci_containers: null }, ['load per core 2 > 1', 'not observed: CI containers']],
    ['unknown load', { load5: null }, ['not observed: load']],
    ['unknown processors', { cpus: null }, ['not observed: cpus']],
    ['no processors', { cpus: 0 }, ['not observed: cpus']],
  ])('is not met by %s', (_what, change, reasons) => {
    expect(unmet(change)).toEqual(reasons)
  })
})

describe('process groups', () => {
  const groups = (text: string) => browserGroups(parseProcesses(text), check.browsers)

  it('tells an orphan group from one whose starter runs', () => {
    const text = `
      1     0     1  9000    1 systemd
    900     1   900  8000    1 systemd
    500     1   500  7000 7000 chrome
    501   500   500  7000 3500 chrome
    502   501   500  7000    0 chrome_crashpad
    600     1   600  7000    1 node
    601   600   601  7000   10 chrome
    602   601   601  7000   10 chrome
    700   900   700  1000  500 chromium
    800   600   600  7000   10 headless_shell
`
    expect(groups(text)).toEqual({
      orphans: [
        { group: 500, program: 'chrome', processes: 2, age_s: 7000, cpu_percent: 150 },
        { group: 700, program: 'chromium', processes: 1, age_s: 1000, cpu_percent: 50 },
      ],
      attended: 2,
    })
  })

  it('finds orphans whose group leader is gone, and no division by zero', () => {
    expect(groups('501 1 500 0 0 chrome\n502 501 500 0 0 chrome').orphans).toEqual([{ group: 500, program: 'chrome', processes: 2, age_s: 0, cpu_percent: 0 }])
    // One member was handed to init, another still belongs to a script.
    expect(groups('501 1 500 9 0 chrome\n502 77 500 9 0 chrome\n77 1 77 9 0 node').orphans).toEqual([])
  })

  it.each(['', '\n', '1 0 1 2 chrome', 'error: unknown option', '1 0 1 2 3 init\n4 5 6'])('refuses the list %j', (text) => {
    expect(() => parseProcesses(text)).toThrow(/^ps printed/u)
  })
})

describe('runaway probe over ssh, with stand-ins', () => {
  let host: StandInHost
  beforeAll(async () => {
    host = await startStandInHost()
  })
  afterAll(() => host.stop())
  const look = (timeoutMs = 8000) => probeRunaway(check, makeContext({ transport: host.transport, timeoutMs }))
  const LOAD = '==> /proc/uptime <==\n9.0 1.0\n\n==> /proc/loadavg <==\n9.00 8.00 7.00 1/2 3\n\n==> /proc/stat <==\ncpu  1\ncpu0 1\ncpu1 1\n'
  const put = (programs: Partial<Record<'ps' | 'docker' | 'load' | 'pressure', string>> = {}) => {
    const good = {
      ps: says('1 0 1 9000 1 systemd'),
      docker: says('shop-db\nGITEA-ACTIONS-TASK-77\nother-GITEA-ACTIONS-TASK-1\n'),
      load: says(LOAD),
      pressure: says('==> /proc/pressure/io <==\nsome avg10=0.00 avg60=21.50 avg300=0.00 total=1\nfull avg10=0.00 avg60=9.00 avg300=0.00 total=1\n'),
      ...programs,
    }
    host.put('ps', good.ps)
    host.put('docker', good.docker)
    host.put('tail', `case "$*" in *pressure*) ${good.pressure};; *) ${good.load};; esac\n`)
  }

  it('reads orphans, CI, load and pressure', async () => {
    put({ ps: says('1 0 1 9000 1 systemd\n500 1 500 7000 7000 chrome') })
    const { facts, met } = await look()
    expect(FACTS.runaway.parse(facts)).toEqual(facts)
    expect([facts.orphans.length, facts.ci_containers, facts.cpus, facts.load5, facts.io_pressure_percent, facts.memory_pressure_percent, met]).toEqual([
      ...[1, 1, 2, 8, 21.5, null, false],
    ])
  })

  it('takes load for CI only where CI is seen', async () => {
    put()
    expect((await look()).met).toBe(true)
    for (const docker of [says(''), says('', 1, 'Cannot connect'), 'exit 127\n', says('GITEA-ACTIONS-TASK-77', 3)]) {
      put({ docker })
      expect((await look()).met).toBe(false)
    }
  })

  it('has no load where it is refused or cut', async () => {
    for (const load of ['exit 126', says(LOAD.slice(0, 50)), says('')]) {
      put({ load })
      expect(await look()).toMatchObject({ met: false, facts: { load5: null } })
    }
  })

  it('fails without a whole process list', async () => {
    put({ ps: says('') })
    expect(await failureOf(look())).toBe('parse parse: ps printed no process')
    put({ ps: says('1 0 1 9000 1 systemd\n500 1 50') })
    expect(await failureOf(look())).toBe('parse parse: ps printed something else')
    put({ ps: says('1 0 1 9000 1 systemd', 1) })
    expect(await failureOf(look())).toMatch(/^exit_status exec: ps: exit code 1/u)
    put({ ps: 'exit 127\n' })
    expect(await failureOf(look())).toMatch(/^exit_status exec: ps: exit code 127/u)
    put({ ps: 'exec sleep 30\n' })
    expect(await failureOf(look(700))).toMatch(/^timeout exec: /u)
  })
})

const hasPs = existsSync('/usr/bin/ps') || existsSync('/bin/ps')
if (!hasPs) console.log('REAL PS ABSENT: no procps on this machine')

describe.skipIf(!hasPs)('runaway probe and the real processes of this machine', () => {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-runaway-'))
  const pids: number[] = []
  afterAll(() => {
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  it('finds a program whose starter is gone, and not one whose starter waits', async () => {
    // Names of this test's own, so that no real browser of the machine plays a part.
    copyFileSync('/bin/sleep', join(dir, 'evid-orphan'))
    copyFileSync('/bin/sleep', join(dir, 'evid-child'))
    const started = spawnSync('setsid', ['sh', '-c', `${dir}/evid-orphan 120 >/dev/null 2>&1 & echo $!`], { encoding: 'utf8' })
    const orphan = Number(started.stdout.trim())
    const child = spawn(join(dir, 'evid-child'), ['120'], { stdio: 'ignore', detached: true })
    pids.push(...[orphan, child.pid ?? 0].filter((pid) => Number.isInteger(pid) && pid > 1))
    expect(pids).toHaveLength(2)
    await sleep(200)
    const parent = spawnSync('ps', ['-o', 'ppid=', '-p', String(orphan)], { encoding: 'utf8' }).stdout.trim()
    if (parent !== '1') return console.log(`NOT RUN: orphans of this machine go to process ${parent}`)
    const real = makeCheck('runaway', { browsers: ['evid-orphan', 'evid-child'], min_age_s: 0, max_load_per_core: 1000 })
    const { facts, met } = await probeRunaway(real, makeContext())
    expect(facts.orphans).toMatchObject([{ program: 'evid-orphan', processes: 1 }])
    expect([facts.attended_groups, met]).toEqual([1, false])
    expect(facts.load5).not.toBeNull()
  })
})
