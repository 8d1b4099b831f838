import type { ProjectionRebuild, ProjectionStore, ProjectionTables, RawEvent, RejectedMessage } from '../projection-store.ts'
import type { Clickhouse, Row } from './clickhouse.ts'
import { migrateClickhouse } from './migrate.ts'
import { saveSnapshotRows } from './save-snapshots.ts'

const PAGE_ROWS = 10_000

const ROUNDS_PAGE = `SELECT id, hex(digest) AS digest_hex, text FROM {db}.events FINAL
  WHERE artifact_id IN {rounds:Array(String)} AND (id, digest) > ({id:String}, unhex({digest:String})) ORDER BY id, digest LIMIT ${PAGE_ROWS}`

/**
 * The projector service's store in ClickHouse; promises and errors as `ProjectionStore` says. The database must be
 * migrated (`migrateClickhouse`); `close` closes the connection.
 */
export function buildClickhouseProjectionStore(clickhouse: Clickhouse, now: () => Date = () => new Date()): ProjectionStore {
  return { ...buildTables(clickhouse, clickhouse, now), startRebuild: () => startRebuild(clickhouse, now) }
}

/** `kept`: where rejections go, which no rebuild makes again. */
function buildTables(clickhouse: Clickhouse, kept: Clickhouse, now: () => Date): ProjectionTables {
  const readRounds = (roundIds: readonly string[]): AsyncIterable<readonly string[]> => readPages(clickhouse, roundIds)
  return {
    saveEvents: (events) => clickhouse.insert('events', events.map(toEventRow)),
    saveRejected: (messages) => {
      const at = now()
      return kept.insert(
        'rejected',
        messages.map((one) => toRejectedRow(one, at)),
      )
    },
    readRound: (roundId) => readRounds([roundId]),
    readRounds,
    saveSnapshots: (snapshots) => saveSnapshotRows(clickhouse, snapshots, now()),
    async roundIds() {
      return (await clickhouse.query('SELECT DISTINCT artifact_id FROM {db}.events ORDER BY artifact_id')).map((row) => String(row.artifact_id))
    },
    close: () => clickhouse.close(),
  }
}

async function* readPages(clickhouse: Clickhouse, rounds: readonly string[]): AsyncIterable<readonly string[]> {
  for (let after = { id: '', digest: '' }; ; ) {
    const page = await clickhouse.query(ROUNDS_PAGE, { rounds, ...after })
    if (page.length > 0) yield page.map((row) => String(row.text))
    if (page.length < PAGE_ROWS) return
    after = { id: String(page.at(-1)?.id), digest: String(page.at(-1)?.digest_hex) }
  }
}

/** In this order: rows of history count only where `snapshots` names them, so a crash in between shows too little, never something wrong. */
const REBUILT = ['events', 'checks', 'summary_keys', 'declarations', 'snapshots']

async function startRebuild(clickhouse: Clickhouse, now: () => Date): Promise<ProjectionRebuild> {
  const fresh = clickhouse.inDatabase(`${clickhouse.database}_rebuild`)
  const drop = (): Promise<void> => fresh.command('DROP DATABASE IF EXISTS {db} SYNC')
  await drop()
  await migrateClickhouse(fresh)
  return {
    ...buildTables(fresh, clickhouse, now),
    async swap() {
      for (const table of REBUILT) await clickhouse.command(`EXCHANGE TABLES {db}.${table} AND ${fresh.database}.${table}`)
    },
    close: drop,
  }
}

/** The table itself makes the digest from the text. */
function toEventRow(event: RawEvent): Row {
  return {
    artifact_id: event.roundId,
    time_ms: Date.parse(event.time),
    id: event.id,
    type: event.type,
    check_id: event.checkId ?? '',
    partition: event.partition,
    offset: event.offset,
    text: event.text,
  }
}

/** The version falls with time: of two reports about one message the first stays. */
function toRejectedRow(one: RejectedMessage, at: Date): Row {
  return {
    partition: one.partition,
    offset: one.offset,
    reason: one.reason,
    detail: one.detail,
    digest: one.digest,
    event_id: one.eventId,
    round_id: one.roundId,
    at_ms: Date.parse(one.at),
    version: Number.MAX_SAFE_INTEGER - at.getTime(),
  }
}
