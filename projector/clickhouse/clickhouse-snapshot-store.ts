import { Snapshot } from '../../schemas/snapshot.ts'
import { isFinalSnapshot } from '../snapshot-rows.ts'
import type { SnapshotStore } from '../snapshot-store.ts'
import type { Clickhouse } from './clickhouse.ts'
import { saveSnapshotRows } from './save-snapshots.ts'

const LOAD = `SELECT snapshot FROM {db}.snapshots FINAL WHERE artifact_id = {artifact:String} AND policy_version = {policy:String}`
const LIST = `SELECT artifact_id, policy_version, opened_ms, integrity, overall, digest FROM {db}.snapshots FINAL
  ORDER BY opened_ms DESC, artifact_id, policy_version LIMIT {limit:UInt32}`

/**
 * `SnapshotStore` in ClickHouse, on the tables of the projector service. Unlike the port says, a snapshot that is not final
 * does not replace one that is.
 */
export function buildClickhouseSnapshotStore(clickhouse: Clickhouse, now: () => Date = () => new Date()): SnapshotStore {
  return {
    save: (snapshot) => saveSnapshotRows(clickhouse, [{ snapshot, isFinal: isFinalSnapshot(snapshot) }], now()),
    async load(artifactId, policyVersion) {
      const [row] = await clickhouse.query(LOAD, { artifact: artifactId, policy: policyVersion })
      return row === undefined ? null : Snapshot.parse(JSON.parse(String(row.snapshot)))
    },
    async list({ limit }) {
      const rows = await clickhouse.query(LIST, { limit })
      return rows.map((row) => ({
        artifactId: String(row.artifact_id),
        policyVersion: String(row.policy_version),
        openedAt: new Date(Number(row.opened_ms)).toISOString(),
        integrity: String(row.integrity),
        overall: String(row.overall),
        snapshotDigest: String(row.digest),
      }))
    },
  }
}
