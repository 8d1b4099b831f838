import { readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { probeOffsite } from '../../producers/probes/offsite.ts'
import { readRcloneFiles, readResticSnapshots } from '../../producers/probes/offsite-lists.ts'
import { ProbeFailure } from '../../producers/transport.ts'
import { offsiteUnmet } from '../../schemas/expectations/offsite.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { type BackupStore, hasRestic, makeBackupStore } from '../support/backup-store.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
const [A, B] = ['a'.repeat(64), 'b'.repeat(64)]
const SETTINGS = {
  ...{ local: '/backup', remote: 'gdrive:backup', repositories: ['gitea', 'momo'], password_file: '/backup/.password', rclone_config: '/etc/rclone.conf' },
  ...{ max_age_s: 93_600, full_marker: '/backup/offsite/full-ok', full_marker_max_age_s: 93_600 },
}
const GREEN: FactsOf<'offsite'> = { configured: true, fresh: true, repositories: 2, latest_only: true, remote_verify_ok: true, full_verify_fresh: true }

describe('offsite expectation', () => {
  const live = makeCheck('offsite', SETTINGS)
  const recorded = makeCheck('offsite', {})

  it('asks a live check for everything, and a record only whether it is fresh', () => {
    expect(offsiteUnmet(live, GREEN)).toEqual([])
    for (const key of ['configured', 'fresh', 'latest_only', 'remote_verify_ok', 'full_verify_fresh'] as const) {
      expect(offsiteUnmet(live, { ...GREEN, [key]: false })).toEqual([`${key}=0`])
      expect(offsiteUnmet(live, { ...GREEN, [key]: null })).toEqual([`not observed: ${key}`])
      expect(offsiteUnmet(recorded, { ...GREEN, [key]: false })).toEqual([`${key}=0`])
      expect(offsiteUnmet(recorded, { ...GREEN, [key]: null })).toEqual(key === 'fresh' ? ['not observed: fresh'] : [])
    }
  })

  it('counts repositories', () => {
    expect(offsiteUnmet(live, { ...GREEN, repositories: 1 })).toEqual(['1 of 2 repositories off site'])
    expect(offsiteUnmet(live, { ...GREEN, repositories: null })).toEqual(['unknown of 2 repositories off site'])
    expect(offsiteUnmet(recorded, { ...GREEN, repositories: 0 })).toEqual(['no repository'])
  })
})

describe('lists', () => {
  it('are read whole or not at all', () => {
    const restic = (text: string) => readResticSnapshots(Buffer.from(text))
    expect(restic(`[{"time":"2026-06-27T02:31:02.123456789+08:00","tree":"x","id":"${A}","short_id":"aaaa"}]`)).toEqual([
      { id: A, time: '2026-06-26T18:31:02.123Z', isEmpty: false },
    ])
    expect(restic(`[{"time":"2026-06-27T02:31:02Z","id":"${A}","summary":{"total_files_processed":0,"total_bytes_processed":0}}]`)).toMatchObject([
      { isEmpty: true },
    ])
    expect(restic('null')).toEqual([])
    for (const text of [
      '',
      '[',
      '{}',
      '[{}]',
      `[{"id":"${A}","time":"yesterday"}]`,
      `[{"id":"aa","time":"2026-06-27T02:31:02Z"}]`,
      `[{"id":"${A}","time":"2026-06-27T02:31:02Z"},{"id":"${A}","time":"2026-06-27T02:31:02Z"}]`,
    ]) {
      expect(restic(text), text).toBeNull()
    }
    const rclone = (text: string) => readRcloneFiles(Buffer.from(text))
    expect(rclone(`[\n{"Path":"${A}","Name":"${A}","Size":155,"ModTime":"2026-06-27T02:31:02Z","IsDir":false}\n]\n`)).toEqual([A])
    expect(rclone('[\n]\n')).toEqual([])
    for (const text of [
      '',
      '[',
      'null',
      `[{"Name":"${A}","Size":0,"IsDir":false}]`,
      `[{"Name":"x","Size":1,"IsDir":false}]`,
      `[{"Name":"${A}","Size":1,"IsDir":true}]`,
    ]) {
      expect(rclone(text), text).toBeNull()
    }
  })
})

describe('offsite probe', () => {
  const list = (...ids: string[]) => ({ text: JSON.stringify(ids.map((Name) => ({ Name, Size: 155, IsDir: false }))) })
  const snapshots = (...ids: string[]) => ({ text: JSON.stringify(ids.map((id) => ({ id, time: '2026-06-27T02:31:02Z' }))) })
  const good = {
    'rclone --config /etc/rclone.conf listremotes': { text: 'other:\ngdrive:\n' },
    'restic -r /backup/gitea --password-file /backup/.password --no-lock --no-cache --json snapshots': snapshots(A),
    'restic -r /backup/momo': snapshots(B),
    'rclone --config /etc/rclone.conf lsjson --files-only --no-mimetype -- gdrive:backup/gitea/snapshots': list(A),
    'rclone --config /etc/rclone.conf lsjson --files-only --no-mimetype -- gdrive:backup/momo/snapshots': list(B),
  }
  const look = (change: Parameters<typeof createScriptedTransport>[0] = {}, paths = [SETTINGS.full_marker], settings: object = {}) =>
    probeOffsite(
      makeCheck('offsite', { ...SETTINGS, ...settings }),
      makeContext({ now: () => AT, transport: createScriptedTransport({ ...change, ...good, ...change }, paths) }),
    )

  it('brings it together', async () => {
    const seen = await look()
    expect(seen).toMatchObject({ met: true, facts: GREEN })
    expect(FACTS.offsite.parse(seen.facts)).toEqual(seen.facts)
  })

  it.each([
    [
      'a latest snapshot without a file',
      {
        'restic -r /backup/momo': { text: JSON.stringify([{ id: B, time: '2026-06-27T02:31:02Z', summary: { total_files_processed: 0 } }]) },
      },
      { fresh: false },
    ],
    ['a remote that is not configured', { 'rclone --config /etc/rclone.conf listremotes': { text: 'gdrive2:\n' } }, { configured: false }],
    ['no rclone', { 'rclone ': { exitCode: 127 } }, { configured: null, latest_only: null, repositories: 0 }],
    [
      'a remote folder that is gone',
      { 'rclone --config /etc/rclone.conf lsjson --files-only --no-mimetype -- gdrive:backup/momo': { exitCode: 3 } },
      { repositories: 1, latest_only: false, remote_verify_ok: false },
    ],
    [
      'a remote that refuses',
      { 'rclone --config /etc/rclone.conf lsjson --files-only --no-mimetype -- gdrive:backup/momo': { exitCode: 1 } },
      { repositories: 1, latest_only: null, remote_verify_ok: null },
    ],
    [
      'a list that is cut',
      { 'rclone --config /etc/rclone.conf lsjson --files-only --no-mimetype -- gdrive:backup/momo': { text: '[' } },
      { latest_only: null },
    ],
    [
      'two snapshots there',
      { 'rclone --config /etc/rclone.conf lsjson --files-only --no-mimetype -- gdrive:backup/momo': list(A, B) },
      { latest_only: false, remote_verify_ok: false },
    ],
    [
      'another snapshot there',
      { 'rclone --config /etc/rclone.conf lsjson --files-only --no-mimetype -- gdrive:backup/momo': list(A) },
      { latest_only: true, remote_verify_ok: false },
    ],
    ['an old snapshot', { 'restic -r /backup/momo': { text: JSON.stringify([{ id: B, time: '2026-06-25T02:31:02Z' }]) } }, { fresh: false }],
    ['one from the future', { 'restic -r /backup/momo': { text: JSON.stringify([{ id: B, time: '2026-06-28T02:31:02Z' }]) } }, { fresh: false }],
    ['no snapshot at all', { 'restic -r /backup/momo': { text: 'null' } }, { fresh: false, remote_verify_ok: false }],
    ['a wrong password', { 'restic -r /backup/momo': { exitCode: 1, stderrLine: 'Fatal: wrong password' } }, { fresh: null, remote_verify_ok: null }],
    ['one of each', { 'restic -r /backup/momo': { exitCode: 1 }, 'restic -r /backup/gitea': { text: 'null' } }, { fresh: false }],
  ])('sees %s, and it is not met', async (_what, change, expected) => {
    const { facts, met } = await look(change)
    expect(facts).toMatchObject(expected)
    expect(met).toBe(false)
  })

  it('wants a marker of the full verification that is young', async () => {
    expect(await look({}, [])).toMatchObject({ met: false, facts: { full_verify_fresh: false, full_verified_at: null } })
    expect(await look({}, [SETTINGS.full_marker], { full_marker_max_age_s: 1 })).toMatchObject({ met: true })
    expect(await look({}, [SETTINGS.full_marker], { max_age_s: 60 })).toMatchObject({ met: false, facts: { fresh: false } })
  })

  it('fails where the way is lost, or nothing is asked', async () => {
    expect(await failureOf(look({ 'rclone ': new ProbeFailure('timeout', 'exec', 'no end') }))).toBe('timeout exec: no end')
    expect(await failureOf(probeOffsite(makeCheck('offsite', {}), makeContext()))).toBe('internal probe: the check names no repositories')
  })

  it('takes no path or name that is more than one', () => {
    for (const change of [
      { local: 'backup' },
      { local: '/a b' },
      { local: "/a'" },
      { remote: '-x:' },
      { remote: '/etc' },
      { repositories: ['../etc'] },
      { repositories: ['a/b'] },
      { repositories: ['-r'] },
      { password_file: '$(id)' },
      { rclone_config: '~/x' },
    ]) {
      expect(() => makeCheck('offsite', { ...SETTINGS, ...change }), JSON.stringify(change)).toThrow()
    }
  })
})

if (!hasRestic) console.log('REAL RESTIC ABSENT: install restic and rclone')
describe.skipIf(!hasRestic)('offsite probe with real restic and rclone', () => {
  let store: BackupStore
  beforeAll(() => {
    store = makeBackupStore()
    for (const repository of ['gitea', 'momo']) {
      store.init(repository)
      store.backup(repository)
    }
    store.sync()
    writeFileSync(join(store.dir, 'full-ok'), '')
  }, 120_000)
  afterAll(() => store.remove())
  const look = (settings: object = {}) => {
    const { dir, local, remote, passwordFile: password_file, rcloneConfig: rclone_config } = store
    return probeOffsite(
      makeCheck('offsite', { ...SETTINGS, local, remote, password_file, rclone_config, full_marker: join(dir, 'full-ok'), ...settings }),
      makeContext({ timeoutMs: 60_000 }),
    )
  }
  /** Every file of the store with its size and its time of change: a look must leave all of them as they were. */
  const state = () =>
    readdirSync(store.dir, { recursive: true }).map(
      (name) => `${name} ${statSync(join(store.dir, String(name))).size} ${statSync(join(store.dir, String(name))).mtimeMs}`,
    )

  it('sees a whole mirror and changes nothing, not even a lock or a cache', { timeout: 120_000 }, async () => {
    const before = state()
    expect(await look()).toMatchObject({ met: true, facts: GREEN })
    expect(state()).toEqual(before)
  })

  it('sees what is older, missing or too many, step by step', { timeout: 120_000 }, async () => {
    store.backup('momo')
    expect(await look()).toMatchObject({ met: false, facts: { remote_verify_ok: false, latest_only: true } })
    store.sync()
    expect(await look()).toMatchObject({ met: false, facts: { remote_verify_ok: true, latest_only: false } })
    store.forget('momo')
    store.sync()
    expect(await look()).toMatchObject({ met: true })
    const old = new Date(Date.now() - 200_000_000)
    utimesSync(join(store.dir, 'full-ok'), old, old)
    expect(await look()).toMatchObject({ met: false, facts: { full_verify_fresh: false, fresh: true } })
    rmSync(join(store.mirror, 'gitea'), { recursive: true })
    expect(await look()).toMatchObject({ met: false, facts: { repositories: 1, remote_verify_ok: false } })
    writeFileSync(store.passwordFile, 'another')
    expect(await look()).toMatchObject({ met: false, facts: { fresh: null } })
  })
})
