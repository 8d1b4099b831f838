import { cpus, loadavg, uptime } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeLoadWindow } from '../../producers/probes/load-window.ts'
import { loadWindowUnmet } from '../../schemas/expectations/load-window.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Facts = FactsOf<'load-window'>
const GOOD: Facts = { cpus: 4, load: [3.9, 3, 2], uptime_s: 900 }
const check = makeCheck('load-window', { host: 'h1' })
const unmet = (change: Partial<Facts>, settings: Record<string, unknown> = {}) =>
  loadWindowUnmet(makeCheck('load-window', settings), { ...GOOD, ...change }, AT)

describe('load-window expectation', () => {
  it('is met below the limit for a whole window', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ load: [0, 0, 0] })).toEqual([])
    expect(unmet({ load: [7.9, 7.9, 7.9] }, { below_per_core: 2 })).toEqual([])
  })

  it.each<[string, Partial<Facts>, string[]]>([
    ['a load at the limit', { load: [4, 3, 2] }, ['1-minute load per core 1, not below 1']],
    ['a load five minutes ago', { load: [1, 5, 2] }, ['5-minute load per core 1.25, not below 1']],
    ['a load fifteen minutes ago', { load: [1, 2, 4.01] }, ['15-minute load per core 1.01, not below 1']],
    ['a short uptime', { uptime_s: 899.9 }, ['up for 899 s < 900 s']],
    ['an unknown uptime', { uptime_s: null }, ['not observed: uptime']],
    ['an unknown load', { load: null }, ['not observed: load']],
    ['unknown processors', { cpus: null }, ['not observed: cpus']],
    ['nothing', { cpus: null, load: null, uptime_s: null }, ['not observed: uptime', 'not observed: load']],
  ])('is not met by %s', (_what, change, reasons) => {
    expect(unmet(change)).toEqual(reasons)
  })
})

describe('load-window probe', () => {
  let host: StandInHost
  beforeAll(async () => {
    host = await startStandInHost()
  })
  afterAll(() => host.stop())
  const look = (timeoutMs = 8000) => probeLoadWindow(check, makeContext({ transport: host.transport, timeoutMs }))

  it('reads the real kernel of this machine, here and over ssh', async () => {
    for (const context of [makeContext(), makeContext({ transport: host.transport })]) {
      const { facts } = await probeLoadWindow(check, context)
      expect(FACTS['load-window'].parse(facts)).toEqual(facts)
      expect(facts.cpus).toBe(cpus().length)
      expect(Math.abs((facts.uptime_s ?? 0) - uptime())).toBeLessThan(60)
      expect(Math.abs((facts.load?.[2] ?? Number.NaN) - (loadavg()[2] ?? 0))).toBeLessThan(2)
    }
  })

  const STAT = '==> /proc/stat <==\ncpu  1\ncpu0 1\n'
  it.each([
    ['a file is missing', says(`==> /proc/uptime <==\n9000.0 1.0\n\n${STAT}`, 1, 'tail: cannot open'), { cpus: 1, load: null, uptime_s: 9000 }],
    [
      'a file is empty',
      says(`==> /proc/uptime <==\n\n==> /proc/loadavg <==\n0.10 0.10 0.10 1/2 3\n\n${STAT}`),
      { cpus: 1, load: [0.1, 0.1, 0.1], uptime_s: null },
    ],
    ['a line is cut', says(`==> /proc/uptime <==\n9000.0 1.0\n\n==> /proc/loadavg <==\n0.10 0.1\n\n${STAT}`), { cpus: 1, load: null, uptime_s: 9000 }],
    [
      'numbers are junk',
      says('==> /proc/uptime <==\nnan nan\n\n==> /proc/loadavg <==\nnan nan nan\n\n==> /proc/stat <==\nnone\n'),
      { cpus: null, load: null, uptime_s: null },
    ],
  ])('gives null where %s, with a stand-in for tail', async (_what, body, facts) => {
    host.put('tail', body)
    expect(await look()).toMatchObject({ met: false, facts })
  })

  it('fails where nothing was read', async () => {
    host.put('tail', says(''))
    expect(await failureOf(look())).toBe('parse parse: nothing of /proc was printed')
    host.put('tail', 'exit 127\n')
    expect(await failureOf(look())).toMatch(/^exit_status exec: tail: exit code 127/u)
    host.put('tail', 'exit 126\n')
    expect(await failureOf(look())).toMatch(/^permission exec: /u)
    host.put('tail', 'exec sleep 30\n')
    expect(await failureOf(look(700))).toMatch(/^timeout exec: /u)
  })
})
