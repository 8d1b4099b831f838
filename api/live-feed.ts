import type { Ledger, StoredEvent } from '../ledger/ledger.ts'

/** One event as live readers get it: `frame` is its server-sent event, made once for all readers. */
export type LiveEvent = { readonly seq: number; readonly position: number; readonly roundId: string; readonly frame: string }

/** Events that are kept for readers that are a little behind; who is further behind reads the ledger again. */
const KEPT_EVENTS = 5000
const KEPT_CHARS = 16_000_000

/**
 * One follow loop of the ledger, however many readers there are. It starts with the first reader, at the end of the
 * ledger, and goes on until `close`. Readers pull: the feed keeps only the last events, so a slow reader costs nothing.
 */
export class LiveFeed {
  readonly #ledger: Pick<Ledger, 'stats' | 'follow'>
  readonly #onError: (error: unknown) => void
  readonly #stop = new AbortController()
  #events: LiveEvent[] = []
  #chars = 0
  #seq = 0
  #position: number | null = null
  #started: Promise<void> | null = null
  #failure: { error: unknown } | null = null
  #grown = Promise.withResolvers<void>()

  constructor(ledger: Pick<Ledger, 'stats' | 'follow'>, onError: (error: unknown) => void) {
    this.#ledger = ledger
    this.#onError = onError
  }

  /** Where the feed is: what comes later has a higher `seq`. `position`: of its last event. Throws what the ledger throws. */
  async join(): Promise<{ seq: number; position: number }> {
    this.#started ??= this.#start()
    try {
      await this.#started
    } catch (error) {
      this.#started = null
      throw error
    }
    return { seq: this.#seq, position: this.#position ?? 0 }
  }

  /** Events after `seq`, oldest first; null where some of them are not kept any more. Throws where the loop has failed. */
  after(seq: number): readonly LiveEvent[] | null {
    if (this.#failure !== null) throw this.#failure.error
    const first = this.#seq - this.#events.length
    return seq < first ? null : this.#events.slice(seq - first)
  }

  /** Resolves when something came, the loop failed, or the signal aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const onAbort = (): void => resolve()
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) resolve()
    await Promise.race([this.#grown.promise, promise])
    signal.removeEventListener('abort', onAbort)
  }

  close(): void {
    this.#stop.abort()
    this.#tell()
  }

  async #start(): Promise<void> {
    this.#failure = null
    // After a failure it goes on where it broke off: a reader that did not notice misses nothing.
    this.#position ??= (await this.#ledger.stats()).lastPosition
    void this.#follow(this.#position)
  }

  async #follow(from: number): Promise<void> {
    try {
      for await (const page of this.#ledger.follow(from, this.#stop.signal)) {
        for (const stored of page) this.#take(stored)
        this.#tell()
      }
    } catch (error) {
      this.#onError(error)
      // Readers end with this error and come again; the next one starts the loop anew.
      this.#failure = { error }
      this.#started = null
      this.#tell()
    }
  }

  #take(stored: StoredEvent): void {
    this.#seq++
    this.#position = stored.position
    const event = toLiveEvent(stored, this.#seq)
    this.#events.push(event)
    this.#chars += event.frame.length
    while (this.#events.length > KEPT_EVENTS || this.#chars > KEPT_CHARS) this.#chars -= this.#events.shift()?.frame.length ?? this.#chars
  }

  #tell(): void {
    const { resolve } = this.#grown
    this.#grown = Promise.withResolvers()
    resolve()
  }
}

/** `seq` 0: read from the ledger, not from the feed. */
export function toLiveEvent({ position, text }: StoredEvent, seq = 0): LiveEvent {
  const { id, type, subject: roundId, checkid, time } = JSON.parse(text) as { id: string; type: string; subject: string; checkid?: string; time: string }
  const head = JSON.stringify({ position, id, type, round_id: roundId, check_id: checkid ?? null, time })
  // The event itself is canonical JSON, so on one line, and goes out as the bytes it is.
  return { seq, position, roundId, frame: `id: ${position}\nevent: event\ndata: ${head.slice(0, -1)},"event":${text}}\n\n` }
}
