import { canonicalDigest } from '../../schemas/digest.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { Clickhouse } from './clickhouse.ts'
import { CLICKHOUSE_MIGRATIONS } from './migrations.ts'

const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS {db}.schema_migrations (version UInt32, digest String, applied_at DateTime DEFAULT now())
  ENGINE = ReplacingMergeTree ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`

/**
 * Makes the database and brings its tables up to the newest version. May be run by several programs at once and again
 * after a crash. Throws `ledger_newer` where the database is ahead or was made by another program of the same name.
 */
export async function migrateClickhouse(clickhouse: Clickhouse): Promise<void> {
  await clickhouse.command('CREATE DATABASE IF NOT EXISTS {db}')
  await clickhouse.command(MIGRATIONS_TABLE)
  const applied = await clickhouse.query('SELECT version, digest FROM {db}.schema_migrations FINAL ORDER BY version')
  for (const row of applied) assertKnown(Number(row.version), String(row.digest))
  for (let version = applied.length + 1; version <= CLICKHOUSE_MIGRATIONS.length; version++) {
    for (const sql of CLICKHOUSE_MIGRATIONS[version - 1] ?? []) await clickhouse.command(sql)
    await clickhouse.insert('schema_migrations', [{ version, digest: migrationDigest(version) }])
  }
}

/** Digest of migration `version` (from 1), as the database and the test keep it. */
export function migrationDigest(version: number): string {
  return canonicalDigest(CLICKHOUSE_MIGRATIONS[version - 1] ?? [])
}

function assertKnown(version: number, digest: string): void {
  if (version <= CLICKHOUSE_MIGRATIONS.length && digest === migrationDigest(version)) return
  throw new EvidenceError('ledger_newer', `the ClickHouse database has a version ${version} of the tables that this program does not know`, {
    remedy: 'use the newer program that made it, or another EVIDENCE_CLICKHOUSE_DATABASE; nothing was changed',
  })
}
