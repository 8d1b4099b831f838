import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allowListScript } from '../../producers/commands/allow-list.ts'
import { parityQuery } from '../../producers/commands/sql-text.ts'
import { probeK8s } from '../../producers/probes/k8s.ts'
import { probeOffsite } from '../../producers/probes/offsite.ts'
import { probePostgres } from '../../producers/probes/postgres.ts'
import { probeRedis } from '../../producers/probes/redis.ts'
import { probeSqlFreshness } from '../../producers/probes/sql-freshness.ts'
import { probeSqlParity } from '../../producers/probes/sql-parity.ts'
import type { Transport } from '../../producers/transport.ts'
import { parseKnownHosts } from '../../producers/transports/known-hosts.ts'
import { createSshTransport } from '../../producers/transports/ssh.ts'
import { type BackupStore, hasRestic, makeBackupStore } from '../support/backup-store.ts'
import { type PostgresServer, postgresBin, startPostgres } from '../support/postgres-server.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis-server.ts'
import { type SshServer, startSshd } from '../support/sshd.ts'
import { goodCluster, type StandInKubectl, standInKubectl } from '../support/stand-in-cluster.ts'

const LEFT = { table: 'daily_sales', column: 'day' }
const RIGHT = { table: 'monthly_sales', column: '日期' }
const hasAll = postgresBin() !== null && hasRedis && hasRestic
if (!hasAll) console.log('REAL SERVERS ABSENT: install postgresql redis-server restic rclone')

function connect({ host, port, user, keyFile, knownHosts }: SshServer): Transport {
  return createSshTransport({
    host,
    port,
    user,
    keyFile,
    knownHosts: parseKnownHosts(knownHosts),
    connectTimeoutMs: 8000,
    signal: new AbortController().signal,
  })
}

describe.skipIf(!hasAll)('probes of services over ssh', () => {
  let postgres: PostgresServer
  let redis: RedisServer
  let store: BackupStore
  let cluster: StandInKubectl
  let open: { sshd: SshServer; transport: Transport }
  let narrow: { sshd: SshServer; transport: Transport }
  let dir = ''
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'evidence-services-'))
    cluster = standInKubectl()
    cluster.serve(goodCluster())
    postgres = await startPostgres()
    redis = await startRedis()
    store = makeBackupStore()
    store.init('momo')
    store.backup('momo')
    store.sync()
    writeFileSync(join(store.dir, 'full-ok'), '')
    postgres.sql(
      'postgres',
      `CREATE TABLE daily_sales (day date); CREATE TABLE monthly_sales ("日期" text);
      INSERT INTO daily_sales VALUES (current_date); INSERT INTO monthly_sales VALUES (to_char(current_date, 'YYYY/MM/DD'))`,
    )
    const sshd = await startSshd({ programs: cluster.dir })
    open = { sshd, transport: connect(sshd) }
    const allow = join(dir, 'allow')
    writeFileSync(
      allow,
      allowListScript([{ id: 'redis.ping' }, { id: 'redis.info' }, { id: 'sql.query', values: { query: [parityQuery(LEFT, RIGHT, 'all')] } }]),
      { mode: 0o755 },
    )
    const forced = await startSshd({ keyPrefix: `restrict,command="${allow}" ` })
    narrow = { sshd: forced, transport: connect(forced) }
  }, 120_000)
  afterAll(async () => {
    for (const { sshd, transport } of [open, narrow]) {
      await transport.close()
      await sshd.stop()
    }
    await postgres.remove()
    await redis.stop()
    store.remove()
    cluster.remove()
    rmSync(dir, { recursive: true, force: true })
  })
  const context = (transport: Transport) => makeContext({ transport, timeoutMs: 30_000 })
  const database = () => ({ name: 'postgres', role: 'evidence', address: '127.0.0.1', port: postgres.port })
  const parity = (range: unknown) => makeCheck('sql-parity', { database: database(), left: LEFT, right: RIGHT, range })

  it('see what they see on this machine, word for word through a shell', { timeout: 60_000 }, async () => {
    const { transport } = open
    expect(await probePostgres(makeCheck('postgres', { address: '127.0.0.1', port: postgres.port }), context(transport))).toMatchObject({ met: true })
    expect(await probeRedis(makeCheck('redis', { address: '127.0.0.1', port: redis.port }), context(transport))).toMatchObject({ met: true })
    expect(await probeSqlFreshness(makeCheck('sql-freshness', { database: database(), ...RIGHT, max_age_days: 0 }), context(transport))).toMatchObject({
      met: true,
    })
    for (const range of ['all', 'current_month', { from: '2020-01-01', to: '2099-12-31' }]) {
      expect(await probeSqlParity(parity(range), context(transport)), JSON.stringify(range)).toMatchObject({
        met: true,
        facts: { left: { rows: 1 }, right: { rows: 1 } },
      })
    }
    const k8s = makeCheck('k8s', {
      namespace: 'shop',
      nodes: ['mon', 'mon1'],
      pods: true,
      placement: ['api', 'web'],
      jobs: true,
      node_events: true,
      vip: '192.0.2.125',
    })
    expect(await probeK8s(k8s, context(transport))).toMatchObject({ met: true })
    const offsite = makeCheck('offsite', {
      ...{ local: store.local, remote: store.remote, repositories: ['momo'], password_file: store.passwordFile, rclone_config: store.rcloneConfig },
      ...{ max_age_s: 3600, full_marker: join(store.dir, 'full-ok'), full_marker_max_age_s: 3600 },
    })
    expect(await probeOffsite(offsite, context(transport))).toMatchObject({ met: true })
  })

  it('run under a forced command that grants them, and one query of them and no other', { timeout: 60_000 }, async () => {
    if (!narrow.sshd.isReal) return console.log("skipped: ssh2's own server knows no forced commands")
    const { transport } = narrow
    expect(await probeRedis(makeCheck('redis', { address: '127.0.0.1', port: redis.port }), context(transport))).toMatchObject({ met: true })
    expect(await probeSqlParity(parity('all'), context(transport))).toMatchObject({ met: true })
    expect(await failureOf(probeSqlParity(parity('current_month'), context(transport)))).toBe('exit_status query: psql: exit code 126: not allowed')
    expect(await failureOf(probePostgres(makeCheck('postgres', { port: postgres.port }), context(transport)))).toBe(
      'exit_status exec: pg_isready: exit code 126',
    )
  })
})
