import { type EventSource, nextOffsetOf, type SourceBatch, type SourceHandlers, type SourceMessage } from '../../ledger/event-source.ts'

type Partition = { readonly messages: SourceMessage[]; committed: number }
type Member = { readonly source: FakeSource; readonly handlers: SourceHandlers }

/**
 * A topic in memory with one consumer group, which behaves as `EventSource` says: order within a partition, delivery
 * from the committed offset after every assignment, eager rebalances, commits of a partition that was taken away refused.
 * No timers: everything happens when something is appended, assigned or committed.
 */
export class FakeTopic {
  readonly partitions: Partition[]
  readonly batchSize: number
  #members: Member[] = []
  /** Goes up with every rebalance; an assignment is only good for its generation. */
  #generation = 0
  #waiting: { isDone: () => boolean; resolve: () => void }[] = []

  constructor({ partitions = 2, batchSize = 10 } = {}) {
    this.partitions = Array.from({ length: partitions }, () => ({ messages: [], committed: 0 }))
    this.batchSize = batchSize
  }

  append(partition: number, key: string | null, value: Uint8Array | null): void {
    const { messages } = this.#at(partition)
    messages.push({ offset: String(messages.length), key, value, headers: {} })
    for (const { source } of this.#members) source.wake()
  }

  openSource = (): FakeSource => new FakeSource(this)

  /** Resolves when everything was committed. */
  async drained(): Promise<void> {
    await this.when(() => this.partitions.every(({ messages, committed }) => committed === messages.length))
  }

  /** Resolves as soon as a condition holds; it is looked at after every change. */
  when(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isDone, resolve })
      this.changed()
    })
  }

  changed(): void {
    const done = this.#waiting.filter((one) => one.isDone())
    this.#waiting = this.#waiting.filter((one) => !done.includes(one))
    for (const { resolve } of done) resolve()
  }

  /** As when a member joins, leaves or is slow: everybody loses everything, then partitions are dealt out, one further each time. */
  rebalance(): void {
    this.#generation++
    for (const { source, handlers } of this.#members) {
      const lost = source.takeAway()
      if (lost.length > 0) handlers.onRevoked?.(lost)
    }
    const count = this.#members.length
    for (const [index, { source, handlers }] of this.#members.entries()) {
      const owned = this.partitions.map((_, n) => n).filter((n) => (n + this.#generation) % count === index)
      handlers.onAssigned?.(owned)
      source.give(owned.map((n) => ({ partition: n, position: this.#at(n).committed })))
    }
    this.changed()
  }

  join(source: FakeSource, handlers: SourceHandlers): void {
    this.#members.push({ source, handlers })
    this.rebalance()
  }

  leave(source: FakeSource): void {
    this.#members = this.#members.filter((one) => one.source !== source)
    this.rebalance()
  }

  commit(partition: number, next: string): void {
    this.#at(partition).committed = Number(next)
    this.changed()
  }

  batchAt(partition: number, position: number): SourceBatch | null {
    const { messages } = this.#at(partition)
    const some = messages.slice(position, position + this.batchSize)
    return some.length === 0 ? null : { partition, messages: some, endOffset: String(messages.length) }
  }

  get generation(): number {
    return this.#generation
  }

  get members(): number {
    return this.#members.length
  }

  #at(partition: number): Partition {
    const found = this.partitions[partition]
    if (found === undefined) throw new Error(`no partition ${partition}`)
    return found
  }
}

export class FakeSource implements EventSource {
  readonly #topic: FakeTopic
  #positions = new Map<number, number>()
  #isStopped = false
  /** Of the batch that is being worked on. */
  #generation = 0
  #failure: Error | null = null
  #wake: () => void = () => undefined

  constructor(topic: FakeTopic) {
    this.#topic = topic
  }

  async run(handlers: SourceHandlers): Promise<void> {
    this.#topic.join(this, handlers)
    try {
      while (!this.#isStopped) {
        if (this.#failure) throw this.#failure
        const batch = this.#nextBatch()
        if (batch === null) await new Promise<void>((resolve) => (this.#wake = resolve))
        else {
          this.#generation = this.#topic.generation
          await handlers.onBatch(batch)
        }
      }
    } finally {
      this.#topic.leave(this)
    }
  }

  async commit(partition: number, nextOffset: string): Promise<boolean> {
    if (!this.#positions.has(partition) || this.#generation !== this.#topic.generation) return false
    this.#topic.commit(partition, nextOffset)
    return true
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.wake()
  }

  /** The connection is lost for good. */
  fail(error: Error): void {
    this.#failure = error
    this.wake()
  }

  takeAway(): number[] {
    const lost = [...this.#positions.keys()]
    this.#positions.clear()
    return lost
  }

  give(owned: readonly { partition: number; position: number }[]): void {
    for (const { partition, position } of owned) this.#positions.set(partition, position)
    this.wake()
  }

  wake(): void {
    this.#wake()
  }

  #nextBatch(): SourceBatch | null {
    for (const [partition, position] of this.#positions) {
      const batch = this.#topic.batchAt(partition, position)
      if (batch === null) continue
      const last = batch.messages.at(-1)?.offset ?? '0'
      // Last in the map, so that partitions take turns.
      this.#positions.delete(partition)
      this.#positions.set(partition, Number(nextOffsetOf(last)))
      return batch
    }
    return null
  }
}
