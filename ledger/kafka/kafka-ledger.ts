import { setTimeout as sleep } from 'node:timers/promises'
import { EvidenceError } from '../../schemas/errors.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { toEventMessage } from '../event-message.ts'
import type { MessageSink, SourceBatch, WrittenRange } from '../event-source.ts'
import type { AppendResult, Ledger, LedgerStats, StoredEvent } from '../ledger.ts'
import type { PartitionRange } from '../relay-topic.ts'
import { onlyReviews } from '../review-event.ts'
import { readRanges, readRangesOf } from './kafka-reader.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import { createKafkaSink } from './kafka-sink.ts'
import { ensureTopics } from './kafka-topics.ts'
import { toPulled } from './to-pulled.ts'

const PAGE_EVENTS = 1000
const FOLLOW_PAUSE_MS = 500

/**
 * The `Ledger` port on the events topic, for tools that want a whole topic; the projector service reads it as an
 * `EventSource`. What differs from the port, and why (docs/kafka.md):
 *
 * - **Order** is that of a partition, so of a round. Position = offset × partitions + partition + 1: unique and never
 *   reissued, contiguous only where there is one partition.
 * - **No refusals at append.** A topic takes what it is given: doubles, late evidence and contradictions are there, and
 *   the projector rejects them. `duplicates` is always 0; reading leaves out second copies of the same bytes.
 * - **Atomic** a partition and a request, not a batch.
 * - `readRound`, `readReviews`, `roundIds` and `stats` read the whole topic: anyone may write a round to any partition.
 */
export async function openKafkaLedger(settings: KafkaSettings): Promise<Ledger> {
  await ensureTopics(settings)
  const { length } = await readRanges(settings, settings.events_topic)
  return new KafkaLedger(settings, length)
}

class KafkaLedger implements Ledger {
  readonly #settings: KafkaSettings
  readonly #partitions: number
  readonly #sink: MessageSink
  #isClosed = false
  /** Settles when the call before is done: calls on one handle take effect in their order. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(settings: KafkaSettings, partitions: number) {
    this.#settings = settings
    this.#partitions = partitions
    this.#sink = createKafkaSink(settings, settings.events_topic)
  }

  async append(events: readonly EncodedEvent[]): Promise<AppendResult> {
    const ranges = await this.#inTurn(() => this.#sink.send(events.map(toEventMessage)))
    return { appended: events.length, duplicates: 0, lastPosition: this.#lastOf(ranges) }
  }

  #lastOf(ranges: readonly WrittenRange[]): number {
    return ranges.reduce((last, { partition, next }) => Math.max(last, this.#position(partition, BigInt(next) - 1n)), 0)
  }

  #position(partition: number, offset: bigint): number {
    return Number(offset) * this.#partitions + partition + 1
  }

  readRound(roundId: string): AsyncIterable<readonly StoredEvent[]> {
    return this.#pages(this.#rangesAfter(0), roundId)
  }

  readReviews(): AsyncIterable<readonly StoredEvent[]> {
    return onlyReviews(this.readAll(0))
  }

  readAll(afterPosition: number): AsyncIterable<readonly StoredEvent[]> {
    return this.#pages(this.#rangesAfter(afterPosition), null)
  }

  async *follow(afterPosition: number, signal: AbortSignal): AsyncIterable<readonly StoredEvent[]> {
    let done: readonly PartitionRange[] = []
    while (!signal.aborted) {
      const now = await this.#rangesAfter(afterPosition)
      const next = now.map((range) => ({ ...range, low: done.find(({ partition }) => partition === range.partition)?.end ?? range.low }))
      for await (const page of this.#pages(Promise.resolve(next), null)) {
        yield page
        if (signal.aborted) return
      }
      done = now
      await sleep(FOLLOW_PAUSE_MS, undefined, { signal }).catch(() => undefined)
    }
  }

  /** Asked for at the call: what is appended later is not part of the read. */
  #rangesAfter(afterPosition: number): Promise<readonly PartitionRange[]> {
    const ranges = this.#inTurn(() => readRanges(this.#settings, this.#settings.events_topic)).then((all) =>
      all.map((range) => ({ ...range, low: this.#firstAfter(range, afterPosition) })),
    )
    // It is thrown where the pages are read.
    ranges.catch(() => undefined)
    return ranges
  }

  #firstAfter({ partition, low, end }: PartitionRange, afterPosition: number): string {
    const first = BigInt(Math.max(0, Math.ceil((afterPosition - partition) / this.#partitions)))
    const least = first > BigInt(low) ? first : BigInt(low)
    return String(least < BigInt(end) ? least : end)
  }

  async *#pages(ranges: Promise<readonly PartitionRange[]>, roundId: string | null): AsyncIterable<readonly StoredEvent[]> {
    const all = await ranges
    const seen = new Set<string>()
    for await (const batch of toPulled<SourceBatch>((give) => readRangesOf(this.#settings, this.#settings.events_topic, all, give))) {
      const events = this.#toStored(batch, roundId, seen)
      for (let i = 0; i < events.length; i += PAGE_EVENTS) yield events.slice(i, i + PAGE_EVENTS)
    }
  }

  #toStored({ partition, messages }: SourceBatch, roundId: string | null, seen: Set<string>): StoredEvent[] {
    const events: StoredEvent[] = []
    for (const { offset, key, value } of messages) {
      if (value === null || (roundId !== null && key !== roundId)) continue
      const text = Buffer.from(value).toString('utf8')
      const id = idOf(text)
      if (id === null || seen.has(text)) continue
      seen.add(text)
      events.push({ position: this.#position(partition, BigInt(offset)), id, text })
    }
    return events
  }

  async roundIds(): Promise<readonly string[]> {
    return [...(await this.#scan()).rounds]
  }

  async stats(): Promise<LedgerStats> {
    const { rounds, sealed, ...rest } = await this.#scan()
    return { ...rest, rounds: rounds.size, sealedRounds: sealed.size }
  }

  async #scan(): Promise<{ events: number; bytes: number; lastPosition: number; rounds: Set<string>; sealed: Set<string> }> {
    const sum = { events: 0, bytes: 0, lastPosition: 0, rounds: new Set<string>(), sealed: new Set<string>() }
    for await (const page of this.readAll(0)) {
      for (const { text, position } of page) {
        const { subject, type } = JSON.parse(text) as { subject: string; type: string }
        sum.events++
        sum.bytes += Buffer.byteLength(text)
        sum.lastPosition = Math.max(sum.lastPosition, position)
        if (type === 'round.opened.v1') sum.rounds.add(subject)
        if (type === 'round.sealed.v1') sum.sealed.add(subject)
      }
    }
    return sum
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#turn
    await this.#sink.close()
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new EvidenceError('ledger_unavailable', `the ledger on ${this.#settings.events_topic} is closed`)
    const result = this.#turn.then(work)
    this.#turn = result.catch(() => undefined)
    return await result
  }
}

/** Null for a message that is no event. */
function idOf(text: string): string | null {
  try {
    const { id } = JSON.parse(text) as { id?: unknown }
    return typeof id === 'string' ? id : null
  } catch {
    return null
  }
}
