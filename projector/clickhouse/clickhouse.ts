import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { EvidenceError } from '../../schemas/errors.ts'
import type { ClickhouseConfig } from './clickhouse-config.ts'

export type Row = Record<string, unknown>

/**
 * The few things we ask of ClickHouse. `{db}` in a statement stands for the database: the in-process engine knows no
 * default one. Throws `ledger_unavailable` where the server cannot be reached, answers too late or refuses.
 */
export type Clickhouse = {
  readonly database: string
  command(sql: string): Promise<void>
  /** Rows as ClickHouse's JSON gives them; 64-bit numbers may be numbers or strings, ask for what fits. */
  query(sql: string, params?: Row): Promise<Row[]>
  /** Durable when it resolves; nothing is retried. */
  insert(table: string, rows: readonly Row[]): Promise<void>
  /** The same connection on another database. */
  inDatabase(database: string): Clickhouse
  close(): Promise<void>
}

type Connection = NonNullable<NonNullable<Parameters<typeof createClient>[0]>['connection']>

/** Opens a server by HTTP, or the in-process engine by `chdb:DIR`; everything after the connection is one code path. */
export async function openClickhouse(config: ClickhouseConfig): Promise<Clickhouse> {
  const client = config.url.startsWith('chdb:') ? await embeddedClient(config.url.slice('chdb:'.length)) : serverClient(config)
  return onDatabase(client, config.url, config.database)
}

function onDatabase(client: ClickHouseClient, url: string, database: string): Clickhouse {
  const named = (sql: string): string => sql.replaceAll('{db}', database)
  return {
    database,
    command: (sql) => guarded(url, async () => void (await client.command({ query: named(sql) }))),
    query: (sql, params = {}) =>
      guarded(url, async () => {
        const result = await client.query({ query: named(sql), query_params: params, format: 'JSONEachRow' })
        return result.json<Row>()
      }),
    insert: (table, values) => guarded(url, () => insert(client, `${database}.${table}`, values)),
    inDatabase: (other) => onDatabase(client, url, other),
    close: () => client.close(),
  }
}

/**
 * A token of its own for every insert: the in-process engine keeps settings for the session, and a token given once
 * would make it drop the next insert as a double and report success.
 */
async function insert(client: ClickHouseClient, table: string, values: readonly Row[]): Promise<void> {
  if (values.length === 0) return
  await client.insert({
    table,
    values,
    format: 'JSONEachRow',
    clickhouse_settings: { insert_deduplication_token: randomUUID(), async_insert: 0 },
  })
}

function serverClient(config: ClickhouseConfig): ClickHouseClient {
  return createClient({
    url: config.url,
    username: config.user,
    password: config.password,
    request_timeout: config.timeoutMs,
    application: 'evidence-ledger',
    // Errors are thrown, with less in them than the client would log.
    log: { level: ClickHouseLogLevel.OFF },
    // Shorter than the server's 10 s: a socket it has closed meanwhile shows as `socket hang up`.
    keep_alive: { idle_socket_ttl: 2500 },
    ...(config.caFile === null ? {} : { tls: { ca_cert: readCa(config.caFile) } }),
  })
}

function readCa(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    throw new EvidenceError('file_unreadable', `the CA file ${file} cannot be read`, { cause: error })
  }
}

async function embeddedClient(path: string): Promise<ClickHouseClient> {
  try {
    const { createChdbConnection } = await import('chdb/connection')
    // Both packages bring the same types twice; the shapes are equal.
    return createClient({ connection: createChdbConnection({ path }) as unknown as Connection, log: { level: ClickHouseLogLevel.OFF } })
  } catch (error) {
    throw new EvidenceError('ledger_unavailable', `the in-process engine cannot be used: ${error instanceof Error ? error.message : 'unknown'}`, {
      remedy: 'install the optional package chdb, or name a server with http(s)://',
      cause: error,
    })
  }
}

async function guarded<T>(url: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw toStoreError(error, url)
  }
}

function toStoreError(error: unknown, url: string): unknown {
  if (!(error instanceof Error) || error instanceof EvidenceError) return error
  return new EvidenceError('ledger_unavailable', `ClickHouse at ${url}: ${reasonOf(error)}`, {
    remedy: 'check that it runs, that user and database are right, and that its disk is not full; then run the command again',
    cause: error,
  })
}

/** ClickHouse's own messages quote rows, and what stands between may quote anything: of both only the fact is passed on. */
function reasonOf(error: Error): string {
  if (serverCode(error) !== null) return `it refused with code ${serverCode(error)}`
  const isConnection = 'code' in error || error.message === 'Timeout error.' || error.message === 'socket hang up'
  return isConnection ? error.message : 'its answer is not understood'
}

/** The number ClickHouse gives its errors. Each of the two packages has its own class for them, so the class says nothing. */
function serverCode(error: Error): string | null {
  return 'code' in error && /^\d+$/.test(String(error.code)) ? String(error.code) : null
}
