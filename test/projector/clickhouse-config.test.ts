import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../../projector/clickhouse/clickhouse-config.ts'
import { migrationDigest } from '../../projector/clickhouse/migrate.ts'
import { CLICKHOUSE_MIGRATIONS } from '../../projector/clickhouse/migrations.ts'
import { silentPort } from '../support/silent-port.ts'

const URL = 'https://clickhouse.example:8443'

describe('settings', () => {
  it('have defaults', () => {
    expect(readClickhouseConfig({ EVIDENCE_CLICKHOUSE_URL: URL, OTHER: 'x' })).toEqual({
      url: URL,
      user: 'default',
      password: '',
      database: 'evidence',
      caFile: null,
      timeoutMs: 30_000,
    })
  })

  it('come from the environment, the password also from a file', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'password')
    writeFileSync(file, 'from file\n')
    const env = { EVIDENCE_CLICKHOUSE_URL: URL, EVIDENCE_CLICKHOUSE_USER: 'u', EVIDENCE_CLICKHOUSE_PASSWORD_FILE: file, EVIDENCE_CLICKHOUSE_TIMEOUT_MS: '500' }
    expect(readClickhouseConfig(env)).toMatchObject({ user: 'u', password: 'from file', timeoutMs: 500 })
    expect(readClickhouseConfig(env, 'chdb:./here').url).toBe('chdb:./here')
  })

  it.each([
    [{}, /url/],
    [{ EVIDENCE_CLICKHOUSE_URL: 'https://user:word@clickhouse.example' }, /url/],
    [{ EVIDENCE_CLICKHOUSE_URL: URL, EVIDENCE_CLICKHOUSE_DATABSE: 'x' }, /unknown setting/],
    [{ EVIDENCE_CLICKHOUSE_URL: URL, EVIDENCE_CLICKHOUSE_DATABASE: 'a; DROP' }, /database/],
    [{ EVIDENCE_CLICKHOUSE_URL: URL, EVIDENCE_CLICKHOUSE_PASSWORD: 'a', EVIDENCE_CLICKHOUSE_PASSWORD_FILE: 'b' }, /exclude/],
    [{ EVIDENCE_CLICKHOUSE_URL: URL, EVIDENCE_CLICKHOUSE_TIMEOUT_MS: 'soon' }, /timeoutMs/],
  ])('%j is refused', (env, why) => {
    expect(() => readClickhouseConfig(env)).toThrow(expect.objectContaining({ code: 'usage', message: expect.stringMatching(why) }))
  })

  it('a server that does not answer is unavailable', async () => {
    const clickhouse = await openClickhouse(readClickhouseConfig({ EVIDENCE_CLICKHOUSE_URL: 'http://127.0.0.1:9' }))
    await expect(clickhouse.query('SELECT 1')).rejects.toMatchObject({ code: 'ledger_unavailable' })
    await clickhouse.close()
  })

  it('so is one that answers too late', async () => {
    const env = { EVIDENCE_CLICKHOUSE_URL: `http://127.0.0.1:${await silentPort()}`, EVIDENCE_CLICKHOUSE_TIMEOUT_MS: '300' }
    const clickhouse = await openClickhouse(readClickhouseConfig(env))
    await expect(clickhouse.insert('events', [{ id: 'x' }])).rejects.toMatchObject({ code: 'ledger_unavailable' })
    await clickhouse.close()
  })
})

/** Once released, a migration is never edited: add the next one. */
const RELEASED: readonly string[] = ['sha256:9cc8698501d7d8842ab5a0affc5ed75a7b436062801f7d0e310211b371fdf05b']

it('released migrations are what they were', () => {
  expect(CLICKHOUSE_MIGRATIONS.map((_, n) => migrationDigest(n + 1))).toEqual(RELEASED)
})
