/** One message of a `text/event-stream`. `id` is the last one seen, as the standard says. */
export type StreamMessage = { event: string; data: string; id: string }

/**
 * Splits the text of an event stream into messages (HTML standard, 9.2.6). Pure but for what it has not yet been able to use:
 * chunks may end anywhere, also between CR and LF.
 */
export class EventStreamReader {
  #rest = ''
  #event = ''
  #data: string[] = []
  #id = ''

  push(chunk: string): StreamMessage[] {
    const text = this.#rest + chunk
    // A CR at the very end may be half of a CRLF.
    const end = text.endsWith('\r') ? text.length - 1 : text.length
    const lines = text.slice(0, end).split(/\r\n|\r|\n/)
    this.#rest = (lines.pop() ?? '') + text.slice(end)
    return lines.flatMap((line) => this.#line(line))
  }

  #line(line: string): StreamMessage[] {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    const [field, raw] = colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1)]
    const value = raw.startsWith(' ') ? raw.slice(1) : raw
    if (field === 'event') this.#event = value
    if (field === 'data') this.#data.push(value)
    if (field === 'id' && !value.includes('\0')) this.#id = value
    return []
  }

  #dispatch(): StreamMessage[] {
    const message = { event: this.#event === '' ? 'message' : this.#event, data: this.#data.join('\n'), id: this.#id }
    const isEmpty = this.#data.length === 0
    this.#event = ''
    this.#data = []
    return isEmpty ? [] : [message]
  }
}
