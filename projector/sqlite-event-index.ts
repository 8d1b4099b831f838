import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { inTransaction } from '../ledger/ledger-file.ts'

export const EVENT_INDEX_COMPONENT = 'history_events'

/**
 * Time and type of the ledger's events, which the log itself keeps in their text only. `history_tail` is what the index
 * does not hold yet, so that a reader who may not write misses nothing; deleting every row costs time, never an answer.
 */
export const EVENT_INDEX_MIGRATIONS: readonly string[] = [
  `CREATE TABLE history_events(
    position INTEGER PRIMARY KEY, round INTEGER NOT NULL, time TEXT NOT NULL, id TEXT NOT NULL, type TEXT NOT NULL, check_id TEXT) STRICT;
  CREATE INDEX history_events_by_time ON history_events(time, id, type);
  CREATE INDEX history_events_by_round ON history_events(round);
  CREATE VIEW history_tail AS
    SELECT position, rounds.round AS round, text ->> '$.time' AS time, read.id AS id, text ->> '$.type' AS type, text ->> '$.checkid' AS check_id
    FROM (SELECT position, id, CAST(payload AS TEXT) AS text FROM events
      WHERE position > (SELECT coalesce(max(position), 0) FROM history_events)) AS read
    JOIN rounds ON rounds.subject = text ->> '$.subject';
  CREATE VIEW history_all AS SELECT * FROM history_events UNION ALL SELECT * FROM history_tail`,
]

const CHUNK = 20_000

/** Takes the events appended since the last time into the index; other writers, and other work of this process, get their turn in between. */
export async function fillEventIndex(db: DatabaseSync): Promise<void> {
  for (let isFirst = true; hasTail(db); isFirst = false) {
    if (!isFirst) await nextTurn()
    inTransaction(db, () => db.exec(`INSERT INTO history_events SELECT * FROM history_tail ORDER BY position LIMIT ${CHUNK}`))
  }
}

export function hasTail(db: DatabaseSync): boolean {
  const row = db.prepare('SELECT (SELECT max(position) FROM events) > coalesce((SELECT max(position) FROM history_events), 0) AS tail').get()
  return row?.tail === 1
}
