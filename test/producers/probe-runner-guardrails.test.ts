import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeRunnerGuardrails } from '../../producers/probes/runner-guardrails.ts'
import { parseSpan } from '../../producers/probes/systemd-span.ts'
import { runnerGuardrailsUnmet } from '../../schemas/expectations/runner-guardrails.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Unit = FactsOf<'runner-guardrails'>['units'][number]
const UNIT: Unit = { name: 'actions.runner.a.service', load: 'loaded', active: 'active', cpu_quota_percent: 200, memory_max_bytes: 2147483648, watchdog_us: 0 }
const check = makeCheck('runner-guardrails', { host: 'h1', pattern: 'actions.runner.*' })
const unmet = (change: Partial<Unit>) => runnerGuardrailsUnmet(check, { units: [{ ...UNIT, ...change }] }, AT)

describe('runner-guardrails expectation', () => {
  it('is met by the limits of the runbook, and by tighter ones', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ cpu_quota_percent: 150, memory_max_bytes: 1, active: 'inactive', watchdog_us: 'infinity' })).toEqual([])
  })

  it.each<[string, Partial<Unit>, string[]]>([
    ['a watchdog', { watchdog_us: 180_000_000 }, ['unit actions.runner.a.service has watchdog 180000000 us > 0 us']],
    ['no quota', { cpu_quota_percent: 'infinity' }, ['unit actions.runner.a.service has no CPU quota']],
    ['a wider quota', { cpu_quota_percent: 400 }, ['unit actions.runner.a.service has CPU quota 400% > 200%']],
    ['no memory limit', { memory_max_bytes: 'infinity' }, ['unit actions.runner.a.service has no memory limit']],
    ['a wider memory limit', { memory_max_bytes: 2147483649 }, ['unit actions.runner.a.service has memory limit 2147483649 bytes > 2147483648 bytes']],
    ['a stopped unit without limits', { active: 'inactive', cpu_quota_percent: 'infinity' }, ['unit actions.runner.a.service has no CPU quota']],
    ['a broken unit', { load: 'bad-setting' }, ['unit actions.runner.a.service is bad-setting']],
    [
      'unknown values',
      { cpu_quota_percent: null, memory_max_bytes: null, watchdog_us: null },
      ['CPU quota', 'memory limit', 'watchdog'].map((what) => `not observed: ${what} of ${UNIT.name}`),
    ],
  ])('is not met by %s', (_what, change, reasons) => {
    expect(unmet(change)).toEqual(reasons)
  })

  it('is not met by no runners, or too few', () => {
    expect(runnerGuardrailsUnmet(check, { units: [] }, AT)).toEqual(['0 runner units < 1'])
    expect(runnerGuardrailsUnmet({ ...check, min_units: 2 }, { units: [UNIT] }, AT)).toEqual(['1 runner units < 2'])
  })
})

it('reads time spans as systemd writes them', () => {
  const spans = { '0': 0, infinity: 'infinity', '2s': 2_000_000, '1s 500ms': 1_500_000, '3min': 180_000_000, '1h 30min': 5_400_000_000, '500us': 500 }
  for (const [text, value] of Object.entries(spans)) expect(parseSpan(text)).toBe(value)
  for (const text of ['', '2', 's', '2 s', '2x', '-1s', '1s  2s', '1s constructor']) expect(parseSpan(text)).toBeNull()
})

describe('runner-guardrails probe over ssh, with a stand-in for systemctl', () => {
  let host: StandInHost
  beforeAll(async () => {
    host = await startStandInHost()
  })
  afterAll(() => host.stop())
  const look = (timeoutMs = 8000) => probeRunnerGuardrails(check, makeContext({ transport: host.transport, timeoutMs }))
  const LIST = 'actions.runner.a.service loaded active running Runner A\n● actions.runner.b.service loaded failed failed Runner B\n'
  const show = (name: string, quota: string, memory: string, watchdog: string) =>
    `WatchdogUSec=${watchdog}\nCPUQuotaPerSecUSec=${quota}\nMemoryMax=${memory}\nId=${name}\nLoadState=loaded\nActiveState=active\n`
  const SHOW = `${show('actions.runner.a.service', '2s', '2147483648', '0')}\n${show('actions.runner.b.service', 'infinity', 'infinity', '3min')}`
  const put = (list: string, shown = says(SHOW)) => host.put('systemctl', `case "$1" in\nlist-units) ${list};;\nshow) ${shown};;\nesac\nexit 9\n`)

  it('reads the limits of every service of the pattern', async () => {
    put(says(LIST))
    const { facts, met } = await look()
    expect(FACTS['runner-guardrails'].parse(facts)).toEqual(facts)
    expect(facts.units).toEqual([
      UNIT,
      { ...UNIT, name: 'actions.runner.b.service', cpu_quota_percent: 'infinity', memory_max_bytes: 'infinity', watchdog_us: 180_000_000 },
    ])
    expect(met).toBe(false)
    expect(runnerGuardrailsUnmet(check, facts, AT)).toHaveLength(3)
  })

  it('hands the pattern to systemctl and not to a shell', async () => {
    host.put('systemctl', `case "$*" in *' -- actions.runner.*') exit 0;; esac\nexit 9\n`)
    expect(await look()).toMatchObject({ met: false, facts: { units: [] } })
  })

  it('gives null for a limit of another form', async () => {
    put(says(LIST.split('\n')[0] ?? ''), says(show('actions.runner.a.service', '[not set]', '[not set]', '2 fortnights')))
    expect(await look()).toMatchObject({ met: false, facts: { units: [{ cpu_quota_percent: null, memory_max_bytes: null, watchdog_us: null }] } })
  })

  it.each([
    ['no systemd', says('', 1, 'System has not been booted with systemd'), says(SHOW), /^exit_status exec: systemctl: exit code 1/u],
    ['a list of something else', says('0 loaded units listed.'), says(SHOW), /^parse parse: systemctl listed something else$/u],
    ['a unit less', says(LIST), says(show('a', '2s', '1', '0')), /^parse parse: systemctl showed 1 units of 2$/u],
    ['a property less', says(LIST), says(SHOW.replace('MemoryMax=infinity\n', '')), /^parse parse: systemctl show printed no MemoryMax$/u],
    ['an error after the list', says(LIST), says(SHOW, 1), /^exit_status exec: /u],
    [
      'more units than evidence carries',
      says('u.service loaded\n'.repeat(101)),
      says(`${show('u.service', '2s', '1', '0')}\n`.repeat(101)),
      /^parse parse: not usable: units$/u,
    ],
    ['a systemctl that hangs', 'exec sleep 30', says(SHOW), /^timeout exec: /u],
  ])('fails on %s', async (_what, list, shown, failure) => {
    put(list, shown)
    expect(await failureOf(look(list.startsWith('exec') ? 700 : 8000))).toMatch(failure)
  })
})
