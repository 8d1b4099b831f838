import { accessSync, constants, existsSync } from 'node:fs'
import type { HistoryStore } from '../projector/history-store.ts'
import { note } from './output.ts'

export type HistoryOptions = { ledger: string; clickhouse?: string }

/**
 * Gives the work a history: of the local ledger by default, brought up to its events first, else of ClickHouse
 * (`--clickhouse URL`; user and password from the environment only).
 */
export async function withHistory<T>(options: HistoryOptions, work: (history: HistoryStore) => Promise<T>): Promise<T> {
  if (options.clickhouse === undefined && isWritable(options.ledger)) return withLocal(options.ledger, work)
  const history = options.clickhouse === undefined ? await openReadonly(options.ledger) : await openRemote(options.clickhouse)
  try {
    return await work(history)
  } finally {
    await history.close()
  }
}

/** A file that this user may only read is asked as it is. */
async function openReadonly(path: string): Promise<HistoryStore> {
  return (await import('../projector/sqlite-history-store.ts')).openSqliteHistoryStore({ path, mode: 'readonly', of: 'ledger' })
}

/** Held to the events of the ledger, as the service does it. */
async function withLocal<T>(path: string, work: (history: HistoryStore) => Promise<T>): Promise<T> {
  const [{ withStores }, { openSqliteHistoryStore }, { fillHistory }, { keepCurrent }] = await Promise.all([
    import('./stores.ts'),
    import('../projector/sqlite-history-store.ts'),
    import('../projector/rebuild-history.ts'),
    import('../api/current-history.ts'),
  ])
  return withStores(path, 'existing', async ({ ledger, snapshots }) => {
    const history = openSqliteHistoryStore({ path, mode: 'existing', of: 'ledger' })
    try {
      const projected = await fillHistory(ledger, snapshots, history)
      if (projected > 0) note(`history: ${projected} rounds without a final snapshot were projected`)
      return await work(keepCurrent(ledger, snapshots, history))
    } finally {
      await history.close()
    }
  })
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch {
    return !existsSync(path)
  }
}

async function openRemote(url: string): Promise<HistoryStore> {
  const [{ openClickhouse }, { readClickhouseConfig }, { buildClickhouseHistoryStore }] = await Promise.all([
    import('../projector/clickhouse/clickhouse.ts'),
    import('../projector/clickhouse/clickhouse-config.ts'),
    import('../projector/clickhouse/clickhouse-history-store.ts'),
  ])
  return buildClickhouseHistoryStore(await openClickhouse(readClickhouseConfig(process.env, url)))
}

/** Empties the tables of history in the local ledger and makes them again from its events. Gives the number of rounds. */
export async function rebuildLocalHistory(path: string): Promise<number> {
  const { clearHistory } = await import('../projector/sqlite-history-store.ts')
  clearHistory(path)
  await withLocal(path, async () => undefined)
  const { withLedger } = await import('./stores.ts')
  return withLedger(path, 'existing', async (ledger) => (await ledger.roundIds()).length)
}
