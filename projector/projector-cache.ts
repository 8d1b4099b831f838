import { nextOffsetOf } from '../ledger/event-source.ts'
import type { HeldRound } from './projector-plan.ts'

/** Sealed, and as much is held as the seal speaks of: hardly anything follows, so it is not kept. */
export function isComplete({ sealCount, rooted }: HeldRound): boolean {
  return sealCount !== null && rooted >= sealCount
}

/**
 * Rounds that are being written now, so that each batch need not read them again. What is kept of a partition is
 * true only as long as its batches follow each other without a gap: after a rebalance, or a batch that failed, somebody
 * else may have gone on. So everything of a partition is forgotten where the next batch does not start at the end of
 * the last one. At most `maxEvents` events are kept over all partitions, the rounds used last.
 */
export class ProjectorCache {
  readonly #maxEvents: number
  #rounds = new Map<string, { partition: number; round: HeldRound }>()
  #next = new Map<number, string>()
  #events = 0

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents
  }

  /** To be called before a batch is worked on; until `keep` follows, the partition holds nothing. */
  take(partition: number, firstOffset: string): ReadonlyMap<string, HeldRound> {
    const isNext = this.#next.get(partition) === firstOffset
    const taken = new Map<string, HeldRound>()
    for (const [id, entry] of this.#rounds) if (entry.partition === partition) taken.set(id, entry.round)
    this.forget(partition)
    return isNext ? taken : new Map()
  }

  /** What is held of the partition after a batch was done. */
  keep(partition: number, lastOffset: string, held: ReadonlyMap<string, HeldRound>): void {
    this.#next.set(partition, nextOffsetOf(lastOffset))
    for (const [id, round] of held) this.#put(id, partition, round)
    for (const [id, { round }] of this.#rounds) {
      if (this.#events <= this.#maxEvents) break
      this.#rounds.delete(id)
      this.#events -= round.fold.events.size
    }
  }

  forget(partition: number): void {
    this.#next.delete(partition)
    for (const [id, entry] of this.#rounds) if (entry.partition === partition) this.#drop(id)
  }

  get events(): number {
    return this.#events
  }

  #put(id: string, partition: number, round: HeldRound): void {
    this.#drop(id)
    this.#rounds.set(id, { partition, round })
    this.#events += round.fold.events.size
  }

  #drop(id: string): void {
    this.#events -= this.#rounds.get(id)?.round.fold.events.size ?? 0
    this.#rounds.delete(id)
  }
}
