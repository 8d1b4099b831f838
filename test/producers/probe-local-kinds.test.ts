import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeCommand } from '../../producers/probes/command.ts'
import { probeDelegated } from '../../producers/probes/delegated.ts'
import { probeEscrow } from '../../producers/probes/escrow.ts'
import { probeFile } from '../../producers/probes/file.ts'
import { probeTextfile } from '../../producers/probes/textfile.ts'
import { FACTS } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex')
let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'evidence-probes-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

function write(name: string, content: string | Buffer): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

describe('command probe', () => {
  const run = (argv: string[], settings: Record<string, unknown> = {}, timeoutMs = 5000) =>
    probeCommand(makeCheck('command', { command: 'look', ...settings }), makeContext({ commands: [{ id: 'look', argv }], timeoutMs }))

  it('keeps digests and never the output', async () => {
    const look = await run(['printf', 'GREEN \n\n'], { equals: 'GREEN' })
    expect(look.met).toBe(true)
    expect(look.facts).toEqual({
      command: 'look',
      argv_sha256: sha256('["printf","GREEN \\n\\n"]'),
      exit_code: 0,
      stdout_bytes: 8,
      stdout_sha256: sha256('GREEN \n\n'),
      matched: true,
    })
    expect(FACTS.command.parse(look.facts)).toEqual(look.facts)
  })

  it('matches, or does not', async () => {
    expect((await run(['printf', 'GREENISH'], { equals: 'GREEN' })).met).toBe(false)
    expect((await run(['printf', 'a\nb=2'], { matches: '^a\\nb=\\d$' })).met).toBe(true)
    expect((await run(['printf', 'x'], { matches: '^y$' })).met).toBe(false)
    expect((await run(['printf', 'GREEN'], { equals: 'GREEN', matches: '^RED$' })).facts.matched).toBe(false)
    expect((await run(['true'])).facts.matched).toBeNull()
  })

  it('takes only exit code 0', async () => {
    expect(await failureOf(run(['sh', '-c', `echo GREEN; echo "token=${'hunter'}2 bad" >&2; exit 1`], { equals: 'GREEN' }))).toBe(
      'exit_status exec: exit code 1: token=[redacted] bad',
    )
    expect(await failureOf(run(['no-such-command']))).toMatch(/^exit_status exec/u)
    expect(await failureOf(run(['sleep', '60'], {}, 200))).toBe('timeout exec: no end within 200 ms')
    expect(await failureOf(run(['yes']))).toBe('parse read: more than 1048576 bytes')
    expect(await failureOf(run(['printf', '\\377GREEN'], { matches: 'GREEN' }))).toBe('parse parse: not UTF-8 text')
    expect((await run(['printf', '\\377'])).facts.stdout_bytes).toBe(1)
    expect(await failureOf(probeCommand(makeCheck('command', { command: 'other' }), makeContext()))).toBe('internal exec: no command other in the estate')
  })
})

describe('file probe', () => {
  const look = (settings: Record<string, unknown>) => probeFile(makeCheck('file', settings), makeContext())

  it('reports a file, its digest only where one is declared', async () => {
    const path = write('plain', 'abc')
    const plain = await look({ path })
    expect(plain).toMatchObject({ met: true, asOf: null, target: path, facts: { exists: true, size_bytes: 3, sha256: null } })
    expect(await look({ path, sha256: sha256('abc'), min_bytes: 3, max_age_s: 60 })).toMatchObject({ met: true, facts: { sha256: sha256('abc') } })
    expect(await look({ path, sha256: sha256('abd') })).toMatchObject({ met: false })
    expect(FACTS.file.parse(plain.facts)).toEqual(plain.facts)
  })

  it('reports a missing, an old and a future file', async () => {
    expect(await look({ path: join(dir, 'nope') })).toMatchObject({ met: false, facts: { exists: false, size_bytes: null, modified_at: null, sha256: null } })
    const path = write('timed', 'x')
    utimesSync(path, Date.now() / 1000 - 100, Date.now() / 1000 - 100)
    expect((await look({ path, max_age_s: 50 })).met).toBe(false)
    expect((await look({ path, max_age_s: 500 })).met).toBe(true)
    utimesSync(path, Date.now() / 1000 + 400, Date.now() / 1000 + 400)
    expect((await look({ path })).met).toBe(false)
  })

  it('fails where it cannot look', async () => {
    symlinkSync(join(dir, 'loop'), join(dir, 'loop'))
    expect(await failureOf(look({ path: join(dir, 'loop') }))).toBe('internal read: cannot read: ELOOP')
    expect(await failureOf(look({ path: dir, sha256: sha256('') }))).toMatch(/^(parse|internal) read/u)
  })
})

describe('textfile probe', () => {
  const metrics = [{ name: 'backup_ok', labels: { job: 'pg' }, condition: '== 1' }]
  const TEXT = '# TYPE backup_ok gauge\nbackup_ok{job="pg",host="110"} 1\nbackup_ok{job="etc"} 0\nother 5\n'
  const look = (settings: Record<string, unknown>) => probeTextfile(makeCheck('textfile', { metrics, ...settings }), makeContext())

  it('takes no declared series with a time of its own that is not now, good or bad', async () => {
    const now = new Date('2026-06-27T04:00:00.000Z')
    const told = (agoS: number, value = 1) =>
      probeTextfile(
        makeCheck('textfile', { metrics, path: write('timed.prom', `backup_ok{job="pg"} ${value} ${now.getTime() - agoS * 1000}\nother 5 1395066363000\n`) }),
        makeContext({ now: () => now }),
      )
    for (const agoS of [0, 300, -300]) expect((await told(agoS)).facts.samples).toEqual([{ name: 'backup_ok', labels: { job: 'pg' }, value: 1 }])
    for (const [agoS, value] of [
      [301, 1],
      [-301, 1],
      [86_400, 0],
    ] as const) {
      expect(await failureOf(told(agoS, value))).toBe('parse parse: a declared series has a time of its own that is not now')
    }
  })

  it('keeps only the declared series, with the time of the file', async () => {
    const path = write('one.prom', TEXT)
    utimesSync(path, 1_795_000_000, 1_795_000_000)
    const found = await look({ path })
    expect(found.facts).toEqual({
      source: path,
      modified_at: '2026-11-18T11:06:40.000Z',
      series: 3,
      samples: [{ name: 'backup_ok', labels: { job: 'pg', host: '110' }, value: 1 }],
    })
    expect(found.asOf).toBe('2026-11-18T11:06:40.000Z')
    expect((await look({ path, max_age_s: 60 })).met).toBe(false)
  })

  it('is not met where the series is absent or wrong', async () => {
    expect((await look({ path: write('two.prom', TEXT) })).met).toBe(true)
    expect((await look({ path: write('three.prom', 'backup_ok{job="etc"} 1\n') })).met).toBe(false)
    expect((await look({ path: write('four.prom', TEXT.replace('} 1', '} NaN')) })).met).toBe(false)
    expect((await look({ path: write('empty.prom', '') })).met).toBe(false)
  })

  it('scrubs labels that the estate does not name', async () => {
    const path = write('five.prom', `backup_ok{job="pg",url="https://bob:${'hunter'}2@host",note="a\\nb"} 1\n`)
    const { facts } = await look({ path })
    expect(facts.samples[0]?.labels).toEqual({ job: 'pg', url: 'https://[redacted]@host', note: 'a b' })
  })

  it('fails on what it cannot read as metrics', async () => {
    expect(await failureOf(look({ path: join(dir, 'nope.prom') }))).toBe('unreachable read: file does not exist')
    expect(await failureOf(look({ path: write('cut.prom', 'backup_ok{job="pg"} 1') }))).toBe('parse parse: last line has no end')
    expect(await failureOf(look({ path: write('bytes.prom', Buffer.from([0xff, 0x0a])) }))).toBe('parse parse: not UTF-8 text')
    expect(await failureOf(look({ path: write('big.prom', 'backup_ok{job="pg"} 18446744073709551615\n') }))).toMatch(/too large to be exact/u)
    const many = Array.from({ length: 501 }, (_, i) => `backup_ok{job="pg",i="${i}"} 1\n`).join('')
    expect(await failureOf(look({ path: write('many.prom', many) }))).toBe('parse parse: declared series are too many or have unprintable labels')
  })

  describe('from a URL', () => {
    let server: Server
    let base = ''
    beforeAll(async () => {
      server = createServer((request, response) => {
        if (request.url === '/metrics') response.end(TEXT)
        else if (request.url === '/moved') response.writeHead(302, { location: '/metrics' }).end()
        else if (request.url === '/private') response.writeHead(401).end()
        else response.writeHead(500).end(TEXT)
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      const address = server.address()
      base = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
    })
    afterAll(() => server.close())

    it('reads a good answer and takes no other for one', async () => {
      expect(await look({ url: `${base}/metrics` })).toMatchObject({ met: true, asOf: null, facts: { source: `${base}/metrics`, modified_at: null } })
      expect((await look({ url: `${base}/metrics`, max_age_s: 60 })).met).toBe(false)
      expect(await failureOf(look({ url: `${base}/moved` }))).toBe('exit_status status: HTTP status 302')
      expect(await failureOf(look({ url: `${base}/broken` }))).toBe('exit_status status: HTTP status 500')
      expect(await failureOf(look({ url: `${base}/private` }))).toBe('auth status: HTTP status 401')
    })
  })
})

describe('delegated probe', () => {
  const REPORT = 'BLOCKED public route https://stock.wooo.work/ 502\nPASS=88 WARN=0 BLOCKED=1\nResult: BLOCKED\n'
  const look = (settings: Record<string, unknown>, argv: string[] = ['true']) =>
    probeDelegated(makeCheck('delegated', { report: 'cold_start', ...settings }), makeContext({ commands: [{ id: 'cold-start', argv }] }))

  it('takes a report from a command', async () => {
    const found = await look({ command: 'cold-start', classify: [{ match: 'public route', class: 'route' }] }, ['printf', '%s', REPORT])
    expect(found).toEqual({
      target: 'cold-start',
      met: false,
      report: {
        tool: 'cold-start',
        report: 'cold_start',
        as_of: null,
        exit_code: 0,
        pass: 88,
        warn: 0,
        blocked: 1,
        result: 'BLOCKED',
        blockers: [{ text: 'public route https://stock.wooo.work/ 502', class: 'route', gate: null }],
        warnings: [],
        keys: {},
      },
    })
    expect((await look({ command: 'cold-start' }, ['printf', 'PASS=89 WARN=0 BLOCKED=0\nResult: GREEN\n'])).met).toBe(true)
  })

  it('takes only declared exit codes', async () => {
    const argv = ['sh', '-c', 'echo PASS=89 WARN=0 BLOCKED=0; echo Result: GREEN; exit 1']
    expect(await failureOf(look({ command: 'cold-start' }, argv))).toBe('exit_status exec: exit code 1')
    expect((await look({ command: 'cold-start', ok_exit_codes: [0, 1] }, argv)).report.exit_code).toBe(1)
  })

  it('takes a report from a file with the time of the file', async () => {
    const path = write('report.txt', REPORT)
    utimesSync(path, 1_795_000_000, 1_795_000_000)
    expect((await look({ path })).report).toMatchObject({ tool: 'report.txt', as_of: '2026-11-18T11:06:40.000Z', exit_code: null })
    expect(await failureOf(look({ path: join(dir, 'no-report') }))).toBe('unreachable read: file does not exist')
    expect(await failureOf(look({ path: write('empty-report', '') }))).toBe('parse parse: no counts, no result and no keys')
  })
})

describe('escrow probe', () => {
  const marker = (item: string, change: object = {}) =>
    JSON.stringify({ item, evidence_id: `vault-${item}-7`, marked_at: '2026-06-13T05:10:00.000Z', ...change })
  const look = (path: string) => probeEscrow(makeCheck('escrow', { path }), makeContext())

  it('takes the inventory and keeps no evidence id', async () => {
    const path = join(dir, 'escrow')
    mkdirSync(path)
    const put = (name: string, content: string | Buffer): void => writeFileSync(join(path, name), content)
    put('restic_repository_password.json', marker('restic_repository_password'))
    put('dns_registrar_recovery.json', marker('dns_registrar_recovery', { evidence_id: 'EVIDENCE_ID_FOR_DNS' }))
    put('wrong_name.json', marker('other_name'))
    put('extra_member.json', marker('extra_member', { password: 'x' }))
    put('twice_given.json', '{"item":"twice_given","item":"twice_given","evidence_id":"v-1234","marked_at":"2026-06-13T05:10:00.000Z"}')
    put('bad_time.json', marker('bad_time', { marked_at: '2026-06-13' }))
    put('secret_inside.json', marker('secret_inside', { evidence_id: `${'gh'}p_${'A1b2'.repeat(9)}` }))
    put('not_json.json', 'yes')
    put('not_text.json', Buffer.from([0xff]))
    put('too_large.json', ' '.repeat(5000))
    mkdirSync(join(path, 'a_folder.json'))
    put('.hidden.json', marker('hidden'))
    put('UPPER.json', marker('upper'))
    put('note.txt', 'not a marker')
    execFileSync('mkfifo', [join(path, 'a_fifo.json')])
    const { facts, met } = await look(path)
    expect(FACTS.escrow.parse(facts)).toEqual(facts)
    expect(met).toBe(false)
    expect(facts.markers.filter((one) => one.present)).toEqual([
      {
        item: 'restic_repository_password',
        present: true,
        marked_at: '2026-06-13T05:10:00.000Z',
        evidence_id_sha256: sha256('vault-restic_repository_password-7'),
      },
    ])
    expect(facts.markers.map((one) => one.item)).toEqual([
      'a_fifo',
      'a_folder',
      'bad_time',
      'dns_registrar_recovery',
      'extra_member',
      'not_json',
      'not_text',
      'restic_repository_password',
      'secret_inside',
      'too_large',
      'twice_given',
      'wrong_name',
    ])
    expect(JSON.stringify(facts)).not.toContain('vault-')
  })

  it('is met where every marker is good, and not by an empty directory', async () => {
    const path = join(dir, 'good')
    mkdirSync(path)
    expect((await look(path)).met).toBe(false)
    writeFileSync(join(path, 'one_item.json'), marker('one_item'))
    expect((await look(path)).met).toBe(true)
  })

  it('fails where there is no directory, and refuses a crowd', async () => {
    expect(await failureOf(look(join(dir, 'nowhere')))).toBe('unreachable read: directory does not exist')
    expect(await failureOf(look(write('a-file', '')))).toBe('unreachable read: directory does not exist')
    const path = join(dir, 'crowd')
    mkdirSync(path)
    for (let i = 0; i < 101; i++) writeFileSync(join(path, `item_${i}.json`), '{}')
    expect(await failureOf(look(path))).toBe('parse read: more than 100 marker files')
  })
})
