import { EvidenceError } from '../schemas/errors.ts'
import type { Ledger, StoredEvent } from './ledger.ts'

/**
 * NDJSON of the canonical events in position order, in chunks of whole lines: the hashed bytes as they are, so that
 * importing them anywhere gives the same roots. `roundId` null: everything. Throws `round_unknown` for a round
 * without events.
 */
export async function* exportEvents(ledger: Ledger, roundId: string | null): AsyncIterable<Buffer> {
  let isEmpty = true
  for await (const page of roundId === null ? ledger.readAll(0) : ledger.readRound(roundId)) {
    isEmpty = false
    yield toLines(page)
  }
  if (isEmpty && roundId !== null) throw new EvidenceError('round_unknown', `the ledger has no round ${roundId}`)
}

function toLines(page: readonly StoredEvent[]): Buffer {
  return Buffer.from(page.map((event) => `${event.text}\n`).join(''))
}
