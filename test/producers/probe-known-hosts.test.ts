import { execFileSync } from 'node:child_process'
import { linkSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { probeKnownHosts } from '../../producers/probes/known-hosts.ts'
import { knownHostsUnmet } from '../../schemas/expectations/known-hosts.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { keygen } from '../support/sshd.ts'
import { type StandInHost, says, startStandInHost } from '../support/stand-in-host.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Facts = FactsOf<'known-hosts'>
const PRINT = `SHA256:${'a'.repeat(43)}`
const GOOD: Facts = {
  path: '/k',
  exists: true,
  modified_at: '2026-06-13T00:00:00.000Z',
  entries: [{ host: 'db-1', port: 22, state: 'verified' }],
  deploy: { path: '/d', exists: true, same_file: false },
}
const settings = { path: '/k', entries: [{ host: 'db-1', fingerprint: PRINT }], deploy_path: '/d', unchanged_since: '2026-06-13T00:00:00.000Z' }
const unmet = (change: Partial<Facts>, more: Record<string, unknown> = {}) =>
  knownHostsUnmet(makeCheck('known-hosts', { ...settings, ...more }), { ...GOOD, ...change }, AT)
const state = (one: Facts['entries'][number]['state']): Partial<Facts> => ({ entries: [{ host: 'db-1', port: 22, state: one }] })

describe('known-hosts expectation', () => {
  it('is met by verified entries in a file of its own', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ deploy: { path: '/d', exists: false, same_file: null } })).toEqual([])
    expect(unmet({ deploy: null }, { deploy_path: undefined })).toEqual([])
  })

  it.each<[string, Partial<Facts>, string]>([
    ['no file', { exists: false, modified_at: null, entries: [] }, 'known_hosts file does not exist'],
    ['a lost entry', state('absent'), 'db-1 port 22 is no longer known'],
    ['another key', state('other_keys'), 'db-1 port 22 has other keys than the verified one'],
    ['a revoked key', state('revoked'), 'db-1 port 22 has its verified key revoked'],
    ['no entries', { entries: [] }, 'not observed: db-1 port 22'],
    ['an entry of another port', { entries: [{ host: 'db-1', port: 2222, state: 'verified' }] }, 'not observed: db-1 port 22'],
    [
      'a file written since',
      { modified_at: '2026-06-13T00:00:00.001Z' },
      'known_hosts was written at 2026-06-13T00:00:00.001Z, after 2026-06-13T00:00:00.000Z',
    ],
    ['an unknown time', { modified_at: null }, 'not observed: known_hosts time'],
    ['a shared file', { deploy: { path: '/d', exists: true, same_file: true } }, 'deployments share the known_hosts file'],
    ['an unknown deployment file', { deploy: null }, 'not observed: deployment known_hosts'],
    [
      'files that could not be compared',
      { deploy: { path: '/d', exists: true, same_file: null } },
      'not observed: whether deployments have a file of their own',
    ],
  ])('is not met by %s', (_what, change, reason) => {
    expect(unmet(change)).toEqual([reason])
  })

  it('is not met by a file of the future', () => {
    expect(unmet({ modified_at: '2026-06-28T00:00:00.000Z' }, { unchanged_since: undefined })).toEqual(['known_hosts modified in the future'])
  })
})

describe('known-hosts probe and files that ssh-keygen wrote', () => {
  let dir = ''
  let keys: string[] = []
  let prints: string[] = []
  const own = (): string => join(dir, 'known_hosts')
  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-known-'))
    for (const name of ['one', 'two']) keygen(join(dir, name), 'ed25519')
    keys = ['one', 'two'].map((name) =>
      readFileSync(join(dir, `${name}.pub`), 'utf8')
        .split(' ')
        .slice(0, 2)
        .join(' '),
    )
    prints = ['one', 'two'].map(
      (name) => /SHA256:\S+/u.exec(execFileSync('ssh-keygen', ['-l', '-f', join(dir, `${name}.pub`)], { encoding: 'utf8' }))?.[0] ?? '',
    )
  })
  beforeEach(() => {
    for (const name of ['known_hosts', 'known_hosts.old', 'deploy']) rmSync(join(dir, name), { force: true })
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const look = (context = makeContext(), entry: object = {}) =>
    probeKnownHosts(
      makeCheck('known-hosts', { host: 'h1', path: own(), deploy_path: join(dir, 'deploy'), entries: [{ host: 'db-1', fingerprint: prints[0], ...entry }] }),
      context,
    )
  const stateNow = async (text: string, entry: object = {}) => {
    writeFileSync(own(), text)
    return (await look(makeContext(), entry)).facts.entries[0]?.state
  }

  it('finds the verified key, plain and hashed, at its port', async () => {
    writeFileSync(own(), `db-1 ${keys[0]}\n[db-1]:2222 ${keys[1]}\n`)
    utimesSync(own(), 1781000000, 1781000000)
    const { facts, met } = await look()
    expect(FACTS['known-hosts'].parse(facts)).toEqual(facts)
    expect([facts.entries, facts.modified_at, met]).toEqual([[{ host: 'db-1', port: 22, state: 'verified' }], new Date(1781000000000).toISOString(), true])
    expect((await look(makeContext(), { port: 2222, fingerprint: prints[1] })).met).toBe(true)
    execFileSync('ssh-keygen', ['-H', '-f', own()], { stdio: 'ignore' })
    expect(readFileSync(own(), 'utf8')).not.toContain('db-1')
    expect((await look()).met).toBe(true)
  })

  it('tells what became of an entry', async () => {
    expect(await stateNow(`db-1 ${keys[1]}\n`)).toBe('other_keys')
    expect(await stateNow(`db-2 ${keys[0]}\n`)).toBe('absent')
    expect(await stateNow('')).toBe('absent')
    expect(await stateNow(`db-1 ${keys[0]}\n@revoked * ${keys[0]}\n`)).toBe('revoked')
    expect(await stateNow(`@cert-authority db-1 ${keys[0]}\n`)).toBe('absent')
    expect(await stateNow(`# db-1 ${keys[0]}\n`)).toBe('absent')
    expect(await stateNow(`[db-1]:2222 ${keys[0]}\n`)).toBe('absent')
  })

  it('sees whether deployments share the file, behind either sort of link', async () => {
    writeFileSync(own(), `db-1 ${keys[0]}\n`)
    expect((await look()).facts.deploy).toMatchObject({ exists: false, same_file: null })
    writeFileSync(join(dir, 'deploy'), '')
    expect(await look()).toMatchObject({ met: true, facts: { deploy: { exists: true, same_file: false } } })
    rmSync(join(dir, 'deploy'))
    symlinkSync('known_hosts', join(dir, 'deploy'))
    expect(await look()).toMatchObject({ met: false, facts: { deploy: { same_file: true } } })
    rmSync(join(dir, 'deploy'))
    linkSync(own(), join(dir, 'deploy'))
    expect(await look()).toMatchObject({ met: false, facts: { deploy: { same_file: true } } })
  })

  it('reports a missing file, and fails on one that is cut or no text', async () => {
    expect(await look()).toMatchObject({ met: false, facts: { exists: false, modified_at: null } })
    writeFileSync(own(), `db-1 ${keys[0]?.slice(0, 40)}\n`)
    expect(await look()).toMatchObject({ met: false, facts: { entries: [{ state: 'other_keys' }] } })
    writeFileSync(own(), `db-1 ${keys[0]}\ndb-2 ssh-ed25519\n`)
    expect(await failureOf(look())).toBe('parse parse: known_hosts line 2: needs host, key type and key')
    writeFileSync(own(), Buffer.from([0xff, 0xfe]))
    expect(await failureOf(look())).toBe('parse parse: not UTF-8 text')
  })

  describe('over ssh', () => {
    let host: StandInHost
    beforeAll(async () => {
      host = await startStandInHost()
    })
    afterAll(() => host.stop())

    it('sees the same', async () => {
      writeFileSync(own(), `db-1 ${keys[0]}\n`)
      writeFileSync(join(dir, 'deploy'), '')
      utimesSync(own(), 1781000000, 1781000000)
      expect((await look(makeContext({ transport: host.transport }))).facts).toEqual((await look()).facts)
    })

    it('fails where stat is refused, prints junk or hangs, with a stand-in', async () => {
      writeFileSync(own(), `db-1 ${keys[0]}\n`)
      writeFileSync(join(dir, 'deploy'), '')
      const context = (timeoutMs = 8000) => makeContext({ transport: host.transport, timeoutMs })
      host.put('stat', says('', 1, "stat: cannot statx '/k': Permission denied"))
      expect(await failureOf(look(context()))).toBe('permission read: permission denied')
      host.put('stat', `case "$*" in *%d:%i*) echo junk;; *) echo '10 1781000000';; esac\n`)
      expect(await failureOf(look(context()))).toBe('parse read: stat printed something else')
      host.put('stat', 'exec sleep 30\n')
      expect(await failureOf(look(context(700)))).toMatch(/^timeout exec: /u)
    })
  })
})
