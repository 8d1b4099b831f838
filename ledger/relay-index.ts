import { DatabaseSync } from 'node:sqlite'
import type { SourceMessage } from './event-source.ts'
import { leafHash } from './merkle.ts'
import { type RoundRoot, roundRootOfHashes } from './round-root.ts'

const TABLE = `PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
  CREATE TABLE seen(id TEXT NOT NULL, leaf TEXT NOT NULL, round TEXT NOT NULL, type TEXT NOT NULL, check_id TEXT, PRIMARY KEY (id, leaf)) STRICT, WITHOUT ROWID;
  CREATE INDEX seen_by_round ON seen(round)`

type Leaf = { id: string; type: string; checkId: string | null; leafHash: string }

/** What a topic holds, by event id and content; doubles count once. In a temporary file, so that memory stays flat. */
export class TopicIndex {
  readonly #db: DatabaseSync
  readonly #add
  readonly #has
  readonly #ofRound

  constructor() {
    this.#db = new DatabaseSync('')
    this.#db.exec(TABLE)
    this.#add = this.#db.prepare('INSERT OR IGNORE INTO seen VALUES (?, ?, ?, ?, ?)')
    this.#has = this.#db.prepare('SELECT 1 FROM seen WHERE id = ? AND leaf = ?')
    this.#ofRound = this.#db.prepare('SELECT id, type, check_id AS checkId, leaf AS leafHash FROM seen WHERE round = ?')
  }

  /** Messages that are no events are passed over: whoever reads the topic rejects them. */
  add(messages: readonly SourceMessage[]): void {
    this.#db.exec('BEGIN')
    for (const { value } of messages) {
      const event = value === null ? null : readAttributes(value)
      if (event !== null && value !== null) this.#add.run(event.id, leafHash(value), event.subject, event.type, event.checkId)
    }
    this.#db.exec('COMMIT')
  }

  has(id: string, leaf: string): boolean {
    return this.#has.get(id, leaf) !== undefined
  }

  /** Root over what the topic holds of a round; an id with two contents counts twice and fits no seal. */
  roundRoot(roundId: string): RoundRoot {
    return roundRootOfHashes(this.#ofRound.all(roundId) as Leaf[])
  }

  close(): void {
    this.#db.close()
  }
}

function readAttributes(value: Uint8Array): { id: string; subject: string; type: string; checkId: string | null } | null {
  try {
    const { id, subject, type, checkid } = JSON.parse(Buffer.from(value).toString('utf8')) as Record<string, unknown>
    if (typeof id !== 'string' || typeof subject !== 'string' || typeof type !== 'string') return null
    return { id, subject, type, checkId: typeof checkid === 'string' ? checkid : null }
  } catch {
    return null
  }
}
