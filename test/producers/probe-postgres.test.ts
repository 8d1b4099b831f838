import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { probePostgres } from '../../producers/probes/postgres.ts'
import { readPostgresLog } from '../../producers/probes/postgres-log.ts'
import { ProbeFailure } from '../../producers/transport.ts'
import { postgresUnmet } from '../../schemas/expectations/postgres.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { type PostgresServer, postgresBin, startPostgres } from '../support/postgres-server.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'
import { freePort } from '../support/sshd.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
const GOOD: FactsOf<'postgres'> = {
  address: 'localhost',
  port: 5432,
  endpoint: 'accepting',
  cluster: { name: '14/main', state: 'online', port: 5432 },
  log: { source: '/pg.log', size_bytes: 10, modified_at: '2026-06-27T03:59:00.000Z', signatures: [], healed_lines: 3 },
}
const WHOLE = { cluster: '14/main', log: '/pg.log' }
const unmet = (change: Partial<FactsOf<'postgres'>>, settings: object = WHOLE) =>
  postgresUnmet(makeCheck('postgres', { ...settings }), { ...GOOD, ...change }, AT)

describe('postgres expectation', () => {
  it('is met by an endpoint, its own cluster and a quiet log', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ cluster: null, log: null }, {})).toEqual([])
  })

  it('takes no endpoint for the cluster, and no cluster for the endpoint', () => {
    const down = { cluster: { name: '14/main', state: 'down', port: 5432 } }
    expect(unmet(down)).toEqual(['cluster 14/main is down; what accepts on port 5432 is another PostgreSQL'])
    expect(unmet({ endpoint: 'no_response', ...down })).toEqual(['localhost:5432 gives no response', 'cluster 14/main is down'])
    expect(unmet({ endpoint: 'rejecting' })).toEqual(['localhost:5432 rejects'])
    expect(unmet({ cluster: { name: '14/main', state: 'online', port: 5433 } })).toEqual(['cluster 14/main is online on port 5433, not 5432'])
    for (const state of ['absent', 'online,recovery', 'down,binaries_missing', '']) {
      expect(unmet({ cluster: { name: '14/main', state, port: 5432 } })).toHaveLength(1)
    }
  })

  it('misses what was not observed', () => {
    expect(unmet({ cluster: null, log: null })).toEqual(['not observed: cluster 14/main', 'not observed: log'])
    expect(unmet({ cluster: { name: '15/main', state: 'online', port: 5432 } })).toEqual(['not observed: cluster 14/main'])
  })

  it('names every open signature, and a log from the future', () => {
    const signatures = [
      { signature: 'no_valid_checkpoint' as const, lines: 2 },
      { signature: 'panic' as const, lines: 1 },
    ]
    expect(unmet({ log: { ...(GOOD.log as NonNullable<typeof GOOD.log>), signatures } })).toEqual([
      'log: no_valid_checkpoint in 2 lines since the last start',
      'log: panic in 1 lines since the last start',
    ])
    expect(unmet({ log: { ...(GOOD.log as NonNullable<typeof GOOD.log>), modified_at: '2026-06-27T05:00:00.000Z' } })).toEqual(['log modified in the future'])
  })
})

describe('log of PostgreSQL', () => {
  const ready = '2026-06-27 03:00:00 UTC [1] LOG:  database system is ready to accept connections'
  const damage = [
    'LOG:  invalid primary checkpoint record',
    'PANIC:  could not locate a valid checkpoint record',
    'LOG:  unexpected pageaddr 1/6D000000 in log segment 000000010000000100000070, offset 0',
    'LOG:  unexpected pageaddr 1/6D000000 in WAL segment 000000010000000100000070, LSN 1/70000000, offset 0',
    'PANIC:  corrupted item pointer: offset = 0, length = 8',
  ]

  it('counts each signature since the last start', () => {
    expect(readPostgresLog([ready, ...damage].join('\n'))).toEqual({
      signatures: [
        { signature: 'no_valid_checkpoint', lines: 1 },
        { signature: 'invalid_primary_checkpoint', lines: 1 },
        { signature: 'unexpected_pageaddr', lines: 2 },
        { signature: 'panic', lines: 1 },
      ],
      healed_lines: 0,
    })
  })

  it('keeps what a later start overcame apart, and reads a log without any start as open', () => {
    expect(readPostgresLog([...damage, ready].join('\n'))).toEqual({ signatures: [], healed_lines: 5 })
    expect(readPostgresLog(damage.join('\n')).signatures).toHaveLength(4)
    expect(readPostgresLog('')).toEqual({ signatures: [], healed_lines: 0 })
  })
})

describe('postgres probe', () => {
  const isready = (text: string, exitCode = 0) => ({ 'pg_isready -h localhost -p 5432': { text: `localhost:5432 - ${text}\n`, exitCode } })
  const clusters = (text: string, exitCode = 0) => ({ 'pg_lsclusters -h': { text, exitCode } })
  const line = '14 main 5432 online postgres /var/lib/postgresql/14/main /var/log/postgresql/postgresql-14-main.log\n'
  const look = (commands: Parameters<typeof createScriptedTransport>[0], paths: string[] = [], settings: object = WHOLE) =>
    probePostgres(makeCheck('postgres', { ...settings }), makeContext({ transport: createScriptedTransport(commands, paths), now: () => AT }))

  it('brings the three questions together', async () => {
    const seen = await look(
      { ...isready('accepting connections'), ...clusters(`9.6 old 5433 down postgres /a /b\n${line}`), 'tail -c': { text: 'LOG: ready\n' } },
      ['/pg.log'],
    )
    expect(seen).toMatchObject({ met: true, target: 'localhost:5432', facts: { cluster: { name: '14/main', state: 'online', port: 5432 } } })
    expect(FACTS.postgres.parse(seen.facts)).toEqual(seen.facts)
  })

  it('is worse than met for every way in which a part is missing, junk or cut', async () => {
    const good = { ...isready('accepting connections'), ...clusters(line), 'tail -c': { text: '' } }
    const bad: Parameters<typeof createScriptedTransport>[0][] = [
      { ...good, ...isready('no response', 2) },
      { ...good, ...isready('rejecting connections', 1) },
      { ...good, ...clusters(line, 1) },
      { ...good, ...clusters('') },
      { ...good, ...clusters('14 main') },
      { ...good, ...clusters(`${line}Warning: something\n`) },
      { ...good, ...clusters(line.replace('online', 'down')) },
      { ...good, 'tail -c': { text: '', exitCode: 1 } },
      { ...good, 'tail -c': new ProbeFailure('permission', 'exec', 'no') },
      { ...good, 'tail -c': { text: 'PANIC:  could not locate a valid checkpoint record\n' } },
    ]
    expect((await look(good, ['/pg.log'])).met).toBe(true)
    expect((await look(good, [])).met).toBe(false)
    for (const commands of bad) expect((await look(commands, ['/pg.log'])).met, JSON.stringify(commands)).toBe(false)
  })

  it('fails where it could not ask', async () => {
    expect(await failureOf(look({}))).toBe('exit_status exec: pg_isready: exit code 127')
    expect(await failureOf(look(isready('no attempt', 3)))).toBe('exit_status exec: pg_isready: exit code 3')
    expect(await failureOf(look({ pg_isready: { text: 'sudo: a password is required' } }))).toBe('exit_status exec: pg_isready: exit code 0')
    expect(await failureOf(look({ pg_isready: new ProbeFailure('timeout', 'exec', 'no end') }))).toBe('timeout exec: no end')
    const lost = { ...isready('accepting connections'), pg_lsclusters: new ProbeFailure('unreachable', 'connect', 'lost') }
    expect(await failureOf(look(lost))).toBe('unreachable connect: lost')
  })
})

if (postgresBin() === null) console.log('REAL POSTGRESQL ABSENT: install postgresql')
describe.skipIf(postgresBin() === null)('postgres probe against a real PostgreSQL', () => {
  let server: PostgresServer
  let bin = ''
  beforeAll(async () => {
    server = await startPostgres()
    bin = mkdtempSync(join(tmpdir(), 'evidence-bin-'))
    // The real program of Debian, told where this test's cluster is.
    writeFileSync(join(bin, 'pg_lsclusters'), `#!/bin/sh\nPG_CLUSTER_CONF_ROOT='${server.confRoot}' exec /usr/bin/pg_lsclusters "$@"\n`)
    chmodSync(join(bin, 'pg_lsclusters'), 0o755)
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env.PATH}`)
  }, 60_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await server.remove()
    rmSync(bin, { recursive: true, force: true })
  })
  const look = (settings: object = {}) =>
    probePostgres(makeCheck('postgres', { address: '127.0.0.1', port: server.port, cluster: server.cluster, log: server.logFile, ...settings }), makeContext())

  it('sees it accept, its cluster online, its log quiet', async () => {
    const seen = await look()
    expect(seen.facts).toMatchObject({ endpoint: 'accepting', cluster: { state: 'online', port: server.port }, log: { signatures: [], healed_lines: 0 } })
    expect(seen.met).toBe(true)
  })

  it('sees a cluster that is not this one', async () => {
    expect((await look({ cluster: '14/other' })).facts.cluster).toEqual({ name: '14/other', state: 'absent', port: null })
    expect((await look({ port: await freePort() })).facts.endpoint).toBe('no_response')
  })

  it('sees a cluster that lost its WAL: down, with the signature in its log; and healed after it started again', { timeout: 60_000 }, async () => {
    await server.stop('immediate')
    const wal = join(server.dataDir, 'pg_wal')
    const segments = readdirSync(wal).filter((name) => /^[0-9A-F]{24}$/u.test(name))
    for (const name of segments) renameSync(join(wal, name), join(server.dataDir, name))
    await server.start()
    const seen = await look()
    expect(seen.met).toBe(false)
    expect(seen.facts).toMatchObject({ endpoint: 'no_response', cluster: { state: 'down' } })
    expect(seen.facts.log?.signatures.map((one) => one.signature)).toContain('no_valid_checkpoint')
    for (const name of segments) renameSync(join(server.dataDir, name), join(wal, name))
    await server.start()
    const healed = await look()
    expect(healed.met).toBe(true)
    expect(healed.facts.log?.healed_lines).toBeGreaterThan(0)
  })
})
