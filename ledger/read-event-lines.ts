import { EvidenceError } from '../schemas/errors.ts'
import { type EncodedEvent, encodeEvent, MAX_EVENT_BYTES } from '../schemas/event.ts'
import { parseJsonText } from '../schemas/json-text.ts'

/** Longest line taken: an event whose characters are all written as \uXXXX escapes is six times its canonical form. */
const MAX_LINE_BYTES = 6 * MAX_EVENT_BYTES
const NEWLINE = 0x0a

export type EventLine = { line: number; event: EncodedEvent }

/**
 * Reads NDJSON CloudEvents from chunks of bytes, strictly: UTF-8, one JSON object a line, no duplicate keys, each event
 * valid by its schema. Lines of white space are passed over. Throws `import_invalid` naming the line (from 1) and never
 * the offending value.
 */
export async function* readEventLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<EventLine> {
  let line = 0
  for await (const bytes of splitLines(chunks)) {
    line++
    const event = toEvent(bytes, line)
    if (event !== null) yield { line, event }
  }
}

/** Lines without their newline; the last one needs none. */
async function* splitLines(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let rest: Uint8Array[] = []
  let restBytes = 0
  let line = 1
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      yield Buffer.concat([...rest, chunk.subarray(start, end)])
      rest = []
      restBytes = 0
      start = end + 1
      line++
    }
    rest.push(chunk.subarray(start))
    restBytes += chunk.length - start
    if (restBytes > MAX_LINE_BYTES) throw tooLong(line)
  }
  if (restBytes > 0) yield Buffer.concat(rest)
}

function tooLong(line: number): EvidenceError {
  const message = `longer than ${MAX_LINE_BYTES} bytes`
  return new EvidenceError('import_invalid', `line ${line}: ${message}`, { cause: new EvidenceError('event_too_large', message) })
}

function toEvent(bytes: Uint8Array, line: number): EncodedEvent | null {
  const text = toText(bytes, line)
  if (text.trim() === '') return null
  const json = parseJsonText(text)
  if (!json.ok) throw new EvidenceError('import_invalid', `line ${line}: ${json.reason} at ${json.pointer === '' ? '/' : json.pointer}`)
  try {
    return encodeEvent(json.value)
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    throw new EvidenceError('import_invalid', `line ${line}: ${error.message}`, { cause: error })
  }
}

function toText(bytes: Uint8Array, line: number): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new EvidenceError('import_invalid', `line ${line}: not UTF-8`)
  }
}
