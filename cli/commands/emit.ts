import { createInterface } from 'node:readline'
import { EvidenceError } from '../../schemas/errors.ts'
import { DECISION_TYPES, type EncodedEvent, encodeEvent, MAX_EVENT_BYTES } from '../../schemas/event.ts'
import { parseJsonText } from '../../schemas/json-text.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

const BATCH = 500

/**
 * `evidence emit`: CloudEvents from stdin, one a line, into rounds that are still open. Lines before a bad one are kept:
 * sending the same input again is harmless. Decisions have commands of their own.
 */
export async function run(_args: [], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const sum = { appended: 0, duplicates: 0 }
  await withLedger(options.ledger, 'create', async (ledger) => {
    let batch: EncodedEvent[] = []
    const flush = async (): Promise<void> => {
      if (batch.length === 0) return
      const { appended, duplicates } = await ledger.append(batch)
      sum.appended += appended
      sum.duplicates += duplicates
      batch = []
    }
    let lineNumber = 0
    for await (const line of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
      lineNumber++
      if (line.trim() === '') continue
      const event = await toEvent(line, lineNumber, flush)
      batch.push(event)
      if (batch.length >= BATCH) await flush()
    }
    await flush()
  })
  printResult(options.json, sum, `appended ${sum.appended}, already there ${sum.duplicates}\n`)
  return 0
}

/** Appends what came before a bad line, then refuses the line. */
async function toEvent(line: string, lineNumber: number, flush: () => Promise<void>): Promise<EncodedEvent> {
  try {
    return readLine(line, lineNumber)
  } catch (error) {
    await flush()
    throw error
  }
}

function readLine(line: string, lineNumber: number): EncodedEvent {
  const where = `stdin:${lineNumber}`
  if (Buffer.byteLength(line) > 4 * MAX_EVENT_BYTES) throw new EvidenceError('event_too_large', `${where}: the line is larger than any event`)
  const json = parseJsonText(line)
  if (!json.ok) throw new EvidenceError('event_invalid', `${where}: ${json.reason}${json.pointer === '' ? '' : ` at ${json.pointer}`}`)
  try {
    const event = encodeEvent(json.value)
    if (DECISION_TYPES.has(event.type))
      throw new EvidenceError('event_invalid', `${event.type} is a decision`, { remedy: 'decisions are made by the guard commands, not emitted' })
    return event
  } catch (error) {
    if (error instanceof EvidenceError)
      throw new EvidenceError(error.code, `${where}: ${error.message}`, error.remedy === undefined ? {} : { remedy: error.remedy })
    throw error
  }
}
