/** The questions of `HistoryStore` in SQLite's SQL. Text is compared by its bytes, and times of one length by time. */

/** Where events are read: what to select from, and what its columns are called. `digest` tells contents of one id apart. */
export type EventSource = { from: string; round: string; digest: string; payload: string; isRound: string; time: string; opened: string }

const ledger = (index: string): EventSource => ({
  from: `${index} AS h JOIN events AS e ON e.position = h.position JOIN rounds AS r ON r.round = h.round`,
  round: 'r.subject',
  // The ledger holds every id once, so nothing has to be told apart; '' is below every digest (a blob), which keeps both comparisons right.
  digest: `''`,
  payload: 'CAST(e.payload AS BLOB)',
  isRound: 'h.round = (SELECT round FROM rounds WHERE subject = :round)',
  time: `${index} AS h`,
  opened: `SELECT r.subject AS artifactId, CAST(e.payload AS TEXT) ->> '$.time' AS openedAt FROM rounds AS r JOIN events AS e ON e.position = r.opened
    WHERE r.subject NOT IN (SELECT artifact_id FROM history_rounds)`,
})
export const LEDGER = ledger('history_events')
export const LEDGER_WITH_TAIL = ledger('history_all')
export const PROJECTION: EventSource = {
  from: 'projection_events AS h',
  round: 'h.artifact_id',
  digest: 'h.digest',
  payload: 'CAST(h.text AS BLOB)',
  isRound: 'h.artifact_id = :round',
  time: 'projection_events AS h',
  opened: `SELECT artifact_id AS artifactId, min(time) AS openedAt FROM projection_events
    WHERE type = 'round.opened.v1' AND artifact_id NOT IN (SELECT artifact_id FROM history_rounds) GROUP BY artifact_id`,
}

const eventColumns = (source: EventSource): string =>
  `h.id AS id, ${source.round} AS roundId, h.type AS type, h.check_id AS checkId, h.time AS time, CAST(${source.payload} AS TEXT) AS text`

export function eventsOf(source: EventSource, isNext: boolean): string {
  const after = isNext ? ` AND (h.time, h.id, ${source.digest}) > (:afterTime, :afterId, :afterDigest)` : ''
  return `SELECT ${eventColumns(source)} FROM ${source.from} WHERE ${source.isRound}${after} ORDER BY h.time, h.id, ${source.digest} LIMIT :limit`
}

export function search(source: EventSource, isNext: boolean): string {
  const after = isNext ? ` AND h.time <= :afterTime AND (h.time < :afterTime OR h.id < :afterId OR (h.id = :afterId AND ${source.digest} > :afterDigest))` : ''
  return `SELECT ${eventColumns(source)} FROM ${source.from} WHERE h.time BETWEEN :from AND :to AND instr(${source.payload}, :text) > 0${after}
    ORDER BY h.time DESC, h.id DESC, ${source.digest} LIMIT :limit`
}

/** The time of the oldest of the `rows` newest events of a range; no row where there are not so many. */
export function sliceEdge(source: EventSource): string {
  return `SELECT h.time AS time FROM ${source.time} WHERE h.time BETWEEN :from AND :to ORDER BY h.time DESC LIMIT 1 OFFSET :rows`
}

export function countsByDay(source: EventSource): string {
  return `SELECT substr(h.time, 1, 10) AS day, h.type AS type, count(*) AS count FROM ${source.time}
    WHERE h.time BETWEEN :from AND :to GROUP BY 1, 2 ORDER BY 1, 2`
}

const ROUND_FILTERS: Readonly<Record<string, string>> = {
  from: 'opened_at >= :from',
  to: 'opened_at <= :to',
  estate: 'estate = :estate',
  overall: 'overall = :overall',
  integrity: 'integrity = :integrity',
}
const AFTER_ROUND = 'opened_at <= :afterTime AND (opened_at < :afterTime OR artifact_id > :afterRound)'

export function rounds(filter: Readonly<Record<string, unknown>>, isNext: boolean): string {
  const where = ['1', ...Object.keys(filter).map((name) => ROUND_FILTERS[name] ?? '0'), ...(isNext ? [AFTER_ROUND] : [])].join(' AND ')
  return `SELECT artifact_id AS artifactId, estate, opened_at AS openedAt, sealed_at AS sealedAt, policy_version AS policyVersion, overall, integrity,
    digest AS snapshotDigest FROM history_rounds WHERE ${where} ORDER BY opened_at DESC, artifact_id LIMIT :limit`
}

export const ESTATES = `SELECT estate AS id, max(opened_at) AS lastOpenedAt,
    (SELECT overall FROM history_rounds AS last WHERE last.estate = one.estate ORDER BY opened_at DESC, artifact_id LIMIT 1) AS lastOverall,
    count(*) AS rounds FROM history_rounds AS one GROUP BY estate ORDER BY estate`

export function unfinished(source: EventSource, isNext: boolean): string {
  const after = isNext ? 'WHERE openedAt <= :afterTime AND (openedAt < :afterTime OR artifactId > :afterRound)' : ''
  return `SELECT * FROM (${source.opened}) ${after} ORDER BY openedAt DESC, artifactId LIMIT :limit`
}

export const AS_OF = `SELECT snapshot FROM history_rounds WHERE estate = :estate AND opened_at <= :moment
  ORDER BY opened_at DESC, artifact_id LIMIT 1`

function changes(table: string, name: string, value: string): string {
  return `SELECT artifact_id AS artifactId, opened_at AS openedAt, value FROM (
      SELECT artifact_id, opened_at, ${value} AS value, lag(${value}) OVER (ORDER BY opened_at, artifact_id) AS before
      FROM ${table} WHERE estate = :estate AND ${name} = :name AND opened_at BETWEEN :from AND :to)
    WHERE before IS NULL OR before <> value ORDER BY opened_at, artifact_id`
}

export const KEY_CHANGES = changes('history_keys', 'key', 'value')
export const CHECK_CHANGES = changes('history_checks', 'check_id', 'status')

export const EVER_ALLOWED = `SELECT declaration, policy_version AS policyVersion, min(opened_at) AS firstAllowedAt, max(opened_at) AS lastAllowedAt,
    count(*) AS rounds FROM history_declarations WHERE estate = :estate AND opened_at BETWEEN :from AND :to
  GROUP BY declaration, policy_version ORDER BY declaration, policy_version`

export function notPassed(isNext: boolean): string {
  return `SELECT artifact_id AS artifactId, opened_at AS openedAt, check_id AS checkId, status, warning_class AS warningClass, reasons FROM history_checks
    WHERE estate = :estate AND check_id = :name AND status <> 'PASS' AND opened_at BETWEEN :from AND :to${isNext ? ` AND ${AFTER_ROUND}` : ''}
    ORDER BY opened_at DESC, artifact_id LIMIT :limit`
}

export const REJECTED = `SELECT partition, "offset", reason, detail, digest, event_id AS eventId, round_id AS roundId, at FROM projection_rejected
  WHERE (partition, CAST("offset" AS INTEGER)) > (:partition, :offset) ORDER BY partition, CAST("offset" AS INTEGER) LIMIT :limit`
