import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { probeReleaseParity } from '../../producers/probes/release-parity.ts'
import { probeSourcePresence } from '../../producers/probes/source-presence.ts'
import { releaseParityUnmet } from '../../schemas/expectations/release-parity.ts'
import { FACTS } from '../../schemas/facts.ts'
import { hasRestic } from '../support/backup-store.ts'
import { serveHttp } from '../support/http-server.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'

let dir = ''
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'evidence-products-'))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const COMMIT = '7cfca9375445ea03d6f5d10512d0276a20914d25'

describe('release-parity expectation', () => {
  const unmet = (live: string, repository: string, compare?: string) =>
    releaseParityUnmet(makeCheck('release-parity', compare === undefined ? {} : { compare }), { live, repository })
  const WRONG = ['live release is not the one of the repository']

  it('wants the same, or a beginning of the same commit', () => {
    expect(unmet('V10.646', 'V10.646')).toEqual([])
    expect(unmet('V10.646', 'V10.647')).toEqual(WRONG)
    expect(unmet('', '')).toEqual(WRONG)
    expect(unmet(COMMIT.slice(0, 8), COMMIT)).toEqual(WRONG)
    for (const live of [COMMIT, COMMIT.slice(0, 7), COMMIT.slice(0, 12)]) expect(unmet(live, COMMIT, 'commit')).toEqual([])
    for (const live of [COMMIT.slice(0, 6), '', COMMIT.slice(1), 'main', `${COMMIT}0`, COMMIT.toUpperCase()])
      expect(unmet(live, COMMIT, 'commit'), live).toEqual(WRONG)
  })
})

describe('release-parity probe with a real git', () => {
  let repository = ''
  let head = ''
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', repository, ...args], { encoding: 'utf8', env: { PATH: process.env.PATH ?? '', HOME: dir } }).trim()
  beforeAll(() => {
    repository = join(dir, 'shop')
    mkdirSync(repository)
    git('init', '-q', '-b', 'main')
    for (const [key, value] of [
      ['user.name', 'test'],
      ['user.email', 'test@example.org'],
    ])
      git('config', key ?? '', value ?? '')
    git('commit', '-q', '--allow-empty', '-m', 'one')
    git('tag', '-a', 'v1', '-m', 'first')
    head = git('rev-parse', 'HEAD')
  })
  const look = async (health: string, settings: Record<string, unknown> = {}, version = 'SYSTEM_VERSION = "V10.646"\n') => {
    const { port } = await serveHttp((request, response) => response.end(request.url === '/health' ? health : version))
    const live = { url: `http://127.0.0.1:${port}/health`, pointer: '/build/commit' }
    const source = settings.source ?? { git: repository, ref: 'refs/heads/main' }
    const own = source === 'text' ? { url: `http://127.0.0.1:${port}/version.py`, matches: '^SYSTEM_VERSION = "([^"]+)"$' } : source
    return await probeReleaseParity(
      makeCheck('release-parity', { live, repository: own, compare: settings.compare ?? 'commit' }),
      makeContext({ timeoutMs: 20_000 }),
    )
  }
  const healthy = (commit: unknown) => JSON.stringify({ status: 'healthy', build: { commit } })

  it('sees the head of a branch, and the commit of an annotated tag, live or not', async () => {
    const seen = await look(healthy(head.slice(0, 10)))
    expect(seen).toMatchObject({ met: true, facts: { live: head.slice(0, 10), repository: head } })
    expect(FACTS['release-parity'].parse(seen.facts)).toEqual(seen.facts)
    expect(await look(healthy(head), { source: { git: repository, ref: 'refs/tags/v1' } })).toMatchObject({ met: true })
    git('commit', '-q', '--allow-empty', '-m', 'two')
    expect(await look(healthy(head))).toMatchObject({ met: false, facts: { repository: git('rev-parse', 'HEAD') } })
    expect(await look(healthy(head), { source: { git: repository, ref: 'refs/tags/v1' } })).toMatchObject({ met: true })
  })

  it('sees a version in a text', async () => {
    expect(await look(healthy('V10.646'), { source: 'text', compare: 'exact' })).toMatchObject({ met: true, facts: { live: 'V10.646', repository: 'V10.646' } })
    expect(await look(healthy('V10.645'), { source: 'text', compare: 'exact' })).toMatchObject({ met: false })
  })

  it('fails where one of both says no version', async () => {
    expect(await failureOf(look(healthy(null)))).toBe('parse parse: no version in the answer of the service')
    expect(await failureOf(look('{}'))).toBe('parse parse: no version in the answer of the service')
    expect(await failureOf(look('<html>'))).toBe('parse parse: not JSON')
    expect(await failureOf(look(healthy('')))).toBe('parse parse: not a version')
    expect(await failureOf(look(healthy('x'.repeat(121))))).toBe('parse parse: not a version')
    expect(await failureOf(look(healthy(head), { source: { git: repository, ref: 'refs/heads/gone' } }))).toBe(
      'unreachable read: the repository has no such branch or tag',
    )
    expect(await failureOf(look(healthy(head), { source: { git: join(dir, 'nowhere'), ref: 'refs/heads/main' } }))).toMatch(
      /^exit_status exec: git: exit code 128/u,
    )
    for (const text of ['', 'SYSTEM_VERSION = "a"\nSYSTEM_VERSION = "b"\n']) {
      expect(await failureOf(look(healthy('a'), { source: 'text' }, text))).toMatch(/^parse parse: [02] places name the version/u)
    }
    expect(await failureOf(probeReleaseParity(makeCheck('release-parity', {}), makeContext()))).toBe('internal probe: the check names no release')
  })

  it('takes no source that runs something, and no password', () => {
    const live = { url: 'http://a/', pointer: '' }
    for (const source of ['ext::sh -c id', '--upload-pack=id', 'file:///x y', 'https://u:p@host/x', 'git@host:x', "/a'b"]) {
      expect(() => makeCheck('release-parity', { live, repository: { git: source, ref: 'refs/heads/main' } }), source).toThrow()
    }
    for (const ref of ['main', '--heads', 'refs/heads/-x', 'refs/heads/a b', 'refs/pull/1']) {
      expect(() => makeCheck('release-parity', { live, repository: { git: '/srv/x', ref } }), ref).toThrow()
    }
  })
})

const SOURCE = { rclone_config: '/etc/rclone.conf', matches: '^即時業績_當日.*\\.xlsx$', max_age_s: 86_400, min_bytes: 100 }

describe('source-presence probe, lists of rclone', () => {
  const AT = new Date('2026-06-27T04:00:00.000Z')
  const file = (Name: string, ModTime = '2026-06-27T03:00:00.123+08:00', Size = 5000) => ({ Path: Name, Name, Size, ModTime, IsDir: false })
  const look = (answer: { text?: string; exitCode?: number; stderrLine?: string }) =>
    probeSourcePresence(
      makeCheck('source-presence', { ...SOURCE, remote: 'gdrive:當日業績匯入' }),
      makeContext({ now: () => AT, transport: createScriptedTransport({ 'rclone --config /etc/rclone.conf lsjson': answer }) }),
    )
  const seen = async (...files: object[]) => (await look({ text: JSON.stringify(files) })).facts

  it('counts files of the right name that are young and not empty', async () => {
    expect(await seen(file('即時業績_當日.xlsx'))).toEqual({ available: true, newest_at: '2026-06-26T19:00:00.123Z', candidates: 1 })
    // A Mac writes the same name in other code points.
    expect(await seen(file('即時業績_當日 café.xlsx'.normalize('NFD')))).toMatchObject({ available: true })
    expect(await seen()).toEqual({ available: false, newest_at: null, candidates: 0 })
    expect(await seen(file('商品.xlsx'), file('即時業績_當日.xlsx.tmp'))).toEqual({ available: false, newest_at: null, candidates: 0 })
    expect(await seen(file('即時業績_當日.xlsx', undefined, 99))).toMatchObject({ available: false })
    expect(await seen(file('即時業績_當日.xlsx', '2026-06-18T01:30:39Z'))).toEqual({ available: false, newest_at: '2026-06-18T01:30:39.000Z', candidates: 0 })
    expect(await seen(file('即時業績_當日.xlsx', '2026-06-28T01:30:39Z'))).toMatchObject({ available: false, candidates: 0 })
  })

  it('never takes a folder that cannot be listed for an empty one', async () => {
    expect(await failureOf(look({ exitCode: 3 }))).toBe('unreachable read: the folder does not exist')
    expect(await failureOf(look({ exitCode: 1, stderrLine: 'Failed to create file system: could not locate runnable browser' }))).toMatch(
      /^exit_status exec: rclone: exit code 1: Failed/u,
    )
    for (const text of ['', '[', 'null', '{}', '[{}]', JSON.stringify([file('a', 'yesterday')])])
      expect(await failureOf(look({ text })), text).toBe('parse parse: not a list of rclone')
    expect(await failureOf(probeSourcePresence(makeCheck('source-presence', {}), makeContext()))).toBe('internal probe: the check names no source')
  })
})

if (!hasRestic) console.log('REAL RCLONE ABSENT: install restic and rclone')
describe.skipIf(!hasRestic)('source-presence probe with a real rclone', () => {
  it('sees a file come and grow old', { timeout: 30_000 }, async () => {
    const intake = join(dir, '當日業績匯入')
    mkdirSync(intake)
    const rclone_config = join(dir, 'rclone.conf')
    writeFileSync(rclone_config, `[gdrive]\ntype = alias\nremote = ${dir}\n`)
    vi.stubEnv('PATH', `/usr/bin${delimiter}${process.env.PATH}`)
    const look = (remote: string) => probeSourcePresence(makeCheck('source-presence', { ...SOURCE, rclone_config, remote }), makeContext({ timeoutMs: 20_000 }))
    expect(await look('gdrive:當日業績匯入')).toMatchObject({ met: false, facts: { available: false, candidates: 0 } })
    const file = join(intake, '即時業績_當日.xlsx')
    writeFileSync(file, 'x'.repeat(200))
    const seen = await look('gdrive:當日業績匯入')
    expect(seen).toMatchObject({ met: true, facts: { available: true, candidates: 1 } })
    expect(FACTS['source-presence'].parse(seen.facts)).toEqual(seen.facts)
    expect(() => makeCheck('source-presence', { ...SOURCE, remote: intake })).toThrow('an rclone path')
    const old = new Date(Date.now() - 200_000_000)
    utimesSync(file, old, old)
    expect(await look('gdrive:當日業績匯入')).toMatchObject({ met: false, facts: { available: false } })
    expect(await failureOf(look('gdrive:nowhere'))).toBe('unreachable read: the folder does not exist')
    expect(await failureOf(look('other:x'))).toMatch(/^exit_status exec: rclone: exit code 1/u)
    vi.unstubAllEnvs()
  })
})
