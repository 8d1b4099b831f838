import { HttpError } from './problem.ts'

/** How often it is asked whether readers may still read. */
const RECHECK_MS = 5000

type Reader = { readonly stop: AbortController; readonly mayStill: () => Promise<boolean> }

/**
 * Readers that stay: at most so many at once. One is let go when its credentials end (revoked, expired), within seconds,
 * and all are when the service stops. `enter` throws `too_many_readers` (503).
 */
export class LiveReaders {
  readonly #limit: number
  readonly #onCount: (count: number) => void
  readonly #readers = new Set<Reader>()
  readonly #timer: NodeJS.Timeout
  #isClosed = false

  constructor(limit: number, onCount: (count: number) => void) {
    this.#limit = limit
    this.#onCount = onCount
    this.#timer = setInterval(() => this.#recheck(), RECHECK_MS).unref()
  }

  /** End the answer when `signal` aborts; `leave` must be called in any case, once or more often. */
  enter(mayStill: () => Promise<boolean>): { readonly signal: AbortSignal; leave(): void } {
    if (this.#readers.size >= this.#limit || this.#isClosed) {
      throw new HttpError('too_many_readers', undefined, { refusal: 'too_many_readers', headers: { 'retry-after': '10' } })
    }
    const reader: Reader = { stop: new AbortController(), mayStill }
    this.#readers.add(reader)
    this.#onCount(this.#readers.size)
    return {
      signal: reader.stop.signal,
      leave: () => {
        if (this.#readers.delete(reader)) this.#onCount(this.#readers.size)
      },
    }
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#timer)
    for (const { stop } of this.#readers) stop.abort()
  }

  #recheck(): void {
    for (const { stop, mayStill } of this.#readers) {
      // Who cannot be asked about (the access file is away) is let go as well: fail closed, the reader comes again.
      mayStill().then(
        (may) => (may ? undefined : stop.abort()),
        () => stop.abort(),
      )
    }
  }
}
