import type { Snapshot } from '../../schemas/snapshot.ts'
import { isUnderOwnPolicy, type SnapshotRows, toSnapshotRows } from '../snapshot-rows.ts'
import { snapshotText } from '../snapshot-text.ts'
import type { Clickhouse, Row } from './clickhouse.ts'

/** Above every microsecond of the clock: any final snapshot is newer than all that are not. */
const FINAL_VERSION = 1n << 62n

const OPENED = `SELECT artifact_id, text FROM {db}.events FINAL
  WHERE artifact_id IN {rounds:Array(String)} AND type = 'round.opened.v1'`

const OWN = `SELECT * REPLACE (toString(version) AS version, toString(snapshot_key) AS snapshot_key) FROM {db}.snapshots FINAL
  WHERE artifact_id IN {rounds:Array(String)} AND is_own_policy = 1`

type Saved = { snapshot: Snapshot; isFinal: boolean }
type Judged = Saved & { isOwn: boolean; flat: SnapshotRows; version: string }

/**
 * Saves snapshots, and for final ones the rows of history. The rows come first: they count only where the table of
 * snapshots names their digest, so that a crash at any line here shows either the old answer or the new one.
 */
export async function saveSnapshotRows(clickhouse: Clickhouse, snapshots: readonly Saved[], now: Date): Promise<void> {
  if (snapshots.length === 0) return
  const opened = await openedTexts(clickhouse, snapshots)
  const rows = snapshots.map((saved, n): Judged => {
    const { snapshot, isFinal } = saved
    const isOwn = isUnderOwnPolicy(snapshot, opened.get(snapshot.artifact_id) ?? [])
    return { snapshot, isFinal, isOwn, flat: toSnapshotRows(snapshot), version: versionOf(isFinal, now, n) }
  })
  const told = rows.filter((one) => one.isFinal && one.isOwn).map((one) => one.flat)
  await clickhouse.insert('checks', told.flatMap(toCheckRows))
  await clickhouse.insert('summary_keys', told.flatMap(toKeyRows))
  await clickhouse.insert('declarations', told.flatMap(toDeclarationRows))
  const replaced = await otherOwnRows(clickhouse, told)
  await clickhouse.insert('snapshots', [...rows.map(toSnapshotRow), ...replaced.map((row) => ({ ...row, is_own_policy: 0 }))])
}

function toSnapshotRow({ snapshot, isFinal, isOwn, flat: { round }, version }: Judged): Row {
  return {
    artifact_id: round.artifactId,
    policy_version: round.policyVersion,
    version,
    is_final: isFinal ? 1 : 0,
    is_own_policy: isOwn ? 1 : 0,
    estate: round.estate,
    opened_ms: Date.parse(round.openedAt),
    sealed_ms: round.sealedAt === null ? null : Date.parse(round.sealedAt),
    overall: round.overall,
    integrity: round.integrity,
    digest: round.snapshotDigest,
    snapshot_key: snapshotKey(round.snapshotDigest),
    snapshot: snapshotText(snapshot),
  }
}

/**
 * A program that knows more policy versions may read a round's own policy as another version than the one before it
 * did: the older snapshot stays, but is no longer the round's own. Same version numbers of the row, so that the copy
 * written last replaces it.
 */
async function otherOwnRows(clickhouse: Clickhouse, told: readonly SnapshotRows[]): Promise<Row[]> {
  const versions = new Map(told.map(({ round }) => [round.artifactId, round.policyVersion]))
  if (versions.size === 0) return []
  const rows = await clickhouse.query(OWN, { rounds: [...versions.keys()] })
  return rows.filter((row) => versions.get(String(row.artifact_id)) !== row.policy_version)
}

async function openedTexts(clickhouse: Clickhouse, snapshots: readonly Saved[]): Promise<Map<string, string[]>> {
  const rounds = [...new Set(snapshots.map(({ snapshot }) => snapshot.artifact_id))]
  const texts = new Map<string, string[]>()
  for (const row of await clickhouse.query(OPENED, { rounds })) {
    const id = String(row.artifact_id)
    texts.set(id, [...(texts.get(id) ?? []), String(row.text)])
  }
  return texts
}

/** Later calls win, and within one call later snapshots do. */
function versionOf(isFinal: boolean, now: Date, n: number): string {
  return String((isFinal ? FINAL_VERSION : 0n) + BigInt(now.getTime()) * 1000n + BigInt(n))
}

/** The first 16 bytes of the digest, as the tables hold it. */
function snapshotKey(digest: string): string {
  return BigInt(`0x${digest.slice('sha256:'.length, 'sha256:'.length + 32)}`).toString()
}

/** What the rows of history begin with. */
function toKey({ round }: SnapshotRows): Row {
  return {
    estate: round.estate,
    opened_ms: Date.parse(round.openedAt),
    artifact_id: round.artifactId,
    policy_version: round.policyVersion,
    snapshot_key: snapshotKey(round.snapshotDigest),
  }
}

function toCheckRows(rows: SnapshotRows): Row[] {
  const key = toKey(rows)
  return rows.checks.map((one) => ({ ...key, check_id: one.checkId, status: one.status, warning_class: one.warningClass ?? '', reasons: one.reasons }))
}

function toKeyRows(rows: SnapshotRows): Row[] {
  const key = toKey(rows)
  return rows.keys.map((one) => ({ ...key, ...one }))
}

function toDeclarationRows(rows: SnapshotRows): Row[] {
  const key = toKey(rows)
  return rows.allowed.map((declaration) => ({ ...key, declaration }))
}
