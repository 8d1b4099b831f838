import { resolve } from 'node:path'
import type { KafkaSettings } from '../ledger/kafka/kafka-settings.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import { loadEstate } from '../producers/estate-file.ts'
import { openSqliteHistoryStore } from '../projector/sqlite-history-store.ts'
import { openSqliteSnapshotStore } from '../projector/sqlite-snapshot-store.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { AccessPort } from './access/access-port.ts'
import { type AuditTrail, startAuditTrail } from './access/audit-trail.ts'
import { keepCurrent } from './current-history.ts'
import { type ApiMetrics, buildMetrics } from './metrics.ts'
import type { ApiPorts, NamedEstate } from './ports.ts'
import type { ServeConfig } from './serve-config.ts'

/** What the process gives: its name as a producer, clock, ids, where notes go, and where settings of stores are read from. */
export type Surroundings = Pick<ApiPorts, 'source' | 'now' | 'newId'> & {
  readonly onNote: (text: string) => void
  /** For `EVIDENCE_CLICKHOUSE_*`. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Null: appends go to the local ledger. */
  readonly kafka: KafkaSettings | null
}
export type OpenPorts = { readonly ports: ApiPorts; close(): Promise<void> }

type Closing = (() => unknown)[]
type Reading = Pick<ApiPorts, 'rounds' | 'snapshots' | 'history'>

/**
 * The ports by configuration: questions are answered from the local SQLite file, or from ClickHouse; events are appended
 * to the local file, or to Kafka. Whoever opens them closes them, after the service; a failure closes what was open.
 */
export async function openPorts(config: ServeConfig, access: AccessPort, around: Surroundings): Promise<OpenPorts> {
  const closing: Closing = [() => access.close()]
  const close = async (): Promise<void> => {
    for (const one of closing.splice(0).reverse()) await one()
  }
  try {
    const { source, now, newId } = around
    const estates = await readEstates(config.estates)
    const ledger = around.kafka === null ? openSqliteLedger({ path: config.ledger, mode: 'create' }) : await openKafka(around.kafka)
    closing.push(() => ledger.close())
    const ledgerFile = around.kafka === null ? config.ledger : null
    const reading = config.clickhouse === null ? openLocal(config.ledger, ledger, closing) : await openClickhouseReading(config.clickhouse, around.env, closing)
    // Reading a whole topic for one number is too much.
    const metrics = buildMetrics(ledgerFile === null ? null : async () => (await ledger.stats()).lastPosition)
    const audit = openAuditTrail(config, metrics, around)
    closing.push(() => audit.close())
    return { ports: { ledger, ...reading, ledgerFile, estates, access, audit, metrics, source, now, newId }, close }
  } catch (error) {
    await close()
    throw error
  }
}

function openLocal(path: string, ledger: Ledger, closing: Closing): Reading {
  const snapshots = openSqliteSnapshotStore({ path, mode: 'existing' })
  closing.push(() => snapshots.close())
  const history = openSqliteHistoryStore({ path, mode: 'existing', of: 'ledger' })
  closing.push(() => history.close())
  return { rounds: ledger, snapshots, history: keepCurrent(ledger, snapshots, history) }
}

/** Read only: tables are made and filled by `evidence project`. */
async function openClickhouseReading(url: string, env: Surroundings['env'], closing: Closing): Promise<Reading> {
  const [{ openClickhouse }, { readClickhouseConfig }, { buildClickhouseHistoryStore }, { buildClickhouseSnapshotStore }, { buildClickhouseProjectionStore }] =
    await Promise.all([
      import('../projector/clickhouse/clickhouse.ts'),
      import('../projector/clickhouse/clickhouse-config.ts'),
      import('../projector/clickhouse/clickhouse-history-store.ts'),
      import('../projector/clickhouse/clickhouse-snapshot-store.ts'),
      import('../projector/clickhouse/clickhouse-projection-store.ts'),
    ])
  const clickhouse = await openClickhouse(readClickhouseConfig(env, url))
  closing.push(() => clickhouse.close())
  const projection = buildClickhouseProjectionStore(clickhouse)
  return {
    rounds: {
      async *readRound(roundId) {
        for await (const texts of projection.readRound(roundId)) yield texts.map((text) => ({ id: (JSON.parse(text) as { id: string }).id, text }))
      },
    },
    snapshots: buildClickhouseSnapshotStore(clickhouse),
    history: buildClickhouseHistoryStore(clickhouse),
  }
}

async function openKafka(settings: KafkaSettings): Promise<Ledger> {
  const { openKafkaLedger } = await import('../ledger/kafka/kafka-ledger.ts')
  return openKafkaLedger(settings)
}

/** In a file of its own, `<ledger>.audit.db` unless told otherwise, so that strangers cannot fill the evidence. */
function openAuditTrail(config: ServeConfig, metrics: ApiMetrics, { source, now, newId, onNote }: Surroundings): AuditTrail {
  const path = config.audit_file ?? `${config.ledger}.audit.db`
  if (resolve(path) === resolve(config.ledger)) throw new EvidenceError('usage', 'settings of serve: audit_file is the ledger itself')
  return startAuditTrail({
    ledger: openSqliteLedger({ path, mode: 'create' }),
    source,
    now,
    newId,
    onEvent: (type) => metrics.auditEvents.inc({ type }),
    onFailure: (error) => {
      metrics.auditFailures.inc()
      onNote(`the audit trail cannot be written: ${error instanceof Error ? error.message : 'unknown'}`)
    },
  })
}

/** Read once at the start, so that a wrong file is told then and not when somebody runs a round. */
async function readEstates(files: readonly string[]): Promise<NamedEstate[]> {
  const estates: NamedEstate[] = []
  for (const file of files) {
    const { estate } = await loadEstate(file)
    if (estates.some(({ id }) => id === estate.estate)) throw new EvidenceError('usage', `two estate files are of the estate ${estate.estate}`)
    estates.push({ id: estate.estate, file })
  }
  return estates
}
