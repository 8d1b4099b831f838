import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { probeRedis, readInfo } from '../../producers/probes/redis.ts'
import { ProbeFailure } from '../../producers/transport.ts'
import { redisUnmet } from '../../schemas/expectations/redis.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { hasRedis, type RedisServer, startRedis } from '../support/redis-server.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'
import { freePort } from '../support/sshd.ts'

const GOOD: FactsOf<'redis'> = {
  address: 'localhost',
  port: 6379,
  reply: 'PONG',
  version: '7.0.15',
  uptime_s: 9,
  role: 'master',
  master_link_up: null,
  loading: false,
  rdb_save_ok: true,
  aof_enabled: false,
  aof_write_ok: true,
  used_memory_bytes: 90,
  max_memory_bytes: 100,
}
const unmet = (change: Partial<FactsOf<'redis'>>, settings: object = {}) => redisUnmet(makeCheck('redis', { ...settings }), { ...GOOD, ...change }, new Date())

describe('redis expectation', () => {
  it('is met by one that answers, has loaded and saved', () => {
    expect(unmet({}, { replication: 'master', max_memory_used_percent: 90 })).toEqual([])
    expect(unmet({ role: 'slave', master_link_up: true, aof_enabled: true })).toEqual([])
  })

  it('names everything that is wrong', () => {
    expect(unmet({ reply: 'LOADING', loading: true })).toEqual(['answers LOADING', 'is loading its data'])
    expect(unmet({ role: 'slave', master_link_up: false }, { replication: 'master' })).toEqual(['is slave, not master', 'link to the master is down'])
    expect(unmet({ rdb_save_ok: false, aof_enabled: true, aof_write_ok: false })).toEqual(['last background save failed', 'last append-only write failed'])
    expect(unmet({}, { max_memory_used_percent: 89.9 })).toEqual(['memory 90% used > 89.9%'])
    expect(unmet({ max_memory_bytes: 0 }, { max_memory_used_percent: 50 })).toEqual(['has no memory limit to stay below'])
  })

  it('is not met by one that answers and refuses writes', () => {
    expect(unmet({ used_memory_bytes: 100, evicts: false })).toEqual(['refuses writes: its memory is full'])
    expect(unmet({ replicas_enough: false })).toEqual(['refuses writes: too few replicas'])
    for (const change of [
      { evicts: true },
      {},
      { evicts: null, max_memory_bytes: 0 },
      { evicts: false, max_memory_bytes: 0 },
      { evicts: false, max_memory_bytes: 101 },
    ]) {
      expect(unmet({ used_memory_bytes: 100, ...change }), JSON.stringify(change)).toEqual([])
    }
  })

  it('misses every fact it rests on', () => {
    const settings = { replication: 'master', max_memory_used_percent: 90 }
    for (const key of ['role', 'loading', 'rdb_save_ok', 'aof_enabled', 'used_memory_bytes', 'max_memory_bytes'] as const) {
      expect(unmet({ [key]: null }, settings), key).toHaveLength(1)
    }
    expect(unmet({ aof_enabled: true, aof_write_ok: null })).toEqual(['not observed: append-only write'])
    expect(unmet({ role: 'slave', master_link_up: null })).toEqual(['not observed: link to the master'])
  })
})

describe('redis probe', () => {
  const look = (ping: object | ProbeFailure, info: object | ProbeFailure = { text: '' }) =>
    probeRedis(
      makeCheck('redis', {}),
      makeContext({ transport: createScriptedTransport({ 'redis-cli -h localhost -p 6379 PING': ping, 'redis-cli -h localhost -p 6379 INFO': info }) }),
    )

  it('is not met by a PONG without INFO, nor by INFO without a PONG', async () => {
    expect((await look({ text: 'PONG\n' })).met).toBe(false)
    const info = { text: '# Server\r\nredis_version:7\r\nmaxmemory:0\r\nrole:master\r\nloading:0\r\nrdb_last_bgsave_status:ok\r\naof_enabled:0\r\n' }
    expect((await look({ text: 'PONG\n' }, info)).met).toBe(true)
    expect((await look({ text: 'LOADING Redis is loading the dataset in memory\n' }, info)).met).toBe(false)
    expect((await look({ text: 'PONG\n' }, { text: info.text.slice(0, -20) })).met).toBe(false)
  })

  it('fails where it could not ask', async () => {
    expect(await failureOf(look({ text: 'NOAUTH Authentication required.\n' }))).toBe('auth auth: answers NOAUTH')
    expect(await failureOf(look({ text: '' }))).toBe('parse parse: not an answer to PING')
    expect(await failureOf(look({ text: '<html>' }))).toBe('parse parse: not an answer to PING')
    expect(await failureOf(look({ exitCode: 127, stderrLine: 'not found' }))).toBe('exit_status exec: redis-cli: exit code 127: not found')
    expect(await failureOf(look({ text: 'PONG' }, { exitCode: 1 }))).toBe('exit_status exec: redis-cli: exit code 1')
    expect(await failureOf(look(new ProbeFailure('timeout', 'exec', 'no end')))).toBe('timeout exec: no end')
  })

  it('takes no value that INFO may not have', () => {
    expect(Object.values(readInfo('role:sentinel\nloading:maybe\nused_memory:-1\nmaxmemory:1e9\nuptime_in_seconds:\n')).every((value) => value === null)).toBe(
      true,
    )
  })
})

if (!hasRedis) console.log('REAL REDIS ABSENT: install redis-server')
describe.skipIf(!hasRedis)('redis probe against a real redis-server', () => {
  const look = ({ port }: Pick<RedisServer, 'port'>, settings: object = {}, timeoutMs = 5000) =>
    probeRedis(makeCheck('redis', { address: '127.0.0.1', port, ...settings }), makeContext({ timeoutMs }))
  const served = async (work: (server: RedisServer) => Promise<void>, ...settings: string[]): Promise<void> => {
    const server = await startRedis(...settings)
    await work(server).finally(server.stop)
  }

  it('sees it healthy, then its failed save', async () => {
    await served(
      async (server) => {
        const seen = await look(server, { replication: 'master', max_memory_used_percent: 100 })
        expect(FACTS.redis.parse(seen.facts)).toEqual(seen.facts)
        expect(seen).toMatchObject({
          met: true,
          facts: { reply: 'PONG', role: 'master', loading: false, rdb_save_ok: true, aof_enabled: false, max_memory_bytes: 104857600 },
        })
        rmSync(server.dir, { recursive: true })
        server.cli('BGSAVE')
        for (let tries = 0; tries < 50 && !server.cli('INFO', 'persistence').includes('rdb_last_bgsave_status:err'); tries++) await sleep(50)
        expect(await look(server)).toMatchObject({ met: false, facts: { reply: 'PONG', rdb_save_ok: false } })
      },
      '--maxmemory',
      '100mb',
    )
  })

  it('sees one that answers and takes no write, full or short of replicas', async () => {
    await served(async (server) => {
      expect(await look(server)).toMatchObject({ met: true, facts: { evicts: false, replicas_enough: true } })
      for (const [setting, bad, good, fact] of [
        ['maxmemory', '1kb', '0', { evicts: false, max_memory_bytes: 1024 }],
        ['min-replicas-to-write', '1', '0', { replicas_enough: false }],
      ] as const) {
        server.cli('CONFIG', 'SET', setting, bad)
        expect(await look(server), setting).toMatchObject({ met: false, facts: { reply: 'PONG', ...fact } })
        server.cli('CONFIG', 'SET', setting, good)
      }
      server.cli('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru')
      expect(await look(server)).toMatchObject({ met: true, facts: { evicts: true } })
    })
  })

  it('sees a replica without its master', async () => {
    await served(
      async (server) => {
        expect(await look(server)).toMatchObject({ met: false, facts: { role: 'slave', master_link_up: false } })
      },
      '--replicaof',
      '127.0.0.1',
      String(await freePort()),
    )
  })

  it('is let in nowhere with a password, refused where nobody listens, and waits for nobody', async () => {
    await served(
      async (server) => {
        expect(await failureOf(look(server))).toBe('auth auth: answers NOAUTH')
      },
      '--requirepass',
      ['not', 'known'].join('-'),
    )
    expect(await failureOf(look({ port: await freePort() }))).toMatch(/^refused connect: Could not connect to Redis/u)
    await served(async (server) => {
      const asleep = startSleep(server)
      await sleep(200)
      expect(await failureOf(look(server, {}, 600))).toMatch(/^timeout exec: no end within (600|5\d\d) ms$/u)
      await asleep
    })
  })
})

/** Keeps the server from answering for two seconds. */
async function startSleep(server: RedisServer): Promise<void> {
  const child = spawn('redis-cli', ['-p', String(server.port), 'DEBUG', 'SLEEP', '2'], { stdio: 'ignore' })
  await new Promise<void>((resolve) => child.once('exit', () => resolve()))
}
