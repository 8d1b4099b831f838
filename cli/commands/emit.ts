import { assertEmittable } from '../../api/actions/emit-events.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { readEventLines } from '../../ledger/read-event-lines.ts'
import { type ErrorCode, EvidenceError } from '../../schemas/errors.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

const BATCH_EVENTS = 500
const BATCH_BYTES = 8 * 1024 * 1024

type Sum = { appended: number; duplicates: number }

/**
 * `evidence emit`: CloudEvents from stdin, one a line, into rounds that are still open. Lines before a bad one are kept:
 * sending the same input again is harmless. Decisions have commands of their own.
 */
export async function run(_args: [], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const sum: Sum = { appended: 0, duplicates: 0 }
  await withLedger(options.ledger, 'create', (ledger) => appendLines(ledger, sum))
  printResult(options.json, sum, `appended ${sum.appended}, already there ${sum.duplicates}\n`)
  return 0
}

async function appendLines(ledger: Ledger, sum: Sum): Promise<void> {
  let batch: EncodedEvent[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    const { appended, duplicates } = batch.length === 0 ? { appended: 0, duplicates: 0 } : await ledger.append(batch)
    sum.appended += appended
    sum.duplicates += duplicates
    batch = []
    bytes = 0
  }
  try {
    for await (const { line, event } of readEventLines(process.stdin)) {
      assertEmittableLine(line, event)
      batch.push(event)
      bytes += event.bytes.length
      if (batch.length >= BATCH_EVENTS || bytes >= BATCH_BYTES) await flush()
    }
  } catch (error) {
    const refused = toRefusal(error)
    if (refused === null) throw error
    // What came before the bad line is appended; then the line is refused.
    await flush()
    throw refused
  }
  await flush()
}

function assertEmittableLine(line: number, event: EncodedEvent): void {
  try {
    assertEmittable(event)
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    throw new EvidenceError('import_invalid', `line ${line}: ${error.message}`, { cause: error })
  }
}

/** A bad line under the code of what is wrong with it; null for errors that are not about a line. */
function toRefusal(error: unknown): EvidenceError | null {
  if (!(error instanceof EvidenceError) || error.code !== 'import_invalid') return null
  const { cause } = error
  const code: ErrorCode = cause instanceof EvidenceError ? cause.code : 'event_invalid'
  const remedy = error.remedy ?? (cause instanceof EvidenceError ? cause.remedy : undefined)
  return new EvidenceError(code, error.message.replace(/^line (\d+)/, 'stdin:$1'), { cause, ...(remedy === undefined ? {} : { remedy }) })
}
