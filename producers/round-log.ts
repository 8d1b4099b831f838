import type { Ledger } from '../ledger/ledger.ts'
import type { EncodedEvent } from '../schemas/event.ts'

/** Long enough for checks that end together to share one fsync, too short for anybody to notice. */
const GATHER_MS = 3
const MAX_BATCH = 100

type Pending = { event: EncodedEvent; resolve: () => void; reject: (error: unknown) => void }

/**
 * Writes one round's events to the ledger, those that end close together in one batch. `append` resolves when its
 * event is durable. After the first failure nothing more is written: what the ledger holds is then unknown to us, and
 * a round of which we do not know what it holds must not be sealed.
 */
export class RoundLog {
  readonly #ledger: Ledger
  readonly #appended: EncodedEvent[] = []
  #pending: Pending[] = []
  #writing = false
  #failure: { error: unknown } | null = null

  constructor(ledger: Ledger) {
    this.#ledger = ledger
  }

  /** Every event that the ledger acknowledged, in that order. */
  get appended(): readonly EncodedEvent[] {
    return this.#appended
  }

  append(event: EncodedEvent): Promise<void> {
    if (this.#failure !== null) return Promise.reject(this.#failure.error)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#pending.push({ event, resolve, reject })
    if (!this.#writing) {
      this.#writing = true
      // Opening and seal stand alone: nothing ends together with them.
      if (event.checkId === null) void this.#writeAll()
      else setTimeout(() => void this.#writeAll(), GATHER_MS)
    }
    return promise
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending.splice(0, MAX_BATCH)
      try {
        await this.#ledger.append(batch.map(({ event }) => event))
      } catch (error) {
        this.#failure = { error }
        for (const { reject } of [...batch, ...this.#pending.splice(0)]) reject(error)
        break
      }
      for (const { event, resolve } of batch) {
        this.#appended.push(event)
        resolve()
      }
    }
    this.#writing = false
  }
}
