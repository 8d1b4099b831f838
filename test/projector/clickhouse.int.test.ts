import { afterAll, describe, expect, it } from 'vitest'
import { type Clickhouse, openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { buildClickhouseHistoryStore } from '../../projector/clickhouse/clickhouse-history-store.ts'
import { buildClickhouseProjectionStore } from '../../projector/clickhouse/clickhouse-projection-store.ts'
import { buildClickhouseSnapshotStore } from '../../projector/clickhouse/clickhouse-snapshot-store.ts'
import { migrateClickhouse } from '../../projector/clickhouse/migrate.ts'
import { isFinalSnapshot } from '../../projector/snapshot-rows.ts'
import { startTestClickhouse } from '../support/clickhouse-server.ts'
import { toHistoryRound, toRawEvents } from '../support/history-data.ts'
import { makeGuardEvaluated, makeRound } from '../support/make-events.ts'
import { auditorSuite } from './auditor-suite.ts'
import { historySuite } from './history-suite.ts'
import { projectionStoreSuite } from './projection-store-suite.ts'

const server = await startTestClickhouse()
const absent = server.kind === 'absent' ? server.why : null
const RUN = `test_${process.pid}_${Date.now().toString(36)}`

async function openFresh(name: string): Promise<Clickhouse> {
  if (server.kind === 'absent') throw new Error(server.why)
  const clickhouse = await openClickhouse(server.config(`${RUN}_${name}`))
  await migrateClickhouse(clickhouse)
  return clickhouse
}

async function closeAndDrop(clickhouse: Clickhouse): Promise<void> {
  await clickhouse.command('DROP DATABASE IF EXISTS {db} SYNC')
  await clickhouse.close()
}

afterAll(async () => {
  if (server.kind !== 'absent') await server.stop()
})

describe.skipIf(absent !== null)(`ClickHouse (${server.kind}${absent === null ? '' : `: ${absent}`})`, () => {
  historySuite(async () => {
    const clickhouse = await openFresh('history')
    const store = buildClickhouseProjectionStore(clickhouse)
    return {
      history: buildClickhouseHistoryStore(clickhouse),
      async save(rounds) {
        for (let n = 0; n < rounds.length; n += 40) {
          const some = rounds.slice(n, n + 40)
          await store.saveEvents(some.flatMap(({ events }) => toRawEvents(events)))
          await store.saveSnapshots(some.map(({ snapshot }) => ({ snapshot, isFinal: isFinalSnapshot(snapshot) })))
        }
      },
      close: () => closeAndDrop(clickhouse),
    }
  })

  projectionStoreSuite(async () => {
    const clickhouse = await openFresh('projection')
    return { store: buildClickhouseProjectionStore(clickhouse), history: buildClickhouseHistoryStore(clickhouse), close: () => closeAndDrop(clickhouse) }
  })

  auditorSuite(server.kind !== 'chdb', async () => {
    if (server.kind === 'absent') throw new Error(server.why)
    const clickhouse = await openFresh('auditor')
    return { clickhouse, config: server.config(clickhouse.database), close: () => closeAndDrop(clickhouse) }
  })

  it('snapshots are saved, replaced, loaded and listed', async () => {
    const clickhouse = await openFresh('snapshots')
    const store = buildClickhouseSnapshotStore(clickhouse)
    const { events, snapshot } = toHistoryRound(makeRound('round-1', 3))
    const open = toHistoryRound(events.slice(0, -1)).snapshot
    for (const one of [open, snapshot, snapshot, open]) await store.save(one)
    expect(await store.load('round-1', '1.78')).toEqual(snapshot)
    expect(await store.load('round-1', '1.24')).toBeNull()
    expect(await store.list({ limit: 5 })).toMatchObject([
      { artifactId: 'round-1', policyVersion: '1.78', openedAt: snapshot.opened_at, integrity: 'verified' },
    ])
    await closeAndDrop(clickhouse)
  })

  it('migrations run again, and a database of a newer program is left alone', async () => {
    const clickhouse = await openFresh('migrations')
    await Promise.all([migrateClickhouse(clickhouse), migrateClickhouse(clickhouse)])
    await clickhouse.insert('schema_migrations', [{ version: 99, digest: 'sha256:newer' }])
    await expect(migrateClickhouse(clickhouse)).rejects.toMatchObject({ code: 'ledger_newer' })
    await closeAndDrop(clickhouse)
  })

  it('plain SQL reads an event, its time and its decisions back', async () => {
    const clickhouse = await openFresh('plain')
    const raw = toRawEvents([...makeRound('round-1', 1), makeGuardEvaluated('round-1', 9)])
    await buildClickhouseProjectionStore(clickhouse).saveEvents([...raw, ...raw])
    const sql = `SELECT type, toString(time) AS time, lower(hex(digest)) = lower(hex(SHA256(text))) AS same FROM {db}.events FINAL ORDER BY time_ms, id`
    const rows = await clickhouse.query(sql)
    expect(rows).toHaveLength(4)
    expect(rows[0]).toMatchObject({ type: 'round.opened.v1', time: '2026-06-27 03:50:46.000' })
    expect(rows.every((row) => Number(row.same) === 1)).toBe(true)
    expect(await clickhouse.query('SELECT type FROM {db}.decisions')).toEqual([{ type: 'guard.evaluated.v1' }])
    await closeAndDrop(clickhouse)
  })

  it('an error names code and server, never a row', async () => {
    const clickhouse = await openFresh('errors')
    const broken = clickhouse.insert('events', [{ artifact_id: 'x', time_ms: 'secret-like value' }])
    const error = await broken.catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'ledger_unavailable' })
    expect(String(error)).toMatch(/refused with code \d+/)
    expect(String(error)).not.toContain('secret-like')
    // The engine is still there, and the insert after a failed one is not taken for its double.
    await clickhouse.insert('rejected', [{ partition: 0, offset: '1', reason: 'not_json', detail: '', digest: '', at_ms: 0, version: 1 }])
    expect(await clickhouse.query('SELECT count() AS n FROM {db}.rejected')).toMatchObject([{ n: expect.anything() }])
    await closeAndDrop(clickhouse)
  })
})
