import { endingOf, REVIEW_TYPES } from './review-event.ts'

/** Name under which the tables below are versioned in the ledger file. */
export const LEDGER_COMPONENT = 'ledger'

/** See the trigger `events_insert`. */
export const APPEND_GUARD = 'only_the_evidence_program_appends'

/** So many last bytes tell reviews from all other events: the shorter type with its key, the longer one from its quote on. */
const TAIL_BYTES = 28

/**
 * Which events are reviews, by the last bytes of their payload. Part of a released migration, so never edited; a query
 * must hold it word for word, or SQLite does not use the index.
 */
export const REVIEWS_WHERE = `substr(payload, -${TAIL_BYTES}) IN (${REVIEW_TYPES.map((type) => hexOf(endingOf(type).slice(-TAIL_BYTES))).join(', ')})`

function hexOf(text: string): string {
  return `x'${Buffer.from(text).toString('hex')}'`
}

/** Files of older tables that may be read as they lie there: an auditor's copy is not written to. */
export const OLDEST_READABLE = 1
/** From this version on the file has `events_reviews`. */
export const HAS_REVIEW_INDEX = 2

/**
 * - `events`: the log. `payload` is the event (contract §2, hashed form), `id` is read from it, `chain` is described in
 *   chain.ts. Nothing else about an event is kept: what is kept twice can contradict itself.
 * - `rounds`: one row a subject in order of its first event, with the positions of `round.opened` and `round.sealed`.
 * - `runs`: which positions belong to which round: from `first` to the one before the next run (or the last event). A
 *   round is mostly one or a few runs, so this costs next to nothing where an index over `events` costs a tenth.
 * - `head`: one row: how many events, the chain after the last, the sum of payload bytes. It finds a missing last row.
 *
 * - `events_reviews`: where the reviews are, so that the start of a round does not read the whole ledger. An index and
 *   no table: SQLite itself keeps it in step with `events` in every transaction, also in one of an older program that
 *   still runs; no SQL adds, changes or removes an entry; and SQLite refuses a query that the index it finds under this
 *   name could answer with too little. It costs the append rate less than can be measured.
 *
 * `verifyLedger` derives all of it again from the payloads; the indexes SQLite compares with their table.
 *
 * UPDATE and DELETE are refused by triggers. INSERT OR REPLACE deletes without firing them, and a trigger that looks the
 * keys up costs a quarter of the append rate. So `events_insert` names a function that only our own connection defines
 * (and never calls: positions start at 1): any other program's INSERT, REPLACE or not, fails to compile. On our own
 * connection `recursive_triggers` makes a REPLACE fire `events_delete`. FAIL instead of ABORT spares a statement journal.
 */
export const LEDGER_MIGRATIONS: readonly string[] = [
  `CREATE TABLE events(
    position INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    chain BLOB NOT NULL,
    payload BLOB NOT NULL
  ) STRICT;
  CREATE TABLE rounds(
    round INTEGER PRIMARY KEY,
    subject TEXT NOT NULL UNIQUE,
    opened INTEGER,
    sealed INTEGER
  ) STRICT;
  CREATE TABLE runs(
    first INTEGER PRIMARY KEY,
    round INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX runs_round ON runs(round);
  CREATE TABLE head(
    one INTEGER PRIMARY KEY CHECK (one = 1),
    events INTEGER NOT NULL,
    chain BLOB NOT NULL,
    bytes INTEGER NOT NULL
  ) STRICT;
  INSERT INTO head VALUES (1, 0, zeroblob(32), 0);
  CREATE TRIGGER events_insert AFTER INSERT ON events WHEN NEW.position < 1 AND ${APPEND_GUARD}()
  BEGIN SELECT RAISE(FAIL, 'positions start at 1'); END;
  CREATE TRIGGER events_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
  CREATE TRIGGER events_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END`,
  `CREATE INDEX events_reviews ON events(position) WHERE ${REVIEWS_WHERE}`,
]
