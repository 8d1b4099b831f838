import { openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { readClickhouseConfig } from '../../projector/clickhouse/clickhouse-config.ts'
import { buildClickhouseProjectionStore } from '../../projector/clickhouse/clickhouse-projection-store.ts'
import { migrateClickhouse } from '../../projector/clickhouse/migrate.ts'
import { toHistoryRound, toRawEvents } from '../support/history-data.ts'
import { makeRound } from '../support/make-events.ts'

/**
 * `node clickhouse-child.ts write|read DIR`: a program of its own on the in-process engine, to be killed. `write` saves
 * rounds from the first on and prints the number of each one that was acknowledged; `read` prints what is there as JSON.
 */
const [mode, folder] = process.argv.slice(2)
const CHECKS = 20

const clickhouse = await openClickhouse(readClickhouseConfig({ EVIDENCE_CLICKHOUSE_URL: `chdb:${folder}` }))
await migrateClickhouse(clickhouse)
if (mode === 'write') await write()
else await read()
await clickhouse.close()

async function write(): Promise<void> {
  const store = buildClickhouseProjectionStore(clickhouse)
  for (let n = 0; ; n++) {
    const { events, snapshot } = toHistoryRound(makeRound(`round-${n}`, CHECKS))
    await store.saveEvents(toRawEvents(events))
    await store.saveSnapshots([{ snapshot, isFinal: true }])
    process.stdout.write(`${n}\n`)
  }
}

async function read(): Promise<void> {
  const rounds = await clickhouse.query('SELECT artifact_id, count() AS events FROM {db}.events FINAL GROUP BY artifact_id')
  const snapshots = await clickhouse.query('SELECT artifact_id FROM {db}.snapshots FINAL WHERE is_final = 1')
  const checks = await clickhouse.query(
    `SELECT artifact_id, count() AS checks FROM {db}.checks FINAL
      WHERE snapshot_key IN (SELECT snapshot_key FROM {db}.snapshots FINAL WHERE is_final = 1) GROUP BY artifact_id`,
  )
  process.stdout.write(
    JSON.stringify({
      events: Object.fromEntries(rounds.map((row) => [row.artifact_id, Number(row.events)])),
      snapshots: snapshots.map((row) => row.artifact_id),
      checks: Object.fromEntries(checks.map((row) => [row.artifact_id, Number(row.checks)])),
    }),
  )
}
