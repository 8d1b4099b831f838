import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeCron } from '../../producers/probes/cron.ts'
import { readCrontab, splitSystemCrontabs } from '../../producers/probes/crontab-text.ts'
import { cronUnmet } from '../../schemas/expectations/cron.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Facts = FactsOf<'cron'>
const OWNER = { source: '/etc/cron.d/backup', line: 2, schedule: '30 2 * * *', user: 'root' }
const GOOD: Facts = { daemon: true, own_read: true, system_read: true, jobs: 3, bad_lines: [], entries: [{ id: 'backup', owners: [OWNER] }] }
const check = makeCheck('cron', { host: 'h1', entries: [{ id: 'backup', command: '/usr/local/bin/backup\\b', schedule: '30 2 * * *', user: 'root' }] })
const unmet = (change: Partial<Facts>) => cronUnmet(check, { ...GOOD, ...change }, AT)
const owned = (...owners: (typeof OWNER | { source: string; line: number; schedule: string; user: null })[]): Partial<Facts> => ({
  entries: [{ id: 'backup', owners }],
})

describe('cron expectation', () => {
  it('is met by one owner of each entry', () => {
    expect(unmet({})).toEqual([])
  })

  it.each<[string, Partial<Facts>, string]>([
    ['no daemon', { daemon: false }, 'no cron daemon runs'],
    ['an unknown daemon', { daemon: null }, 'not observed: cron daemon'],
    ['an unread own crontab', { own_read: false }, 'not observed: own crontab'],
    ['unread system crontabs', { system_read: false }, 'not observed: system crontabs'],
    ['a broken file', { bad_lines: [{ source: '/etc/cron.d/x', line: 3 }] }, '/etc/cron.d/x line 3 cannot be read by cron'],
    ['no owner', owned(), 'entry backup is not scheduled'],
    ['two owners', owned(OWNER, { ...OWNER, source: 'own crontab', line: 9, user: null }), 'entry backup has 2 owners: /etc/cron.d/backup:2 own crontab:9'],
    ['another schedule', owned({ ...OWNER, schedule: '0 3 * * *' }), 'entry backup is scheduled 0 3 * * *, not 30 2 * * *'],
    ['another user', owned({ ...OWNER, user: 'wooo' }), 'entry backup runs as wooo, not root'],
    ['the owner of a crontab', owned({ ...OWNER, user: null }), 'entry backup runs as the owner of the crontab, not root'],
    ['an entry nobody looked for', { entries: [] }, 'not observed: entry backup'],
  ])('is not met by %s', (_what, change, reason) => {
    expect(unmet(change)).toEqual([reason])
  })
})

describe('crontab text', () => {
  const read = (text: string, isSystem = false) =>
    readCrontab(
      'f',
      text.split('\n').map((line, i) => [i + 1, line] as const),
      isSystem,
    )

  it('finds jobs among comments and settings', () => {
    const { jobs, badLines } = read('# 0 1 * * * commented\n\nPATH=/bin\nMAILTO = "a b"\n  */5  1-3,9 * jan mon-fri  cmd  a\tb\n@reboot start me\n')
    expect(badLines).toEqual([])
    expect(jobs).toEqual([
      { source: 'f', line: 5, schedule: '*/5 1-3,9 * jan mon-fri', user: null, command: 'cmd a b' },
      { source: 'f', line: 6, schedule: '@reboot', user: null, command: 'start me' },
    ])
    expect(read('17 *\t* * *\troot    cd / && run', true).jobs).toEqual([
      { source: 'f', line: 1, schedule: '17 * * * *', user: 'root', command: 'cd / && run' },
    ])
  })

  it.each(['30 2 * *', '30 2 * * *', '30 2 * * backup', '@sometimes x', '@daily', 'x y z a b cmd', '30 2 * * <<< cmd'])('cannot read %s', (line) => {
    expect(read(line)).toEqual({ jobs: [], badLines: [{ source: 'f', line: 1 }] })
  })

  it.each([
    '60 2 * * * x',
    '0 24 * * * x',
    '0 0 0 * * x',
    '0 0 * 13 * x',
    '0 0 * * 8 x',
    '*/0 * * * * x',
    '9-5 * * * * x',
    ', * * * * x',
    '0 0 * foo * x',
    '0 2 * * * x\r',
    '\r',
    'PATH=/bin\r',
  ])('cannot read %j', (line) => {
    expect(read(line)).toEqual({ jobs: [], badLines: [{ source: 'f', line: 1 }] })
  })

  it.each([
    ['a date that never comes', '30 2 31 2 * x'],
    ['dates that never come', '30 2 30-31 feb * x'],
    ['a comment of the shell', '0 2 * * * # x'],
    ['input only', '0 2 * * * %x'],
    ['a command that does nothing', '0 2 * * * /bin/true x --all'],
    ['an echo', '0 2 * * * echo x'],
    ['an exit before it', '0 2 * * * exit 0; x'],
    ['a shell that runs nothing', 'SHELL=/bin/false\n0 2 * * * x'],
    ['a login that is none', 'SHELL = "/usr/sbin/nologin"\n0 2 * * * x'],
  ])('finds no job in %s', (_what, text) => {
    expect(read(text)).toEqual({ jobs: [], badLines: [] })
  })

  it.each([
    ['0 2 29 2 * x', 'x'],
    ['0 2 31 2 mon x', 'x'],
    ['0 2 * * 7 a\\%b # c', 'a\\%b'],
    ['*/5 * * * * a%input', 'a'],
    ['0 2 * * * a "# b" c#d', 'a "# b" c#d'],
    ['0 2 * * * true && x', 'true && x'],
    ['SHELL=/bin/false\nSHELL=/bin/bash\n0 2 * * * x', 'x'],
    ['# a comment\r\n0 2 * * * x', 'x'],
  ])('finds the command of %j', (text, command) => {
    expect(read(text)).toMatchObject({ jobs: [{ command }], badLines: [] })
  })

  it('needs a user and a command in a system crontab', () => {
    expect(read('30 2 * * * root', true).badLines).toHaveLength(1)
  })

  it('takes the files that cron takes', () => {
    const files = splitSystemCrontabs(
      '/etc/crontab:1:a\n/etc/cron.d/ok:1:b:c\n/etc/cron.d/ok:2:\n/etc/cron.d/old.bak:1:x\n/etc/cron.d/.placeholder:1:x\n/etc/cron.d/sub/x:1:y\n',
    )
    expect([...(files ?? [])]).toEqual([
      ['/etc/crontab', [[1, 'a']]],
      [
        '/etc/cron.d/ok',
        [
          [1, 'b:c'],
          [2, ''],
        ],
      ],
    ])
    expect(splitSystemCrontabs('/etc/crontab:1:a\njunk\n')).toBeNull()
  })
})

describe('cron probe over ssh, with stand-ins', () => {
  let host: StandInHost
  beforeAll(async () => {
    host = await startStandInHost()
  })
  afterAll(() => host.stop())
  const look = (timeoutMs = 8000) => probeCron(check, makeContext({ transport: host.transport, timeoutMs }))
  const put = (programs: Partial<Record<'pgrep' | 'crontab' | 'grep', string>> = {}) => {
    const good = {
      pgrep: says('712'),
      crontab: says('# mine\n5 * * * * other\n'),
      grep: says(
        '/etc/crontab:1:SHELL=/bin/sh\n/etc/cron.d/backup:1:# backup\n/etc/cron.d/backup:2:30 2\t* * *\troot /usr/local/bin/backup --all token=s3cret\n',
      ),
    }
    for (const [name, body] of Object.entries({ ...good, ...programs })) host.put(name, body)
  }

  it('finds the one owner, and keeps no command line', async () => {
    put()
    const { facts, met } = await look()
    expect(FACTS.cron.parse(facts)).toEqual(facts)
    expect(facts).toEqual({ ...GOOD, jobs: 2 })
    expect([met, JSON.stringify(facts).includes('s3cret')]).toEqual([true, false])
  })

  it.each<[string, Parameters<typeof put>[0], string]>([
    [
      'a second owner in the own crontab',
      { crontab: says('0 4 * * * /usr/local/bin/backup') },
      'entry backup has 2 owners: own crontab:1 /etc/cron.d/backup:2',
    ],
    [
      'an entry that is only mentioned',
      { grep: says('/etc/cron.d/backup:2:30 2 * * * root /bin/true # /usr/local/bin/backup') },
      'entry backup is not scheduled',
    ],
    ['a carriage return', { grep: says('/etc/cron.d/backup:2:30 2 * * * root /usr/local/bin/backup\r') }, '/etc/cron.d/backup line 2 cannot be read by cron'],
    ['a carriage return as crontab prints it', { crontab: says('5 * * * * other\\r') }, 'own crontab line 1 cannot be read by cron'],
    ['a last line without an end', { crontab: "printf '5 * * * * other'\n" }, 'own crontab line 1 cannot be read by cron'],
    ['a commented entry', { grep: says('/etc/cron.d/backup:2:#30 2 * * * root /usr/local/bin/backup') }, 'entry backup is not scheduled'],
    ['a renamed file', { grep: says('/etc/cron.d/backup.off:2:30 2 * * * root /usr/local/bin/backup') }, 'entry backup is not scheduled'],
    ['a cut line', { grep: says('/etc/cron.d/backup:2:30 2 * * * root') }, '/etc/cron.d/backup line 2 cannot be read by cron'],
    ['empty crontabs', { grep: says('', 1), crontab: says('') }, 'entry backup is not scheduled'],
    [
      'a file that may not be read',
      { grep: says('/etc/cron.d/backup:2:30 2 * * * root /usr/local/bin/backup', 2, 'grep: /etc/cron.d/x: Permission denied') },
      'not observed: system crontabs',
    ],
    ['system crontabs that are refused', { grep: 'exit 126\n', crontab: says('30 2 * * * /usr/local/bin/backup') }, 'not observed: system crontabs'],
    ['a crontab that is refused', { crontab: says('', 1, 'You (x) are not allowed to use this program (crontab)') }, 'not observed: own crontab'],
    ['no crontab program', { crontab: 'exit 127\n' }, 'not observed: own crontab'],
    ['no cron', { pgrep: says('', 1) }, 'no cron daemon runs'],
    ['a pgrep that says nothing and ends well', { pgrep: says('') }, 'not observed: cron daemon'],
    ['a pgrep that fails', { pgrep: says('712', 3) }, 'not observed: cron daemon'],
  ])('is not met by %s', async (_what, programs, reason) => {
    put(programs)
    const { facts, met } = await look()
    expect(met).toBe(false)
    expect(cronUnmet(check, facts, AT)).toContain(reason)
  })

  it('reads a user without a crontab', async () => {
    put({ crontab: says('', 1, 'no crontab for wooo') })
    expect(await look()).toMatchObject({ met: true, facts: { own_read: true } })
  })

  it('fails on output of another shape, on nothing readable, and on a program that hangs', async () => {
    put({ grep: says('binary file matches') })
    expect(await failureOf(look())).toBe('parse parse: grep printed something else')
    put({ crontab: "printf '\\377\\376'\n" })
    expect(await failureOf(look())).toBe('parse parse: not UTF-8 text')
    put({ grep: 'exit 127\n', crontab: 'exit 127\n' })
    expect(await failureOf(look())).toBe('exit_status exec: no crontab could be read')
    put({ grep: 'exec sleep 30\n' })
    expect(await failureOf(look(900))).toMatch(/^timeout exec: /u)
  })
})

const isReal = existsSync('/usr/bin/crontab') && existsSync('/etc/crontab')
if (!isReal) console.log('REAL CRON ABSENT: no Debian cron on this machine')

describe.skipIf(!isReal)('cron probe and the real crontabs of Debian', () => {
  it('finds the hourly run of /etc/crontab at its line', async () => {
    const real = makeCheck('cron', { entries: [{ id: 'hourly', command: 'run-parts --report /etc/cron\\.hourly', user: 'root' }] })
    const { facts } = await probeCron(real, makeContext())
    const line =
      readFileSync('/etc/crontab', 'utf8')
        .split('\n')
        .findIndex((text) => text.includes('/etc/cron.hourly')) + 1
    expect(facts).toMatchObject({
      own_read: true,
      system_read: true,
      bad_lines: [],
      entries: [{ id: 'hourly', owners: [{ source: '/etc/crontab', line, user: 'root' }] }],
    })
  })
})
