import { createRequire } from 'node:module'
import type { ConnectionOptions } from 'node:tls'
import { promisify } from 'node:util'
import { zstdCompress, zstdDecompress } from 'node:zlib'
import kafkajs, { type Kafka, type KafkaConfig, type SASLOptions } from 'kafkajs'
import { EvidenceError } from '../../schemas/errors.ts'
import { type KafkaSettings, readSettingsFile } from './kafka-settings.ts'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/**
 * A client for one topic. Never share one between topics: a topic that is deleted breaks the metadata of all topics of
 * its client. kafkajs prints nothing; what goes wrong comes as an exception.
 */
export function createKafka(settings: KafkaSettings): Kafka {
  registerZstd()
  cureIdleTimer()
  const config: KafkaConfig = {
    brokers: settings.brokers,
    clientId: settings.client_id,
    connectionTimeout: settings.connection_timeout_ms,
    requestTimeout: settings.request_timeout_ms,
    enforceRequestTimeout: true,
    logLevel: kafkajs.logLevel.NOTHING,
    // Short: whoever uses the client starts again with a new one, and knows more about when to give up.
    retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 2000 },
  }
  if (settings.tls !== null) config.ssl = toTls(settings.tls)
  if (settings.sasl !== null) config.sasl = toSasl(settings.sasl)
  return new kafkajs.Kafka(config)
}

/** Certificates are always checked; there is no setting that turns this off. */
function toTls(tls: NonNullable<KafkaSettings['tls']>): ConnectionOptions {
  return {
    rejectUnauthorized: true,
    ...(tls.ca_file === null ? {} : { ca: readSettingsFile(tls.ca_file) }),
    ...(tls.cert_file === null ? {} : { cert: readSettingsFile(tls.cert_file) }),
    ...(tls.key_file === null ? {} : { key: readSettingsFile(tls.key_file) }),
  }
}

function toSasl({ mechanism, username, password_file }: NonNullable<KafkaSettings['sasl']>): SASLOptions {
  const password = readSettingsFile(password_file).split(/\r?\n/)[0] ?? ''
  if (password === '') throw new EvidenceError('usage', `Kafka settings: ${password_file} has no password on its first line`)
  return { mechanism, username, password }
}

/** kafkajs brings gzip only; the add-on packages for zstd do not load on Node 24, which has zstd itself. */
function registerZstd(): void {
  kafkajs.CompressionCodecs[kafkajs.CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { buffer: Buffer }) => compress(encoder.buffer),
    decompress: (buffer: Buffer) => decompress(buffer),
  })
}

type Queue = { pending: readonly unknown[]; throttledUntil: number; scheduleCheckPendingRequests: () => void; isCured?: true }

/**
 * kafkajs 2.2.4 sets a timer of a negative time again and again while nothing is pending: 2 % of a processor and a
 * warning. Where nothing waits and nothing is throttled there is nothing to look at later.
 */
function cureIdleTimer(): void {
  const { prototype } = createRequire(import.meta.url)('kafkajs/src/network/requestQueue') as { prototype: Queue }
  if (prototype.isCured) return
  const original = prototype.scheduleCheckPendingRequests
  prototype.scheduleCheckPendingRequests = function (this: Queue): void {
    if (this.pending.length > 0 || this.throttledUntil > Date.now()) original.call(this)
  }
  prototype.isCured = true
}

/** What an error of kafkajs means to us; one of ours comes back as it is. Messages of kafkajs name brokers and topics, no secrets. */
export function toKafkaError(error: unknown, doing: string): EvidenceError {
  if (error instanceof EvidenceError) return error
  const type = kafkaErrorType(error)
  if (type === 'MESSAGE_TOO_LARGE' || type === 'RECORD_LIST_TOO_LARGE') {
    return new EvidenceError('event_too_large', `Kafka refuses ${doing}: larger than the topic's max.message.bytes`, {
      remedy: 'set max.message.bytes of the topic as docs/kafka.md says',
      cause: error,
    })
  }
  return new EvidenceError('ledger_unavailable', `Kafka: ${doing} failed: ${messageOf(rootCause(error))}`, {
    remedy: 'check that the brokers are up and reachable; the local ledger is not affected',
    cause: error,
  })
}

/** Answers where the coordinator of a group is being loaded or moves. */
export const COORDINATOR_MOVES: ReadonlySet<string> = new Set(['GROUP_LOAD_IN_PROGRESS', 'GROUP_COORDINATOR_NOT_AVAILABLE', 'NOT_COORDINATOR_FOR_GROUP'])
const LOADING_ATTEMPTS = 60

/**
 * For kafkajs's `restartOnFailure`: starts a consumer again, up to 60 times, while the coordinator of its group is being
 * loaded or moves, as in the first seconds of a cluster. kafkajs gives up joining at the first such answer
 * (consumerGroup.js, `joinAndSync`). Any other crash, and one that kafkajs itself tried again long enough, ends the consumer.
 */
export function whileCoordinatorLoads(): (error: Error) => Promise<boolean> {
  let left = LOADING_ATTEMPTS
  return async (error) => {
    if (!(error instanceof kafkajs.KafkaJSProtocolError) || !COORDINATOR_MOVES.has(error.type) || left === 0) return false
    left -= 1
    return true
  }
}

/** Name of the protocol error at the root of it, such as NOT_LEADER_FOR_PARTITION; null where it is none. */
export function kafkaErrorType(error: unknown): string | null {
  const cause = rootCause(error)
  return typeof cause === 'object' && cause !== null && 'type' in cause && typeof cause.type === 'string' ? cause.type : null
}

function rootCause(error: unknown): unknown {
  let cause = error
  while (cause instanceof Error && cause.cause instanceof Error) cause = cause.cause
  return cause
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
