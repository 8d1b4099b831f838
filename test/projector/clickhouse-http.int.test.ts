import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type Clickhouse, openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { buildClickhouseHistoryStore } from '../../projector/clickhouse/clickhouse-history-store.ts'
import { buildClickhouseProjectionStore } from '../../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../../projector/clickhouse/migrate.ts'
import type { ProjectionStore } from '../../projector/projection-store.ts'
import { isFinalSnapshot } from '../../projector/snapshot-rows.ts'
import { type HttpFault, startClickhouseHttp } from '../support/clickhouse-http.ts'
import { toHistoryRound, toRawEvents } from '../support/history-data.ts'
import { serveHttp } from '../support/http-server.ts'
import { makeRound } from '../support/make-events.ts'
import { historySuite } from './history-suite.ts'
import { projectionStoreSuite } from './projection-store-suite.ts'

/**
 * The code path of a server: ClickHouse's client over HTTP, and behind it the real engine in a process of its own that
 * is slow, loses answers, and is killed in the middle of what it does.
 */
const server = await startClickhouseHttp().catch((error: Error) => void console.log(`CLICKHOUSE ABSENT: ${error.message.split('\n')[0]}`))
afterAll(async () => await server?.stop())
afterEach(async () => {
  server?.setFault(() => 'pass')
  await server?.start()
})

let databases = 0
async function openFresh(timeoutMs = 30_000): Promise<Clickhouse> {
  if (!server) throw new Error('no engine')
  const clickhouse = await openClickhouse(server.config(`http_${++databases}`))
  await migrateClickhouse(clickhouse)
  await clickhouse.close()
  return openClickhouse(server.config(`http_${databases}`, timeoutMs))
}

describe.skipIf(!server)('ClickHouse over HTTP', () => {
  projectionStoreSuite(async () => {
    const clickhouse = await openFresh()
    return { store: buildClickhouseProjectionStore(clickhouse), history: buildClickhouseHistoryStore(clickhouse), close: () => clickhouse.close() }
  })

  historySuite(async () => {
    const clickhouse = await openFresh()
    const store = buildClickhouseProjectionStore(clickhouse)
    return {
      history: buildClickhouseHistoryStore(clickhouse),
      async save(rounds) {
        await store.saveEvents(rounds.flatMap(({ events }) => toRawEvents(events)))
        await store.saveSnapshots(rounds.map(({ snapshot }) => ({ snapshot, isFinal: isFinalSnapshot(snapshot) })))
      },
      close: () => clickhouse.close(),
    }
  })

  const ROUND = makeRound('round-1', 400)
  const EVENTS = toRawEvents(ROUND)
  const { snapshot } = toHistoryRound(ROUND)
  const save = async (store: ProjectionStore): Promise<void> => {
    await store.saveEvents(EVENTS)
    await store.saveSnapshots([{ snapshot, isFinal: true }])
  }

  /** Everything is there once, and nothing else is. */
  async function assertWhole(clickhouse: Clickhouse): Promise<void> {
    const held: string[] = []
    for await (const page of buildClickhouseProjectionStore(clickhouse).readRound('round-1')) held.push(...page)
    expect(held.sort()).toEqual(EVENTS.map(({ text }) => text).sort())
    const history = buildClickhouseHistoryStore(clickhouse)
    expect(await history.asOf('test', '2027-01-01T00:00:00.000Z')).toEqual(snapshot)
    const { rows } = await history.notPassed(
      'test',
      'check-0001',
      { from: '2000-01-01T00:00:00.000Z', to: '2999-01-01T00:00:00.000Z' },
      { limit: 10, after: null },
    )
    expect(rows).toHaveLength(snapshot.checks.find(({ id }) => id === 'check-0001')?.status === 'PASS' ? 0 : 1)
    const [count] = await clickhouse.query('SELECT count() AS checks FROM {db}.checks FINAL')
    expect(Number(count?.checks)).toBe(snapshot.checks.length)
  }

  const TABLES = ['events', 'checks', 'summary_keys', 'declarations', 'snapshots'] as const
  const FAULTS: readonly { fault: HttpFault; what: string }[] = [
    { fault: 'refuse', what: 'never arrives' },
    { fault: 'lose', what: 'is done, and the answer is lost with its connection' },
    { fault: 'stall', what: 'is done, and nobody answers in time' },
  ]
  it.each(FAULTS)('an insert into any of the tables $what: unavailable, and saving again changes nothing more', async ({ fault }) => {
    const clickhouse = await openFresh(fault === 'stall' ? 1000 : 30_000)
    const store = buildClickhouseProjectionStore(clickhouse)
    for (const table of TABLES) {
      let left = 1
      server?.setFault((statement) => (statement.startsWith('INSERT') && statement.includes(`.${table} `) && left-- > 0 ? fault : 'pass'))
      const failed = await save(store).catch((error: unknown) => error)
      // This round allows nothing, so that there is no insert to fail.
      if (table === 'declarations' && left === 1) expect(failed).toBeUndefined()
      else expect([table, failed]).toEqual([table, expect.objectContaining({ code: 'ledger_unavailable' })])
    }
    await save(store)
    await assertWhole(clickhouse)
    await clickhouse.close()
  })

  it.each(['events', 'checks', 'snapshots'])('killed in the middle of an insert into %s, away, and back: the same connection goes on', async (table) => {
    const clickhouse = await openFresh()
    const store = buildClickhouseProjectionStore(clickhouse)
    for (let kill = 0; kill < 2; kill++) {
      let left = 1
      server?.setFault((statement) => (statement.startsWith('INSERT') && statement.includes(`.${table} `) && left-- > 0 ? 'kill' : 'pass'))
      await expect(save(store)).rejects.toMatchObject({ code: 'ledger_unavailable' })
      await server?.kill()
      await expect(save(store)).rejects.toMatchObject({ code: 'ledger_unavailable' })
      await server?.start()
    }
    await save(store)
    await assertWhole(clickhouse)
    await clickhouse.close()
  })

  it('what was acknowledged before a kill is there, and nothing is half there', async () => {
    const clickhouse = await openFresh()
    const store = buildClickhouseProjectionStore(clickhouse)
    for (let n = 0; n < 3; n++) {
      const round = makeRound(`acknowledged-${n}`, 20)
      await store.saveEvents(toRawEvents(round))
      await store.saveSnapshots([{ snapshot: toHistoryRound(round).snapshot, isFinal: true }])
      await server?.kill()
      await server?.start()
      const rows = await clickhouse.query('SELECT artifact_id, count() AS events FROM {db}.events FINAL GROUP BY artifact_id ORDER BY artifact_id')
      expect(rows.map((row) => Number(row.events))).toEqual(Array.from({ length: n + 1 }, () => 22))
      const finals = await clickhouse.query('SELECT artifact_id FROM {db}.snapshots FINAL WHERE is_final = 1')
      expect(finals).toHaveLength(n + 1)
    }
    await clickhouse.close()
  })

  it('an answer in the middle of which the server dies is no answer', async () => {
    const clickhouse = await openFresh()
    await buildClickhouseProjectionStore(clickhouse).saveEvents(EVENTS)
    server?.setFault(() => 'kill')
    await expect(clickhouse.query('SELECT count() AS n, sleep(0.5) FROM {db}.events GROUP BY id')).rejects.toMatchObject({ code: 'ledger_unavailable' })
    await clickhouse.close()
  })

  it('what something in between says of a request is not passed on', async () => {
    const { port } = await serveHttp((_request, response) => response.writeHead(502).end('<html>Bad gateway for password=hunter2</html>'))
    const clickhouse = await openClickhouse({ url: `http://127.0.0.1:${port}`, user: 'default', password: '', database: 'x', caFile: null, timeoutMs: 1000 })
    const error = await clickhouse.insert('events', [{ id: 'x' }]).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ledger_unavailable' })
    expect(String(error)).not.toContain('hunter2')
    await clickhouse.close()
  })
})
