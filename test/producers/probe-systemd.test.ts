import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeSystemd } from '../../producers/probes/systemd.ts'
import { systemdUnmet } from '../../schemas/expectations/systemd.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Facts = FactsOf<'systemd'>
const UNIT: Facts['units'][number] = {
  name: 'cron.service',
  load: 'loaded',
  active: 'active',
  sub: 'running',
  result: 'success',
  enabled: 'enabled',
  restarts: 0,
}
const OLD: Facts['units'][number] = { ...UNIT, name: 'old.service', active: 'inactive', sub: 'dead', enabled: 'disabled' }
const GOOD: Facts = { units: [UNIT, OLD], failed_units: [] }
const settings = { units: ['cron.service'], stopped_units: ['old.service'], max_restarts: 2 }
const unmet = (facts: Facts, more: Record<string, unknown> = {}) => systemdUnmet(makeCheck('systemd', { ...settings, ...more }), facts, AT)
const withUnit = (change: Partial<typeof UNIT>): Facts => ({ ...GOOD, units: [{ ...UNIT, ...change }, OLD] })
const withOld = (change: Partial<typeof UNIT>): Facts => ({ ...GOOD, units: [UNIT, { ...OLD, ...change }] })

describe('systemd expectation', () => {
  it('is met where every unit is as declared', () => {
    expect(unmet(GOOD)).toEqual([])
    expect(unmet(withUnit({ restarts: 2, sub: 'exited' }))).toEqual([])
    expect(unmet(withUnit({ sub: 'exited', type: 'oneshot' }))).toEqual([])
    expect(unmet(withOld({ load: 'not-found', enabled: null }))).toEqual([])
    expect(unmet(withOld({ load: 'masked', enabled: 'masked' }))).toEqual([])
    expect(unmet({ ...GOOD, failed_units: ['certbot.service'] }, { explained_failed_units: ['certbot.service'] })).toEqual([])
  })

  it.each<[string, Facts, string]>([
    ['a failed unit', withUnit({ active: 'failed', sub: 'failed', result: 'exit-code' }), 'unit cron.service is failed (failed, exit-code)'],
    ['an inactive unit', withUnit({ active: 'inactive', sub: 'dead', result: null }), 'unit cron.service is inactive (dead)'],
    ['one that is still starting', withUnit({ active: 'activating', sub: 'auto-restart' }), 'unit cron.service is activating (auto-restart, success)'],
    ['one that does not exist', withUnit({ load: 'not-found', active: 'inactive' }), 'unit cron.service is not-found'],
    ['one that is masked but runs', withUnit({ load: 'masked' }), 'unit cron.service is masked'],
    ['one with a broken file', withUnit({ load: 'bad-setting' }), 'unit cron.service is bad-setting'],
    ['one whose processes have ended', withUnit({ sub: 'exited', type: 'forking' }), 'unit cron.service is active, and its processes have ended'],
    ['one that ended and does not say what it is', withUnit({ sub: 'exited', type: null }), 'unit cron.service is active, and its processes have ended'],
    ['a restart loop', withUnit({ restarts: 3 }), 'unit cron.service was restarted 3 times > 2'],
    ['unknown restarts', withUnit({ restarts: null }), 'not observed: restarts of cron.service'],
    ['a unit nobody reported', { ...GOOD, units: [OLD] }, 'not observed: unit cron.service'],
    ['no units at all', { ...GOOD, units: [] }, 'not observed: unit cron.service'],
    ['a stopped unit that runs', withOld({ active: 'active' }), 'unit old.service is active and must be stopped'],
    ['a stopped unit that would start', withOld({ enabled: 'enabled' }), 'unit old.service is enabled and must not start at boot'],
    ['one of which nobody knows', withOld({ enabled: null }), 'not observed: whether old.service is enabled'],
    ['a deleted unit that still runs', withOld({ load: 'not-found', active: 'active' }), 'unit old.service is active'],
    ['another failed unit', { ...GOOD, failed_units: ['certbot.service'] }, 'failed unit certbot.service'],
    ['unknown failed units', { ...GOOD, failed_units: null }, 'not observed: failed units'],
  ])('is not met by %s', (_what, facts, reason) => {
    expect(unmet(facts)).toContain(reason)
  })

  it('explains no failure of a unit that it demands', () => {
    const facts = { ...withUnit({ active: 'failed', sub: 'failed' }), failed_units: ['cron.service'] }
    expect(unmet(facts, { explained_failed_units: ['cron.service'] })).toEqual(['unit cron.service is failed (failed, success)'])
  })
})

const CRON = 'Id=cron.service\nLoadState=loaded\nActiveState=active\nSubState=running\nResult=success\nUnitFileState=enabled\nNRestarts=0\n'
const GONE = 'NRestarts=0\nResult=success\nId=old.service\nLoadState=not-found\nActiveState=inactive\nSubState=dead\nUnitFileState=\n'
const TIMER = 'Id=backup.timer\nLoadState=loaded\nActiveState=active\nSubState=waiting\nResult=success\nUnitFileState=enabled\n'

describe('systemd probe over ssh, with a stand-in for systemctl', () => {
  let host: StandInHost
  beforeAll(async () => {
    host = await startStandInHost()
  })
  afterAll(() => host.stop())

  const check = makeCheck('systemd', { host: 'h1', units: ['cron.service', 'backup.timer'], stopped_units: ['old.service'] })
  /** Answers of `systemctl show` and `systemctl list-units --failed`. */
  const answers = (show: string, failed = says('')) => host.put('systemctl', `case "$1" in\nshow) ${show};;\nlist-units) ${failed};;\nesac\nexit 9\n`)
  const look = (timeoutMs = 8000) => probeSystemd(check, makeContext({ transport: host.transport, timeoutMs }))
  const ALL = [CRON, TIMER, GONE].join('\n')

  it('reads units by name, in the order they were asked for', async () => {
    answers(says(ALL), says('certbot.service loaded failed failed Certbot\n● a.service not-found failed failed a\n'))
    const { facts, met, target } = await look()
    expect(FACTS.systemd.parse(facts)).toEqual(facts)
    expect(facts.units).toEqual([
      { name: 'cron.service', load: 'loaded', active: 'active', sub: 'running', result: 'success', enabled: 'enabled', restarts: 0, type: null },
      { name: 'backup.timer', load: 'loaded', active: 'active', sub: 'waiting', result: 'success', enabled: 'enabled', restarts: null, type: null },
      { name: 'old.service', load: 'not-found', active: 'inactive', sub: 'dead', result: 'success', enabled: null, restarts: 0, type: null },
    ])
    expect([facts.failed_units, met, target]).toEqual([['certbot.service', 'a.service'], false, 'h1'])
  })

  it('asks for exactly the declared units', async () => {
    host.put('systemctl', `[ "$1" = list-units ] && exit 0\necho "$*" > ${host.dir}/asked\n${says(ALL)}`)
    expect((await look()).met).toBe(true)
    const asked = await host.transport.run(['cat', '--', `${host.dir}/asked`], { timeoutMs: 8000, maxBytes: 1000, signal: new AbortController().signal })
    expect(asked.stdout.toString('utf8')).toMatch(/ -- cron\.service backup\.timer old\.service\n$/u)
  })

  it('reports failed units as not observed where they cannot be listed', async () => {
    answers(says(ALL), says('', 1, 'Failed to list units'))
    expect(await look()).toMatchObject({ met: false, facts: { failed_units: null } })
  })

  it.each([
    [
      'no systemd',
      says('', 1, "System has not been booted with systemd as init system (PID 1). Can't operate."),
      /^exit_status exec: systemctl: exit code 1: System has not/u,
    ],
    ['a refusal', says('', 1, 'Failed to connect to bus: Permission denied'), /^permission exec: /u],
    ['nothing', says(''), /^parse parse: systemctl showed 0 units of 3$/u],
    ['a unit less', says(`${CRON}\n${TIMER}`), /^parse parse: systemctl showed 2 units of 3$/u],
    ['a cut block', says(`${CRON}\n${TIMER}\nId=old.service\n`), /^parse parse: systemctl show printed no LoadState$/u],
    ['a cut line', says(`${CRON}\n${TIMER}\n${GONE}Unit\n`), /^parse parse: systemctl show printed something else$/u],
    ['the same property twice', says(`${CRON}Id=x\n\n${TIMER}\n${GONE}`), /^parse parse: systemctl show printed something else$/u],
    ['junk', says('\u001b[31m???'), /^parse parse: /u],
    ['another exit code with good output', says(ALL, 3), /^exit_status exec: systemctl: exit code 3$/u],
    ['more than anybody prints', 'yes x | head -c 1100000', /^parse read: more than 1048576 bytes$/u],
  ])('fails on %s', async (_what, body, failure) => {
    answers(body)
    expect(await failureOf(look())).toMatch(failure)
  })

  it('fails where systemctl hangs, or is not there', async () => {
    answers('exec sleep 30')
    expect(await failureOf(look(700))).toMatch(/^timeout exec: /u)
    host.put('systemctl', 'exit 127\n')
    expect(await failureOf(look())).toMatch(/^exit_status exec: systemctl: exit code 127/u)
  })
})

describe('systemd probe and the real systemctl', () => {
  it('says honestly what this machine is', async () => {
    const result = probeSystemd(makeCheck('systemd', { units: ['cron.service'] }), makeContext())
    if (existsSync('/run/systemd/system')) expect((await result).facts.units[0]?.name).toBe('cron.service')
    else expect(await failureOf(result)).toMatch(/^(?:exit_status|permission) exec: /u)
  })
})
