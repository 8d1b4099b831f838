import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { EvidenceError } from '../../schemas/errors.ts'

/** Topic of all events, and of those that could not be taken. */
export const EVENTS_TOPIC = 'evidence.events.v1'
export const REJECTED_TOPIC = 'evidence.rejected.v1'

const Broker = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):\d{1,5}$/, 'not host:port')
const File = z.string().min(1).max(4096)

const Tls = z.strictObject({
  ca_file: File.nullable().default(null).describe('PEM of the authorities that sign the brokers; null: those of Node'),
  cert_file: File.nullable().default(null).describe('PEM of our certificate, for mutual TLS'),
  key_file: File.nullable().default(null).describe('PEM of its key; readable by its owner only'),
})

const Sasl = z.strictObject({
  mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
  username: z.string().min(1).max(200),
  password_file: File.describe('file whose first line is the password; never given in the settings themselves'),
})

const Topic = z.strictObject({
  partitions: z.number().int().min(1).max(1000).default(6),
  replication_factor: z.number().int().min(1).max(7).default(1).describe('3 on any cluster that is to survive a broker'),
  min_insync_replicas: z.number().int().min(1).max(7).default(1).describe('2 with replication_factor 3'),
})

const TopicName = z.string().regex(/^[a-zA-Z0-9._-]{1,200}$/)

/** How to reach Kafka (`docs/kafka.md`). Unknown keys are refused; secrets are named by file and never held here. */
export const KafkaSettings = z.strictObject({
  brokers: z.array(Broker).min(1).max(50),
  client_id: z.string().min(1).max(100).default('evidence-ledger'),
  group_id: z.string().min(1).max(200).default('evidence-projector'),
  events_topic: TopicName.default(EVENTS_TOPIC),
  rejected_topic: TopicName.default(REJECTED_TOPIC),
  topic: Topic.default({ partitions: 6, replication_factor: 1, min_insync_replicas: 1 }),
  compression: z.enum(['zstd', 'gzip', 'none']).default('zstd'),
  connection_timeout_ms: z.number().int().min(100).max(600_000).default(5000),
  request_timeout_ms: z.number().int().min(100).max(600_000).default(30_000),
  session_timeout_ms: z.number().int().min(6000).max(600_000).default(30_000).describe('a projector that says nothing for so long is taken for dead'),
  tls: Tls.nullable().default(null),
  sasl: Sasl.nullable().default(null),
})
export type KafkaSettings = z.infer<typeof KafkaSettings>

/** Checks settings as they came from a file and the command line. Throws `usage` naming the key, never the value. */
export function parseKafkaSettings(value: unknown): KafkaSettings {
  const parsed = KafkaSettings.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new EvidenceError('usage', `Kafka settings: ${issue?.path.join('.') || 'settings'}: ${issue?.message ?? 'invalid'}`, {
      remedy: 'docs/kafka.md has every key',
    })
  }
  const { topic, sasl, tls } = parsed.data
  if (topic.min_insync_replicas > topic.replication_factor) {
    throw new EvidenceError('usage', 'Kafka settings: topic.min_insync_replicas is more than topic.replication_factor')
  }
  if (sasl?.mechanism === 'plain' && tls === null) {
    throw new EvidenceError('usage', 'Kafka settings: sasl.mechanism plain sends the password as it is; it needs tls')
  }
  return parsed.data
}

/** Reads a file that the settings name. Throws `file_unreadable` with its path, never its contents. */
export function readSettingsFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new EvidenceError('file_unreadable', `Kafka settings name a file that cannot be read: ${path}`, { cause: error })
  }
}
