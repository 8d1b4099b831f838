/**
 * Tables of ClickHouse: entry n leads from version n to n + 1, each a list of statements with `{db}` for the database.
 * Never edited once released (`test/projector/clickhouse-migrations.test.ts` holds their digests); every statement can
 * be run again, since a crash may come between two of them. docs/clickhouse.md says what was measured.
 *
 * - Times are milliseconds since 1970 as Int64: exact over the whole calendar, where DateTime64(3) ends in 2299.
 * - `digest` makes an id that came with two contents two rows; a second copy of the same content is replaced.
 * - `checks`, `summary_keys` and `declarations` count only where `snapshots` holds their `snapshot_key` (the first half of its digest),
 *   and are written before it: a save that broke off in the middle shows nothing.
 */
const DURABLE = 'index_granularity = 1024, fsync_after_insert = 1, fsync_part_directory = 1'

export const CLICKHOUSE_MIGRATIONS: readonly (readonly string[])[] = [
  [
    `CREATE TABLE IF NOT EXISTS {db}.events (
      artifact_id String CODEC(ZSTD(1)), time_ms Int64 CODEC(Delta, ZSTD(1)), id String CODEC(ZSTD(1)), digest FixedString(32) MATERIALIZED SHA256(text) CODEC(NONE),
      type LowCardinality(String), check_id String CODEC(ZSTD(1)), partition Int32 CODEC(Delta, ZSTD(1)), offset Int64 CODEC(Delta, ZSTD(1)),
      text String CODEC(ZSTD(1)), time DateTime64(3, 'UTC') ALIAS fromUnixTimestamp64Milli(time_ms, 'UTC'),
      INDEX time_range time_ms TYPE minmax GRANULARITY 1)
      ENGINE = ReplacingMergeTree ORDER BY (artifact_id, time_ms, id, digest) SETTINGS ${DURABLE}`,
    `CREATE VIEW IF NOT EXISTS {db}.decisions AS
      SELECT artifact_id, id, type, time, text FROM {db}.events FINAL
      WHERE type IN ('guard.evaluated.v1', 'packets.exported.v1', 'response.preflighted.v1', 'review.recorded.v1', 'escrow.marked.v1')`,
    `CREATE TABLE IF NOT EXISTS {db}.rejected (
      partition Int32, offset Int64 CODEC(Delta, ZSTD(1)), reason LowCardinality(String), detail String CODEC(ZSTD(1)),
      digest String CODEC(ZSTD(1)), event_id Nullable(String), round_id Nullable(String), at_ms Int64 CODEC(Delta, ZSTD(1)), version UInt64)
      ENGINE = ReplacingMergeTree(version) ORDER BY (partition, offset) SETTINGS ${DURABLE}`,
    `CREATE TABLE IF NOT EXISTS {db}.snapshots (
      artifact_id String CODEC(ZSTD(1)), policy_version String, version UInt64, is_final UInt8, is_own_policy UInt8, estate LowCardinality(String),
      opened_ms Int64 CODEC(Delta, ZSTD(1)), sealed_ms Nullable(Int64), overall LowCardinality(String), integrity LowCardinality(String),
      digest String CODEC(ZSTD(1)), snapshot_key UInt128 CODEC(NONE), snapshot String CODEC(ZSTD(3)))
      ENGINE = ReplacingMergeTree(version) ORDER BY (artifact_id, policy_version) SETTINGS ${DURABLE}`,
    `CREATE TABLE IF NOT EXISTS {db}.checks (
      estate LowCardinality(String), check_id String CODEC(ZSTD(1)), opened_ms Int64 CODEC(Delta, ZSTD(1)), artifact_id String CODEC(ZSTD(1)),
      policy_version LowCardinality(String), snapshot_key UInt128 CODEC(NONE), status LowCardinality(String), warning_class LowCardinality(String),
      reasons Array(String) CODEC(ZSTD(1)))
      ENGINE = ReplacingMergeTree ORDER BY (estate, check_id, opened_ms, artifact_id, policy_version, snapshot_key) SETTINGS ${DURABLE}`,
    `CREATE TABLE IF NOT EXISTS {db}.summary_keys (
      estate LowCardinality(String), key String CODEC(ZSTD(1)), opened_ms Int64 CODEC(Delta, ZSTD(1)), artifact_id String CODEC(ZSTD(1)),
      policy_version LowCardinality(String), snapshot_key UInt128 CODEC(NONE), value String CODEC(ZSTD(1)))
      ENGINE = ReplacingMergeTree ORDER BY (estate, key, opened_ms, artifact_id, policy_version, snapshot_key) SETTINGS ${DURABLE}`,
    `CREATE TABLE IF NOT EXISTS {db}.declarations (
      estate LowCardinality(String), declaration LowCardinality(String), policy_version LowCardinality(String), opened_ms Int64 CODEC(Delta, ZSTD(1)),
      artifact_id String CODEC(ZSTD(1)), snapshot_key UInt128 CODEC(NONE))
      ENGINE = ReplacingMergeTree ORDER BY (estate, declaration, policy_version, opened_ms, artifact_id, snapshot_key) SETTINGS ${DURABLE}`,
  ],
]
