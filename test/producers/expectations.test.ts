import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { commandUnmet } from '../../schemas/expectations/command.ts'
import { delegatedUnmet } from '../../schemas/expectations/delegated.ts'
import { escrowItemsPresent, escrowUnmet } from '../../schemas/expectations/escrow.ts'
import { fileUnmet } from '../../schemas/expectations/file.ts'
import { hostUnmet } from '../../schemas/expectations/host.ts'
import { textfileUnmet } from '../../schemas/expectations/textfile.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { makeCheck } from '../support/probe-context.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
const ago = (seconds: number): string => new Date(AT.getTime() - seconds * 1000).toISOString()

const HOST: FactsOf<'host'> = {
  boot_id: '5578c777-a8df-43c7-bea0-567eee60629a',
  boot_time: ago(600),
  uptime_s: 600,
  kernel: '6.1.0',
  systemd: { present: true, state: 'running', failed_units: [] },
  cpus: 4,
  load: [9, 4, 1],
  memory: { total_bytes: 1000, available_bytes: 400 },
  swap: { total_bytes: 1000, used_bytes: 100 },
  disks: [
    { mount: '/', fstype: 'ext4', total_bytes: 1000, available_bytes: 300 },
    { mount: '/data', fstype: 'xfs', total_bytes: 1000, available_bytes: 97 },
  ],
  readonly_mounts: [],
}
const LIMITS = { max_load_per_core: 2, min_memory_available_percent: 10, max_swap_used_percent: 50, min_disk_available_percent: 5 }
const host = (settings: Record<string, unknown>, change: Partial<FactsOf<'host'>> = {}) =>
  hostUnmet(makeCheck('host', { ...settings }), { ...HOST, ...change }, AT)
const systemd = (state: string | null, failed: string[] | null) => ({ systemd: { present: true, state, failed_units: failed } })
const ABSENT = { systemd: { present: false, state: null, failed_units: null } }

describe('host expectation', () => {
  it('is met by a healthy host', () => {
    expect(host(LIMITS)).toEqual([])
  })

  it('judges systemd', () => {
    expect(host({}, systemd('degraded', ['a.service', 'b.service']))).toEqual(['failed unit a.service', 'failed unit b.service'])
    expect(host({ explained_failed_units: ['a.service'] }, systemd('degraded', ['a.service']))).toEqual([])
    expect(host({ explained_failed_units: ['a.service'] }, systemd('degraded', ['a.service', 'b.service']))).toEqual(['failed unit b.service'])
    expect(host({}, systemd('running', ['a.service']))).toEqual(['failed unit a.service'])
    expect(host({}, systemd('degraded', []))).toEqual(['systemd is degraded'])
    for (const state of ['starting', 'initializing', 'maintenance', 'stopping', 'offline', 'unknown']) {
      expect(host({ explained_failed_units: ['a.service'] }, systemd(state, ['a.service']))).toEqual([`systemd is ${state}`])
    }
    expect(host({}, ABSENT)).toEqual([])
    expect(host({ systemd: 'required' }, ABSENT)).toEqual(['systemd is absent'])
    expect(host({ systemd: 'ignore' }, systemd('degraded', ['a.service']))).toEqual([])
  })

  it('says what was not observed', () => {
    expect(host(LIMITS, { systemd: null, readonly_mounts: null, load: null, memory: null, swap: null, disks: null })).toEqual([
      'not observed: systemd',
      'not observed: mounts',
      'not observed: load',
      'not observed: memory',
      'not observed: swap',
      'not observed: disks',
    ])
    expect(host({}, systemd(null, []))).toEqual(['not observed: systemd state'])
    expect(host({}, systemd('running', null))).toEqual(['not observed: failed units'])
    expect(host(LIMITS, { cpus: null, disks: [], memory: { total_bytes: 0, available_bytes: 0 } })).toEqual([
      'not observed: cpus',
      'not observed: memory',
      'not observed: disks',
    ])
  })

  it('holds limits on the edge and names what is over them', () => {
    expect(host({ max_load_per_core: 1, min_memory_available_percent: 40, max_swap_used_percent: 10, min_disk_available_percent: 9.7 })).toEqual([])
    expect(host({ max_load_per_core: 0.99, min_memory_available_percent: 40.1, max_swap_used_percent: 9.9, min_disk_available_percent: 10 })).toEqual([
      'load per core 1 > 0.99',
      'memory 40% available < 40.1%',
      'swap 10% used > 9.9%',
      'disk /data 9.7% available < 10%',
    ])
    expect(host({ max_swap_used_percent: 0 }, { swap: { total_bytes: 0, used_bytes: 0 } })).toEqual([])
  })

  it('judges the declared disks only, and misses the one that is not mounted', () => {
    expect(host({ min_disk_available_percent: 20, disks: ['/'] })).toEqual([])
    expect(host({ min_disk_available_percent: 5, disks: ['/', '/backup'] })).toEqual(['not observed: disk /backup'])
    expect(host({ disks: ['/backup'] })).toEqual(['not observed: disk /backup'])
  })

  it('judges read-only mounts', () => {
    expect(host({}, { readonly_mounts: ['/', '/sn\u00f6w'] })).toEqual(['mount / is read-only', 'mount /sn?w is read-only'])
    expect(host({ allow_readonly_mounts: ['/'] }, { readonly_mounts: ['/'] })).toEqual([])
  })

  it('never gets better by losing a fact', () => {
    const keys = fc.subarray(['systemd', 'readonly_mounts', 'load', 'cpus', 'memory', 'swap', 'disks'])
    const bad: Partial<FactsOf<'host'>> = {
      ...systemd('degraded', ['a.service']),
      readonly_mounts: ['/'],
      load: [99, 99, 99],
      memory: { total_bytes: 9, available_bytes: 0 },
    }
    fc.assert(
      fc.property(keys, fc.boolean(), (lost, isBad) => {
        const facts = { ...HOST, ...(isBad ? bad : {}) }
        const before = hostUnmet(makeCheck('host', LIMITS), facts, AT)
        const after = hostUnmet(makeCheck('host', LIMITS), { ...facts, ...Object.fromEntries(lost.map((key) => [key, null])) }, AT)
        if (lost.length > 0) expect(after.length).toBeGreaterThan(0)
        if (before.length > 0) expect(after.length).toBeGreaterThan(0)
      }),
    )
  })
})

describe('file expectation', () => {
  const facts = { path: '/f', exists: true, size_bytes: 10, modified_at: ago(100), sha256: 'a'.repeat(64) }
  const file = (settings: Record<string, unknown>, change: object = {}) =>
    fileUnmet(makeCheck('file', { path: '/f', ...settings }), { ...facts, ...change }, AT)

  it('judges existence, age, size and digest', () => {
    expect(file({ max_age_s: 100, min_bytes: 10, max_bytes: 10, sha256: 'a'.repeat(64) })).toEqual([])
    expect(file({}, { exists: false })).toEqual(['file does not exist'])
    expect(file({ max_age_s: 99 })).toEqual(['file is 100 s old > 99 s'])
    expect(file({ min_bytes: 11 })).toEqual(['file has 10 bytes < 11'])
    expect(file({ max_bytes: 9 })).toEqual(['file has 10 bytes > 9'])
    expect(file({ sha256: 'b'.repeat(64) })).toEqual(['file sha256 is not the declared one'])
  })

  it('refuses the future beyond five minutes, with or without a limit', () => {
    expect(file({}, { modified_at: ago(-300) })).toEqual([])
    expect(file({}, { modified_at: ago(-301) })).toEqual(['file modified in the future'])
    expect(file({ max_age_s: 10 }, { modified_at: ago(-301) })).toEqual(['file modified in the future'])
  })

  it('says what was not observed', () => {
    const lost = { size_bytes: null, modified_at: null, sha256: null }
    expect(file({ max_age_s: 1, min_bytes: 1, sha256: 'a'.repeat(64) }, lost)).toEqual([
      'not observed: file time',
      'not observed: file size',
      'not observed: file sha256',
    ])
    expect(file({}, lost)).toEqual([])
  })
})

describe('textfile expectation', () => {
  const sample = (value: number | 'NaN' | '+Inf' | '-Inf', labels: Record<string, string> = {}) => ({ name: 'm', labels, value })
  const textfile = (metrics: object[], samples: object[], settings: Record<string, unknown> = {}, modifiedAt: string | null = ago(10)) =>
    textfileUnmet(
      makeCheck('textfile', { path: '/m', metrics, ...settings }),
      { source: '/m', modified_at: modifiedAt, series: 9, samples: samples as FactsOf<'textfile'>['samples'] },
      AT,
    )

  it('compares with every operator', () => {
    const cases: [string, number, boolean][] = [
      ['== 1', 1, true],
      ['== 1', 2, false],
      ['!= 1', 2, true],
      ['>= 1', 1, true],
      ['<= 1', 1.5, false],
      ['> 0', 0, false],
      ['< -1.5e2', -151, true],
    ]
    for (const [condition, value, ok] of cases) expect(textfile([{ name: 'm', condition }], [sample(value)]), condition).toHaveLength(ok ? 0 : 1)
    expect(textfile([{ name: 'm', condition: '> 0' }], [sample(0, { host: 'a' })])).toEqual(['m{host="a"} is 0, not > 0'])
  })

  it('needs at least one series, and every one of them good', () => {
    expect(textfile([{ name: 'm' }], [])).toEqual(['not observed: m'])
    expect(textfile([{ name: 'm', labels: { job: 'x' } }], [sample(1)])).toEqual(['not observed: m{job="x"}'])
    expect(textfile([{ name: 'm', labels: { toString: 'x' } }], [sample(1)])).toHaveLength(1)
    expect(textfile([{ name: 'm', condition: '== 1' }], [sample(1, { a: '1' }), sample(0, { a: '2' })])).toEqual(['m{a="2"} is 0, not == 1'])
  })

  it('holds nothing for NaN and the infinities', () => {
    for (const value of ['NaN', '+Inf', '-Inf'] as const) {
      expect(textfile([{ name: 'm', condition: '!= 5' }], [sample(value)])).toEqual([`m is ${value}`])
      expect(textfile([{ name: 'm', max_age_s: 5 }], [sample(value)])).toEqual([`m is ${value}`])
      expect(textfile([{ name: 'm' }], [sample(value)])).toEqual([])
    }
  })

  it('judges Unix times and the age of the file', () => {
    const now = AT.getTime() / 1000
    expect(textfile([{ name: 'm', max_age_s: 60 }], [sample(now - 60)])).toEqual([])
    expect(textfile([{ name: 'm', max_age_s: 60 }], [sample(now - 61)])).toEqual(['m is 61 s old > 60 s'])
    expect(textfile([{ name: 'm', max_age_s: 60 }], [sample(now + 301)])).toEqual(['m modified in the future'])
    expect(textfile([{ name: 'm', max_age_s: 60 }], [sample(1e20)])).toEqual(['not observed: m time'])
    expect(textfile([{ name: 'm' }], [sample(1)], { max_age_s: 9 })).toEqual(['file is 10 s old > 9 s'])
    expect(textfile([{ name: 'm' }], [sample(1)], { max_age_s: 9 }, null)).toEqual(['not observed: file time'])
    expect(textfile([{ name: 'm' }], [sample(1)], {}, ago(-9999))).toEqual(['file modified in the future'])
  })
})

describe('command expectation', () => {
  const facts = { command: 'c', argv_sha256: '', exit_code: 0 as const, stdout_bytes: 0, stdout_sha256: '', matched: null as boolean | null }
  const command = (settings: Record<string, unknown>, matched: boolean | null) =>
    commandUnmet(makeCheck('command', { command: 'c', ...settings }), { ...facts, matched }, AT)

  it('needs a match where one is declared', () => {
    expect(command({}, null)).toEqual([])
    expect(command({ equals: 'x' }, true)).toEqual([])
    expect(command({ equals: 'x' }, false)).toEqual(['output is not the expected one'])
    expect(command({ matches: 'x' }, null)).toEqual(['not observed: output match'])
  })
})

describe('escrow expectation', () => {
  const marker = (item: string, change: object = {}) => ({ item, present: true, marked_at: ago(100), evidence_id_sha256: 'a'.repeat(64), ...change })
  const check = (settings: Record<string, unknown> = {}) => makeCheck('escrow', { path: '/e', ...settings })

  it('counts only markers that are whole, young and not from the future', () => {
    const markers = [
      marker('good_one'),
      marker('absent', { present: false, marked_at: null, evidence_id_sha256: null }),
      marker('no_digest', { evidence_id_sha256: null }),
      marker('no_time', { marked_at: null }),
      marker('future', { marked_at: ago(-999) }),
      marker('old_one', { marked_at: ago(1001) }),
      marker('twice'),
      marker('twice', { present: false }),
    ]
    const facts = { source: '/e', markers }
    expect(escrowItemsPresent(check({ max_age_s: 1000 }), facts, AT)).toEqual(['good_one'])
    expect(escrowItemsPresent(check(), facts, AT)).toEqual(['good_one', 'old_one'])
    expect(escrowUnmet(check({ max_age_s: 1000 }), facts, AT)).toEqual([
      'marker absent not present',
      'not observed: marker no_digest evidence id',
      'not observed: marker no_time time',
      'marker future modified in the future',
      'marker old_one is 1001 s old > 1000 s',
      'marker twice not present',
    ])
  })

  it('is not met by an empty inventory', () => {
    expect(escrowUnmet(check(), { source: '/e', markers: [] }, AT)).toEqual(['no marker present'])
    expect(escrowUnmet(check(), { source: '/e', markers: [marker('good_one')] }, AT)).toEqual([])
  })
})

describe('delegated expectation', () => {
  const green = { as_of: null, pass: 9, warn: 0, blocked: 0, result: 'GREEN' as const, blockers: [], warnings: [] }
  const line = { text: 'x', class: 'other' as const, gate: null }
  const delegated = (change: object, settings: Record<string, unknown> = {}) =>
    delegatedUnmet(makeCheck('delegated', { report: 'cold_start', command: 'c', ...settings }), { ...green, ...change }, AT)

  it('takes the worst that a report says', () => {
    expect(delegated({})).toEqual([])
    expect(delegated({ result: null })).toEqual([])
    expect(delegated({ result: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED' })).toEqual([])
    expect(delegated({ result: 'DEGRADED' })).toEqual(['result is DEGRADED'])
    expect(delegated({ blocked: 2 })).toEqual(['2 blocked'])
    expect(delegated({ blockers: [line] })).toEqual(['1 blocked'])
    expect(delegated({ warn: 1, warnings: [line, line] })).toEqual(['2 warnings'])
    expect(delegated({ pass: 0 })).toEqual(['nothing passed'])
    expect(delegated({ blocked: null })).toEqual(['not observed: counts'])
    expect(delegated({ pass: null, warn: null, blocked: null, result: null }, { report: 'backup_status' })).toEqual([])
  })

  it('judges the age of a report file', () => {
    expect(delegated({ as_of: ago(61) }, { max_age_s: 60 })).toEqual(['report is 61 s old > 60 s'])
    expect(delegated({}, { max_age_s: 60 })).toEqual(['not observed: report time'])
  })
})
