import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandLine } from '../../producers/commands/catalogue.ts'
import { probeTokenMetadata } from '../../producers/probes/token-metadata.ts'
import { tokenMetadataUnmet } from '../../schemas/expectations/token-metadata.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Facts = FactsOf<'token-metadata'>
const GOOD: Facts = { path: '/t', type: 'file', uid: 100000, gid: 100000, mode: '600', modified_at: '2026-06-27T03:00:00.000Z' }
const unmet = (change: Partial<Facts>, settings: Record<string, unknown> = {}) =>
  tokenMetadataUnmet(makeCheck('token-metadata', { path: '/t', uid: 100000, ...settings }), { ...GOOD, ...change }, AT)

describe('token-metadata expectation', () => {
  it('is met by the declared owner and a mode that is not wider', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ mode: '400' }, { gid: 100000, max_age_s: 3600 })).toEqual([])
    expect(unmet({ mode: '640' }, { max_mode: '0640' })).toEqual([])
  })

  it.each<[string, Partial<Facts>, Record<string, unknown>, string[]]>([
    ['no file', { type: 'absent', uid: null, gid: null, mode: null, modified_at: null }, {}, ['token file does not exist']],
    ['an empty file', { type: 'empty' }, {}, ['token file is empty']],
    ['a folder', { type: 'other' }, {}, ['token is no regular file']],
    ['another owner', { uid: 0 }, {}, ['token owner is 0, not 100000']],
    ['another group', { gid: 0 }, { gid: 5 }, ['token group is 0, not 5']],
    ['a mode that others can read', { mode: '644' }, {}, ['token mode 644 is wider than 600']],
    ['a mode with set-uid', { mode: '4600' }, {}, ['token mode 4600 is wider than 600']],
    ['a mode the owner could run', { mode: '700' }, {}, ['token mode 700 is wider than 600']],
    [
      'unknown values',
      { uid: null, gid: null, mode: null },
      { gid: 5 },
      ['not observed: token owner', 'not observed: token group', 'not observed: token mode'],
    ],
    ['an old token', { modified_at: '2026-06-26T03:00:00.000Z' }, { max_age_s: 3600 }, ['token is 90000 s old > 3600 s']],
    ['a token of the future', { modified_at: '2026-06-28T03:00:00.000Z' }, {}, ['token modified in the future']],
    ['an unknown time', { modified_at: null }, { max_age_s: 3600 }, ['not observed: token time']],
  ])('is not met by %s', (_what, change, settings, reasons) => {
    expect(unmet(change, settings)).toEqual(reasons)
  })
})

describe('token-metadata probe', () => {
  let dir = ''
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-token-'))
    writeFileSync(join(dir, 'token.json'), 'never-read', { mode: 0o600 })
    utimesSync(join(dir, 'token.json'), 1782000000, 1782000000)
    writeFileSync(join(dir, 'empty'), '', { mode: 0o600 })
    mkdirSync(join(dir, 'folder'))
    symlinkSync('token.json', join(dir, 'link'))
    symlinkSync('nowhere', join(dir, 'broken'))
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))
  const uid = process.getuid?.() ?? 0
  const look = (name: string, context = makeContext()) => probeTokenMetadata(makeCheck('token-metadata', { path: join(dir, name), uid }), context)

  it('reads owner, group, mode and time of a real file, and never opens it', async () => {
    const { facts, met } = await look('token.json')
    expect(FACTS['token-metadata'].parse(facts)).toEqual(facts)
    expect(facts).toEqual({
      ...{ path: join(dir, 'token.json'), type: 'file', uid, gid: statSync(join(dir, 'token.json')).gid, mode: '600' },
      modified_at: new Date(1782000000000).toISOString(),
    })
    expect(met).toBe(true)
    expect(commandLine('file.owner', { path: '/t' })[0]).toBe('stat')
  })

  it('follows a link, and sees what is no token', async () => {
    expect((await look('link')).facts).toMatchObject({ type: 'file', mode: '600' })
    expect((await look('broken')).facts.type).toBe('absent')
    expect((await look('gone')).facts.type).toBe('absent')
    expect((await look('token.json/x')).facts.type).toBe('absent')
    expect((await look('empty')).facts.type).toBe('empty')
    expect((await look('folder')).facts.type).toBe('other')
    chmodSync(join(dir, 'link'), 0o644)
    expect(await look('token.json')).toMatchObject({ met: false, facts: { mode: '644' } })
  })

  describe('over ssh', () => {
    let host: StandInHost
    beforeAll(async () => {
      host = await startStandInHost()
    })
    afterAll(() => host.stop())
    const remote = (timeoutMs = 8000) => look('token.json', makeContext({ transport: host.transport, timeoutMs }))

    it('sees the same, also that it is absent', async () => {
      expect((await remote()).facts).toEqual((await look('token.json')).facts)
      const context = makeContext({ transport: host.transport, timeoutMs: 8000 })
      // A name like this one makes the scrubbed error lose a word.
      for (const name of ['gone-token.json', 'credentials', 'token.json/x']) expect((await look(name, context)).facts.type, name).toBe('absent')
    })

    it.each([
      ['a forbidden folder', says('', 1, "stat: cannot statx '/t': Permission denied"), /^permission read: /u],
      ['another trouble', says('', 1, "stat: cannot statx '/t': Input/output error"), /^exit_status read: stat: exit code 1: /u],
      ['nothing', says(''), /^parse read: /u],
      ['a cut answer', says('0 0 600'), /^parse read: /u],
      ['two answers', says('0 0 600 1 regular file\n0 0 600 1 regular file'), /^parse read: /u],
      ['a time that is none', says('0 0 600 999999999999 regular file'), /^parse read: /u],
      ['junk', says('????'), /^parse read: /u],
    ])('fails on %s, with a stand-in for stat', async (_what, body, failure) => {
      host.put('stat', body)
      expect(await failureOf(remote())).toMatch(failure)
    })

    it('fails where stat hangs', async () => {
      host.put('stat', 'exec sleep 30\n')
      expect(await failureOf(remote(700))).toMatch(/^timeout exec: /u)
    })
  })
})
