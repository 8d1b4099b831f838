import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Consumer, type EachBatchPayload, type KafkaMessage } from 'kafkajs'
import { EvidenceError } from '../../schemas/errors.ts'
import type { EventSource, SourceHandlers, SourceMessage } from '../event-source.ts'
import { createKafka, toKafkaError, whileCoordinatorLoads } from './kafka-client.ts'
import type { KafkaSettings } from './kafka-settings.ts'

/** Times of the group protocol in ms; a member that says nothing for `session` is taken for dead. */
type GroupTimes = { sessionTimeout: number; rebalanceTimeout: number; heartbeatInterval: number }
const REBALANCE_MS = 60_000
const HEARTBEATS_A_SESSION = 10
/** kafkajs waits 5 s by default, which makes every stop and takeover of an idle topic that slow. */
const MAX_WAIT_MS = 500
const COMMIT_ATTEMPTS = 10
const COMMIT_PAUSE_MS = 500
/** Of what lies on the topic: rounds are alike, so that half a megabyte of zstd is up to 30 MB of events, and parsed several times that. */
const MAX_BYTES = { maxBytesPerPartition: 524_288, maxBytes: 2_097_152 }

/** An `EventSource` on the events topic as a member of the consumer group of the settings. */
export function createKafkaEventSource(settings: KafkaSettings, times: Partial<GroupTimes> = {}): EventSource {
  const sessionTimeout = settings.session_timeout_ms
  const heartbeatInterval = Math.floor(sessionTimeout / HEARTBEATS_A_SESSION)
  return new KafkaEventSource(settings, { sessionTimeout, rebalanceTimeout: REBALANCE_MS, heartbeatInterval, ...times })
}

type Outcome = { resolve: () => void; reject: (error: unknown) => void }

class KafkaEventSource implements EventSource {
  readonly #topic: string
  readonly #heartbeatMs: number
  readonly #consumer: Consumer
  #assigned: readonly number[] = []
  #commitNow: EachBatchPayload['commitOffsetsIfNecessary'] | null = null
  #outcome: Outcome | null = null
  #isStopping = false

  constructor(settings: KafkaSettings, times: GroupTimes) {
    this.#topic = settings.events_topic
    this.#heartbeatMs = times.heartbeatInterval
    this.#consumer = createKafka(settings).consumer({
      groupId: settings.group_id,
      ...times,
      ...MAX_BYTES,
      maxWaitTimeInMs: MAX_WAIT_MS,
      allowAutoTopicCreation: false,
      // A crash ends the source: its owner makes a new one, with nothing left over from this one.
      retry: { retries: 8, initialRetryTime: 200, maxRetryTime: 5000, restartOnFailure: whileCoordinatorLoads() },
    })
  }

  async run(handlers: SourceHandlers): Promise<void> {
    const ended = new Promise<void>((resolve, reject) => {
      this.#outcome = { resolve, reject }
    })
    this.#listen(handlers)
    try {
      await this.#consumer.connect()
      await this.#consumer.subscribe({ topics: [this.#topic], fromBeginning: true })
      await this.#consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: (payload) => this.#deliver(payload, handlers),
      })
    } catch (error) {
      this.#fail(error)
    }
    await ended
  }

  #listen(handlers: SourceHandlers): void {
    const { events } = this.#consumer
    const revoke = (): void => {
      const gone = this.#assigned
      this.#assigned = []
      if (gone.length > 0) this.#guarded(() => handlers.onRevoked?.(gone))
    }
    this.#consumer.on(events.REBALANCING, revoke)
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => {
      // After an unknown member id there was no REBALANCING.
      revoke()
      this.#assigned = [...(payload.memberAssignment[this.#topic] ?? [])]
      this.#guarded(() => handlers.onAssigned?.(this.#assigned))
    })
    this.#consumer.on(events.CRASH, ({ payload }) => {
      revoke()
      if (!payload.restart) this.#fail(payload.error)
    })
    this.#consumer.on(events.STOP, revoke)
  }

  async #deliver(payload: EachBatchPayload, handlers: SourceHandlers): Promise<void> {
    const { batch } = payload
    if (this.#isStopping || payload.isStale()) return
    this.#commitNow = payload.commitOffsetsIfNecessary
    // A store that is down for long must not cost us the membership; a rebalance is seen after the batch.
    const beat = setInterval(() => void payload.heartbeat().catch(() => undefined), this.#heartbeatMs)
    try {
      await handlers.onBatch({ partition: batch.partition, messages: batch.messages.map(toSourceMessage), endOffset: batch.highWatermark })
      payload.resolveOffset(batch.messages.at(-1)?.offset ?? batch.lastOffset())
    } catch (error) {
      this.#fail(error)
    } finally {
      clearInterval(beat)
    }
  }

  async commit(partition: number, nextOffset: string): Promise<boolean> {
    if (!this.#assigned.includes(partition) || this.#commitNow === null) return false
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#commitNow({ topics: [{ topic: this.#topic, partitions: [{ partition, offset: nextOffset }] }] })
        return true
      } catch (error) {
        if (isOutOfGroup(error)) return false
        // The coordinator may be moving or restarting; asking again finds it.
        if (attempt === COMMIT_ATTEMPTS || this.#isStopping) throw toKafkaError(error, `committing offsets of ${this.#topic}`)
        await sleep(COMMIT_PAUSE_MS)
        if (!this.#assigned.includes(partition)) return false
      }
    }
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await this.#consumer.disconnect().catch(() => undefined)
    this.#outcome?.resolve()
  }

  #guarded(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#fail(error)
    }
  }

  /** `stop` waits for the batch at hand, which may be the one that failed: it is not waited for here. */
  #fail(error: unknown): void {
    this.#isStopping = true
    const failed = error instanceof EvidenceError || !isKafkaError(error) ? error : toKafkaError(error, `reading ${this.#topic}`)
    void this.#consumer
      .disconnect()
      .catch(() => undefined)
      .then(() => this.#outcome?.reject(failed))
  }
}

export function toSourceMessage(message: KafkaMessage): SourceMessage {
  return new KafkaSourceMessage(message)
}

class KafkaSourceMessage implements SourceMessage {
  readonly offset: string
  readonly key: string | null
  readonly value: Uint8Array | null
  readonly #message: KafkaMessage

  constructor(message: KafkaMessage) {
    this.offset = message.offset
    this.key = message.key?.toString('utf8') ?? null
    this.value = message.value
    this.#message = message
  }

  /** Made where somebody asks: the projector never does. */
  get headers(): Readonly<Record<string, string>> {
    return toHeaders(this.#message)
  }
}

function toHeaders(message: KafkaMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, given] of Object.entries(message.headers ?? {})) {
    const value = Array.isArray(given) ? given[0] : given
    if (value !== undefined && value !== null) headers[name] = value.toString()
  }
  return headers
}

function isKafkaError(error: unknown): boolean {
  return error instanceof Error && error.name.startsWith('KafkaJS')
}

/** The group moved on without us: someone else owns the partition now, or will. */
function isOutOfGroup(error: unknown): boolean {
  const type = typeof error === 'object' && error !== null && 'type' in error ? error.type : null
  return ['REBALANCE_IN_PROGRESS', 'ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID'].includes(String(type)) || isNotAssigned(error)
}

function isNotAssigned(error: unknown): boolean {
  return error instanceof kafkajs.KafkaJSStaleTopicMetadataAssignment
}
