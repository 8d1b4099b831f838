import { createReadStream } from 'node:fs'
import { EvidenceError } from '../schemas/errors.ts'
import { ESCROW_SUBJECT } from '../schemas/escrow-subject.ts'
import type { EncodedEvent } from '../schemas/event.ts'
import type { Ledger } from './ledger.ts'
import { readEventLines } from './read-event-lines.ts'

const BATCH_EVENTS = 1000
const BATCH_BYTES = 8 * 1024 * 1024

export type ImportResult = { events: number; appended: number; duplicates: number }

/**
 * Appends the events of an NDJSON file in file order. The whole file is checked before the first event is appended, then
 * read again in batches; what a failure half-way leaves behind is a prefix of the file, and importing the file again
 * adds the rest (events that are there already are duplicates, not errors).
 * Throws `import_invalid` (with the line), `file_unreadable`, and what `Ledger.append` throws.
 */
export async function importEvents(ledger: Ledger, path: string): Promise<ImportResult> {
  const result: ImportResult = { events: 0, appended: 0, duplicates: 0 }
  for await (const { line, event } of readEventLines(readFile(path))) {
    assertNoRound(event, line)
    result.events++
  }
  for await (const batch of batches(path)) {
    const { appended, duplicates } = await ledger.append(batch)
    result.appended += appended
    result.duplicates += duplicates
  }
  return result
}

/** Escrow markers are kept under a subject of their own: a round of that name would hide them. */
function assertNoRound({ type, subject }: EncodedEvent, line: number): void {
  if (subject !== ESCROW_SUBJECT || type === 'escrow.marked.v1') return
  throw new EvidenceError('import_invalid', `line ${line}: ${ESCROW_SUBJECT} is kept by the program and is no round`, {
    remedy: 'take these lines out; a producer must choose another round id',
  })
}

async function* batches(path: string): AsyncIterable<EncodedEvent[]> {
  let batch: EncodedEvent[] = []
  let bytes = 0
  for await (const { event } of readEventLines(readFile(path))) {
    batch.push(event)
    bytes += event.bytes.length
    if (batch.length < BATCH_EVENTS && bytes < BATCH_BYTES) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}

async function* readFile(path: string): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of createReadStream(path)) yield chunk as Uint8Array
  } catch (error) {
    throw new EvidenceError('file_unreadable', `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
