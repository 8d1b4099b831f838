import { afterAll, beforeAll, describe } from 'vitest'
import type { ApiPorts } from '../../api/ports.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { type Clickhouse, openClickhouse } from '../../projector/clickhouse/clickhouse.ts'
import { buildClickhouseHistoryStore } from '../../projector/clickhouse/clickhouse-history-store.ts'
import { buildClickhouseProjectionStore } from '../../projector/clickhouse/clickhouse-projection-store.ts'
import { buildClickhouseSnapshotStore } from '../../projector/clickhouse/clickhouse-snapshot-store.ts'
import { migrateClickhouse } from '../../projector/clickhouse/migrate.ts'
import { projectRound } from '../../projector/project-round.ts'
import type { RawEvent } from '../../projector/projection-store.ts'
import { isFinalSnapshot } from '../../projector/snapshot-rows.ts'
import { importedLedger } from '../support/api-harness.ts'
import { startTestClickhouse } from '../support/clickhouse-server.ts'
import { answersSuite } from './answers-suite.ts'
import { routesSuite } from './routes-suite.ts'

const server = await startTestClickhouse()
const absent = server.kind === 'absent' ? server.why : null
let clickhouse: Clickhouse

beforeAll(async () => {
  if (server.kind === 'absent') return
  clickhouse = await openClickhouse(server.config(`test_api_${process.pid}_${Date.now().toString(36)}`))
  await migrateClickhouse(clickhouse)
  await carryOver(await importedLedger())
}, 120_000)
afterAll(async () => {
  await clickhouse?.command('DROP DATABASE IF EXISTS {db} SYNC')
  await clickhouse?.close()
  if (server.kind !== 'absent') await server.stop()
})

/** What relay and projector do with a ledger, without the topic between them. */
async function carryOver(path: string): Promise<void> {
  const ledger = openSqliteLedger({ path, mode: 'readonly' })
  const store = buildClickhouseProjectionStore(clickhouse)
  const events: RawEvent[] = []
  for await (const page of ledger.readAll(0)) {
    for (const { id, position, text } of page) {
      const { subject, type, checkid, time } = JSON.parse(text) as { subject: string; type: string; checkid?: string; time: string }
      events.push({ id, roundId: subject, type, checkId: checkid ?? null, time, text, partition: 0, offset: String(position) })
    }
  }
  await store.saveEvents(events)
  const snapshots = await Promise.all((await ledger.roundIds()).map((id) => projectRound(ledger, id)))
  await store.saveSnapshots(snapshots.map((snapshot) => ({ snapshot, isFinal: isFinalSnapshot(snapshot) })))
  await ledger.close()
}

/** As `openPorts` reads from ClickHouse; appends go to the local ledger. */
function change(ports: ApiPorts): ApiPorts {
  const projection = buildClickhouseProjectionStore(clickhouse)
  const rounds: ApiPorts['rounds'] = {
    async *readRound(roundId) {
      for await (const texts of projection.readRound(roundId)) yield texts.map((text) => ({ id: (JSON.parse(text) as { id: string }).id, text }))
    },
  }
  return { ...ports, rounds, snapshots: buildClickhouseSnapshotStore(clickhouse), history: buildClickhouseHistoryStore(clickhouse) }
}

describe.skipIf(absent !== null)(`every route over ClickHouse (${server.kind}${absent === null ? '' : `: ${absent}`})`, () => {
  routesSuite(async () => ({ change }))
  answersSuite(async () => ({ change }))
})
