import { get, type IncomingMessage } from 'node:http'

export type SseEvent = { id: string; event: string; data: Record<string, unknown> }
/** A client of server-sent events. `events` grows; `until` waits for a state of it, `ended` for the end of the connection. */
export type SseReader = {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly events: SseEvent[]
  readonly text: () => string
  until(isThere: (events: readonly SseEvent[]) => boolean): Promise<readonly SseEvent[]>
  readonly ended: Promise<void>
  close(): void
  /** Takes nothing more from the socket, until `flow`. */
  stall(): void
  flow(): void
}

const LONGEST_MS = 20_000

export async function openSse(url: string, headers: Record<string, string> = {}): Promise<SseReader> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).on('error', reject)
  })
  const events: SseEvent[] = []
  const waiting = new Set<() => void>()
  let text = ''
  let rest = ''
  response.setEncoding('utf8')
  response.on('data', (chunk: string) => {
    text += chunk
    const frames = `${rest}${chunk}`.split('\n\n')
    rest = frames.pop() ?? ''
    for (const frame of frames) {
      const fields = Object.fromEntries(frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]))
      if (fields.data !== undefined) events.push({ id: fields.id ?? '', event: fields.event ?? '', data: JSON.parse(fields.data) as Record<string, unknown> })
    }
    for (const look of waiting) look()
  })
  response.on('error', () => undefined)
  const ended = new Promise<void>((resolve) => response.on('close', () => resolve()))
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events,
    text: () => text,
    until: (isThere) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => reject(new Error(`not there after ${LONGEST_MS} ms: ${JSON.stringify(events.map(({ id, data }) => [id, data.type]))}`)),
          LONGEST_MS,
        )
        const look = (): void => {
          if (!isThere(events)) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(events)
        }
        waiting.add(look)
        look()
      }),
    ended,
    close: () => void response.destroy(),
    stall: () => void response.pause(),
    flow: () => void response.resume(),
  }
}
