/**
 * The questions of `HistoryStore` as statements. Every read deduplicates by itself (FINAL), so that no answer waits for
 * a merge; values are bound by the server, never put into the text.
 */
const OWN = 'is_final = 1 AND is_own_policy = 1'
const IN_RANGE = 'opened_ms BETWEEN {from:Int64} AND {to:Int64}'

/** Rows of history count only where their snapshot is the one that counts for its round. */
const CURRENT = `snapshot_key IN (SELECT snapshot_key FROM {db}.snapshots FINAL WHERE ${OWN} AND estate = {estate:String} AND ${IN_RANGE})`

/** Newest first, then by id: what comes after the cursor. */
const AFTER_ROUND = 'opened_ms <= {after_ms:Int64} AND (opened_ms < {after_ms:Int64} OR artifact_id > {after_round:String})'

const ROUND_FILTERS: Readonly<Record<string, string>> = {
  from: 'opened_ms >= {from:Int64}',
  to: 'opened_ms <= {to:Int64}',
  estate: 'estate = {estate:String}',
  overall: 'overall = {overall:String}',
  integrity: 'integrity = {integrity:String}',
}

export function rounds(filter: Readonly<Record<string, unknown>>, isNext: boolean): string {
  const given = Object.keys(ROUND_FILTERS).filter((name) => filter[name] !== undefined)
  const where = [OWN, ...given.map((name) => ROUND_FILTERS[name]), ...(isNext ? [AFTER_ROUND] : [])].join(' AND ')
  return `SELECT artifact_id, estate, opened_ms, sealed_ms, policy_version, overall, integrity, digest FROM {db}.snapshots FINAL
    WHERE ${where} ORDER BY opened_ms DESC, artifact_id LIMIT {limit:UInt32}`
}

export const ESTATES = `SELECT toString(estate) AS id, max(opened_ms) AS last_ms, argMin(toString(overall), (-opened_ms, artifact_id)) AS last_overall, count() AS rounds
  FROM {db}.snapshots FINAL WHERE ${OWN} GROUP BY id ORDER BY id`

export function unfinished(isNext: boolean): string {
  return `SELECT artifact_id, opened_ms FROM (
      SELECT artifact_id, min(time_ms) AS opened_ms FROM {db}.events WHERE type = 'round.opened.v1'
        AND artifact_id NOT IN (SELECT artifact_id FROM {db}.snapshots FINAL WHERE ${OWN}) GROUP BY artifact_id)
    ${isNext ? `WHERE ${AFTER_ROUND}` : ''} ORDER BY opened_ms DESC, artifact_id LIMIT {limit:UInt32}`
}

/** The round is found in narrow columns first; only its own snapshot is read and unpacked. */
export const AS_OF = `SELECT snapshot FROM {db}.snapshots FINAL
  WHERE (artifact_id, policy_version) IN (
    SELECT artifact_id, policy_version FROM {db}.snapshots FINAL WHERE ${OWN} AND estate = {estate:String} AND opened_ms <= {moment:Int64}
    ORDER BY opened_ms DESC, artifact_id LIMIT 1)`

function changes(table: string, name: string, value: string): string {
  return `SELECT artifact_id, opened_ms, value FROM (
      SELECT artifact_id, opened_ms, ${value} AS value,
        lagInFrame(toNullable(toString(${value}))) OVER (ORDER BY opened_ms, artifact_id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS before
      FROM {db}.${table} FINAL WHERE estate = {estate:String} AND ${name} = {name:String} AND ${IN_RANGE} AND ${CURRENT})
    WHERE isNull(before) OR before != value ORDER BY opened_ms, artifact_id`
}

export const KEY_CHANGES = changes('summary_keys', 'key', 'value')
export const CHECK_CHANGES = changes('checks', 'check_id', 'status')

export const EVER_ALLOWED = `SELECT declaration, policy_version, min(opened_ms) AS first_ms, max(opened_ms) AS last_ms, uniqExact(artifact_id) AS rounds
  FROM {db}.declarations FINAL WHERE estate = {estate:String} AND ${IN_RANGE} AND ${CURRENT}
  GROUP BY declaration, policy_version ORDER BY toString(declaration), toString(policy_version)`

export function notPassed(isNext: boolean): string {
  return `SELECT artifact_id, opened_ms, check_id, status, warning_class, reasons FROM {db}.checks FINAL
    WHERE estate = {estate:String} AND check_id = {name:String} AND status != 'PASS' AND ${IN_RANGE} AND ${CURRENT}${isNext ? ` AND ${AFTER_ROUND}` : ''}
    ORDER BY opened_ms DESC, artifact_id LIMIT {limit:UInt32}`
}

const EVENT = 'artifact_id, time_ms, id, type, check_id, text'

export function eventsOf(isNext: boolean): string {
  const after = isNext ? ' AND (time_ms, id, digest) > ({after_ms:Int64}, {after_id:String}, unhex({after_digest:String}))' : ''
  return `SELECT ${EVENT} FROM {db}.events FINAL WHERE artifact_id = {round:String}${after}
    ORDER BY time_ms, id, digest LIMIT {limit:UInt32}`
}

export function search(isNext: boolean): string {
  const after = isNext
    ? ` AND time_ms <= {after_ms:Int64} AND (time_ms < {after_ms:Int64} OR id < {after_id:String} OR (id = {after_id:String} AND digest > unhex({after_digest:String})))`
    : ''
  return `SELECT ${EVENT} FROM {db}.events
    WHERE time_ms BETWEEN {from:Int64} AND {to:Int64} AND position(text, {text:String}) > 0${after}
    ORDER BY time_ms DESC, id DESC, digest LIMIT 1 BY time_ms, id, digest LIMIT {limit:UInt32}`
}

export const COUNTS_BY_DAY = `SELECT toInt64(floor(time_ms / 86400000)) AS day, type, count() AS events FROM {db}.events FINAL
  WHERE time_ms BETWEEN {from:Int64} AND {to:Int64} GROUP BY day, type ORDER BY day, toString(type)`

export const REJECTED = `SELECT partition, toString(offset) AS offset_text, reason, detail, digest, event_id, round_id, at_ms FROM {db}.rejected FINAL
  WHERE (partition, offset) > ({partition:Int32}, {offset:Int64}) ORDER BY partition, offset LIMIT {limit:UInt32}`
