import { resolve } from 'node:path'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import { loadEstate } from '../producers/estate-file.ts'
import { openSqliteHistoryStore } from '../projector/sqlite-history-store.ts'
import { openSqliteSnapshotStore } from '../projector/sqlite-snapshot-store.ts'
import { EvidenceError } from '../schemas/errors.ts'
import type { AccessPort } from './access/access-port.ts'
import { startAuditTrail } from './access/audit-trail.ts'
import { keepCurrent } from './current-history.ts'
import { type ApiMetrics, buildMetrics } from './metrics.ts'
import type { ApiPorts, NamedEstate } from './ports.ts'
import type { ServeConfig } from './serve-config.ts'

/** What the process gives: its name as a producer, clock, ids, and where notes go. */
export type Surroundings = Pick<ApiPorts, 'source' | 'now' | 'newId'> & { readonly onNote: (text: string) => void }
export type OpenPorts = { readonly ports: ApiPorts; close(): Promise<void> }

/** The ports on the local SQLite file. Whoever opens them closes them, after the service. */
export async function openLocalPorts(config: ServeConfig, access: AccessPort, around: Surroundings): Promise<OpenPorts> {
  const estates = await readEstates(config.estates)
  const path = config.ledger
  const ledger = openSqliteLedger({ path, mode: 'create' })
  const snapshots = openSqliteSnapshotStore({ path, mode: 'existing' })
  const history = openSqliteHistoryStore({ path, mode: 'existing', of: 'ledger' })
  const metrics = buildMetrics(async () => (await ledger.stats()).lastPosition)
  const audit = openAuditTrail(config, metrics, around)
  return {
    ports: {
      ledger,
      rounds: ledger,
      snapshots,
      history: keepCurrent(ledger, snapshots, history),
      ledgerFile: path,
      estates,
      access,
      audit,
      metrics,
      ...around,
    },
    async close() {
      await audit.close()
      await history.close()
      snapshots.close()
      await ledger.close()
      access.close()
    },
  }
}

/** In a file of its own, `<ledger>.audit.db` unless told otherwise, so that strangers cannot fill the evidence. */
function openAuditTrail(config: ServeConfig, metrics: ApiMetrics, { source, now, newId, onNote }: Surroundings) {
  const path = config.audit_file ?? `${config.ledger}.audit.db`
  if (resolve(path) === resolve(config.ledger)) throw new EvidenceError('usage', 'settings of serve: audit_file is the ledger itself')
  const ledger = openSqliteLedger({ path, mode: 'create' })
  return startAuditTrail({
    ledger,
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
