import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ClickhouseConfig, readClickhouseConfig } from '../../projector/clickhouse/clickhouse-config.ts'

/** A ClickHouse for tests, or why there is none. `kind` says what the suite really ran on. */
export type TestClickhouse =
  | { kind: 'named' | 'container' | 'chdb'; config: (database: string) => ClickhouseConfig; stop(): Promise<void> }
  | { kind: 'absent'; why: string }

const IMAGE = 'clickhouse/clickhouse-server:25.8'
const PASSWORD = 'only-for-this-container'

/**
 * The server EVIDENCE_CLICKHOUSE_URL names; else a container where a Docker engine answers; else the in-process engine
 * of the package chdb. The in-process engine has one data folder a process, so a test file starts it once.
 */
export async function startTestClickhouse(): Promise<TestClickhouse> {
  const named = process.env.EVIDENCE_CLICKHOUSE_URL
  if (named) return { kind: 'named', config: (database) => ({ ...readClickhouseConfig(process.env), database }), stop: async () => undefined }
  const reasons: string[] = []
  for (const start of [startContainer, startEmbedded]) {
    try {
      return await start()
    } catch (error) {
      reasons.push(`${start.name}: ${error instanceof Error ? error.message.split('\n')[0] : 'unknown error'}`)
    }
  }
  const why = reasons.join('; ')
  process.stderr.write(`CLICKHOUSE ABSENT: ${why}\n`)
  return { kind: 'absent', why }
}

async function startContainer(): Promise<TestClickhouse> {
  const { GenericContainer, Wait, getContainerRuntimeClient } = await import('testcontainers')
  await getContainerRuntimeClient()
  const container = await new GenericContainer(IMAGE)
    .withEnvironment({ CLICKHOUSE_USER: 'evidence', CLICKHOUSE_PASSWORD: PASSWORD, CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT: '1' })
    .withExposedPorts(8123)
    .withWaitStrategy(Wait.forHttp('/ping', 8123))
    .start()
  const url = `http://${container.getHost()}:${container.getMappedPort(8123)}`
  return {
    kind: 'container',
    config: (database) => ({ url, user: 'evidence', password: PASSWORD, database, caFile: null, timeoutMs: 30_000 }),
    stop: async () => void (await container.stop()),
  }
}

async function startEmbedded(): Promise<TestClickhouse> {
  await import('chdb/connection')
  const folder = mkdtempSync(join(tmpdir(), 'chdb-'))
  return {
    kind: 'chdb',
    config: (database) => ({ url: `chdb:${folder}`, user: 'default', password: '', database, caFile: null, timeoutMs: 30_000 }),
    stop: async () => rmSync(folder, { recursive: true, force: true }),
  }
}
