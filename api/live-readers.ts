import { HttpError } from './problem.ts'

/**
 * Readers that stay: at most so many at once, and all are let go when the service stops.
 * `enter` throws `too_many_readers` (503); `leave` of what it gives must be called, once or more often.
 */
export class LiveReaders {
  readonly #limit: number
  readonly #onCount: (count: number) => void
  readonly #stop = new AbortController()
  #count = 0

  constructor(limit: number, onCount: (count: number) => void) {
    this.#limit = limit
    this.#onCount = onCount
  }

  /** `signal` aborts when the service stops: end the answer then. */
  enter(): { readonly signal: AbortSignal; leave(): void } {
    if (this.#count >= this.#limit || this.#stop.signal.aborted)
      throw new HttpError('too_many_readers', undefined, { refusal: 'too_many_readers', headers: { 'retry-after': '10' } })
    this.#set(this.#count + 1)
    let isIn = true
    return {
      signal: this.#stop.signal,
      leave: () => {
        if (isIn) this.#set(this.#count - 1)
        isIn = false
      },
    }
  }

  close(): void {
    this.#stop.abort()
  }

  #set(count: number): void {
    this.#count = count
    this.#onCount(count)
  }
}
