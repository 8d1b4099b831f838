/** Name under which the tables below are versioned in the ledger file. */
export const LEDGER_COMPONENT = 'ledger'

/** See the trigger `events_insert`. */
export const APPEND_GUARD = 'only_the_evidence_program_appends'

/**
 * - `events`: the log. `payload` is the event (contract §2, hashed form), `id` is read from it, `chain` is described in
 *   chain.ts. Nothing else about an event is kept: what is kept twice can contradict itself.
 * - `rounds`: one row a subject in order of its first event, with the positions of `round.opened` and `round.sealed`.
 * - `runs`: which positions belong to which round: from `first` to the one before the next run (or the last event). A
 *   round is mostly one or a few runs, so this costs next to nothing where an index over `events` costs a tenth.
 * - `head`: one row: how many events, the chain after the last, the sum of payload bytes. It finds a missing last row.
 *
 * `verifyLedger` derives all of it again from the payloads.
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
]
