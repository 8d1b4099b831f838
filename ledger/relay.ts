import { setTimeout as sleep } from 'node:timers/promises'
import { EvidenceError } from '../schemas/errors.ts'
import { textToMessage } from './event-message.ts'
import type { WrittenRange } from './event-source.ts'
import type { Ledger, StoredEvent } from './ledger.ts'
import type { RelayMark, RelayState } from './relay-state.ts'
import type { RelayTopic } from './relay-topic.ts'
import { findLoss, fitsMarks, messageHash, takeMarks } from './relay-verify.ts'

/** What is sent at once; well below the topic's max.message.bytes even where nothing can be compressed. */
const MAX_BATCH_EVENTS = 1000
const MAX_BATCH_BYTES = 786_432
const POLL_MS = 200
const IDLE_CHECK_MS = 60_000
const FIRST_PAUSE_MS = 500
const MAX_PAUSE_MS = 30_000

export type RelayOptions = {
  readonly ledger: Ledger
  readonly state: RelayState
  /** A new connection; called again after every failure, so that nothing of a failed producer lives on. */
  readonly connect: () => Promise<RelayTopic>
  /** Wait for more events, and for brokers that are away, until the signal; otherwise end when all is relayed. */
  readonly follow: boolean
  /** Read the whole topic back first, also where nothing suggests a loss. */
  readonly verify: boolean
  readonly signal: AbortSignal
  readonly note: (line: string) => void
}

export type RelayResult = { target: string | null; position: number; sent: number; resentRounds: number; differingRounds: number }

/**
 * Relays a ledger to a topic in ledger order, at least once:
 *
 *     connect  and find out how far this target is (its position is kept in the ledger's own file)
 *     check    that the topic still holds what was relayed; rounds it lost are sent again, whole
 *     send     the next events; all in-sync replicas have them when it resolves
 *     save     position and marks, only now
 *
 * A crash between send and save sends the same events again, which changes nothing: events have ids. With `follow`, a
 * cluster that is away is waited for, for as long as it takes. Throws `ledger_unavailable` where it is away and `follow`
 * is false; `event_too_large` where the topic does not take an event (nothing is left out: the relay stops there).
 */
export async function runRelay(options: RelayOptions): Promise<RelayResult> {
  const result: RelayResult = { target: null, position: 0, sent: 0, resentRounds: 0, differingRounds: 0 }
  for (let pauseMs = FIRST_PAUSE_MS; !options.signal.aborted; pauseMs = Math.min(2 * pauseMs, MAX_PAUSE_MS)) {
    const before = result.sent
    try {
      await runSession(options, result)
      break
    } catch (error) {
      if (!options.follow || !(error instanceof EvidenceError) || error.code !== 'ledger_unavailable') throw error
      if (result.sent > before) pauseMs = FIRST_PAUSE_MS
      options.note(`${error.message}; trying again in ${pauseMs / 1000} s`)
    }
    await sleep(pauseMs, undefined, { signal: options.signal }).catch(() => undefined)
  }
  return result
}

async function runSession(options: RelayOptions, result: RelayResult): Promise<void> {
  const topic = await options.connect()
  try {
    const session = new RelaySession(topic, options, result)
    await session.check(options.verify && result.target === null)
    result.target = topic.id
    let checkedAt = performance.now()
    for (;;) {
      await session.relayAll()
      if (!options.follow || options.signal.aborted) return
      await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => undefined)
      if (performance.now() - checkedAt < IDLE_CHECK_MS) continue
      await session.check(false)
      checkedAt = performance.now()
    }
  } finally {
    await topic.close()
  }
}

/** The relay on one connection. */
class RelaySession {
  readonly #topic: RelayTopic
  readonly #options: RelayOptions
  readonly #result: RelayResult
  #marks: Map<number, RelayMark>

  constructor(topic: RelayTopic, options: RelayOptions, result: RelayResult) {
    this.#topic = topic
    this.#options = options
    this.#result = result
    const { position, marks } = options.state.load(topic.id)
    this.#marks = new Map(marks.map((mark) => [mark.partition, mark]))
    result.position = position
  }

  /** Ends with everything up to the position on the topic and marks that say so, however often it was interrupted. */
  async check(isForced: boolean): Promise<void> {
    const { isVerified } = this.#options.state.load(this.#topic.id)
    if (isVerified && !isForced && (await fitsMarks(this.#topic, [...this.#marks.values()]))) {
      if (this.#marks.size === 0) await this.#saveMarks()
      return
    }
    await this.#restore()
  }

  async #restore(): Promise<void> {
    const { ledger, note } = this.#options
    const { position } = this.#result
    // From here on a restart comes back to this check, whatever the topic looks like by then.
    this.#save(position, false)
    const { lost, differing } = await findLoss(this.#topic, ledger, position)
    for (const roundId of differing) note(`round ${roundId}: its root on the topic is not its seal, and nothing of it is missing there`)
    if (lost.length > 0) note(`the topic lost something of ${lost.length} rounds: sending them again`)
    for (const roundId of lost) {
      for await (const page of ledger.readRound(roundId)) {
        for (const batch of toBatches(page.filter((event) => event.position <= position))) await this.#send(batch)
      }
    }
    this.#result.resentRounds += lost.length
    this.#result.differingRounds = differing.length
    await this.#saveMarks()
  }

  async #saveMarks(): Promise<void> {
    this.#marks = new Map((await takeMarks(this.#topic)).map((mark) => [mark.partition, mark]))
    this.#save(this.#result.position, true)
  }

  async relayAll(): Promise<void> {
    const { ledger, signal } = this.#options
    for await (const page of ledger.readAll(this.#result.position)) {
      for (const batch of toBatches(page)) {
        if (signal.aborted) return
        const ranges = await this.#send(batch)
        // The topic goes on before the end we knew: it was cut while we were connected.
        if (ranges.some(({ partition, first }) => BigInt(first) < BigInt(this.#marks.get(partition)?.next ?? '0'))) await this.#restore()
        this.#advance(batch, ranges)
      }
    }
  }

  /** Only after the broker acknowledged. */
  #advance(batch: readonly StoredEvent[], ranges: readonly WrittenRange[]): void {
    for (const { partition, first, next, last } of ranges) {
      const lastHash = messageHash(Buffer.from(batch[last]?.text ?? '', 'utf8'))
      this.#marks.set(partition, { partition, low: this.#marks.get(partition)?.low ?? first, next, lastHash })
    }
    this.#result.position = batch.at(-1)?.position ?? this.#result.position
    this.#result.sent += batch.length
    this.#save(this.#result.position, true)
  }

  async #send(events: readonly StoredEvent[]): Promise<readonly WrittenRange[]> {
    return await this.#topic.send(events.map(({ text }) => textToMessage(text)))
  }

  #save(position: number, isVerified: boolean): void {
    this.#options.state.save(this.#topic.id, { position, isVerified, marks: [...this.#marks.values()] })
  }
}

function* toBatches(page: readonly StoredEvent[]): Generator<readonly StoredEvent[]> {
  let batch: StoredEvent[] = []
  let bytes = 0
  for (const event of page) {
    const eventBytes = Buffer.byteLength(event.text)
    if (batch.length >= MAX_BATCH_EVENTS || (batch.length > 0 && bytes + eventBytes > MAX_BATCH_BYTES)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(event)
    bytes += eventBytes
  }
  if (batch.length > 0) yield batch
}
