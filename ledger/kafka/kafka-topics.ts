import { setTimeout as sleep } from 'node:timers/promises'
import kafkajs, { type Admin, type ITopicConfig } from 'kafkajs'
import { EvidenceError } from '../../schemas/errors.ts'
import { MAX_EVENT_BYTES } from '../../schemas/event.ts'
import { COORDINATOR_MOVES, createKafka, kafkaErrorType, toKafkaError } from './kafka-client.ts'
import type { KafkaSettings } from './kafka-settings.ts'

/** Largest record batch the topics take; what we send at once is less than half of it before compression. */
export const MAX_MESSAGE_BYTES = 2_097_152

/** What an existing topic must at least say; the rest of its settings is its owner's. */
const KEEP_ALL = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' } as const

/** Answers of a cluster that is still sorting itself out, after a topic was made or a broker came back. */
const PASSING: ReadonlySet<string> = new Set(['NOT_LEADER_FOR_PARTITION', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION', ...COORDINATOR_MOVES])
const ATTEMPTS = 15
const PAUSE_MS = 300

/**
 * Runs `work`, which may be run again, with an admin connection and closes it. Answers that pass by themselves are
 * waited for, with a new connection each time: kafkajs keeps what it knew. Throws `ledger_unavailable`.
 */
export async function withAdmin<T>(settings: KafkaSettings, doing: string, work: (admin: Admin) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const admin = createKafka(settings).admin()
    try {
      await admin.connect()
      return await work(admin)
    } catch (error) {
      if (attempt === ATTEMPTS || !PASSING.has(kafkaErrorType(error) ?? '')) throw toKafkaError(error, doing)
    } finally {
      await admin.disconnect().catch(() => undefined)
    }
    await sleep(PAUSE_MS)
  }
}

/**
 * Makes the two topics where they are missing, with every setting that matters said explicitly, and refuses an existing
 * one that forgets (`usage`: retention, compaction, or messages too small for an event). Doing it again changes nothing.
 */
export async function ensureTopics(settings: KafkaSettings): Promise<void> {
  const names = [settings.events_topic, settings.rejected_topic]
  await withAdmin(settings, 'looking at the topics', async (admin) => {
    const existing = new Set(await admin.listTopics())
    const missing = names.filter((name) => !existing.has(name))
    if (missing.length > 0)
      await createTopics(
        admin,
        missing.map((name) => toTopicConfig(name, settings)),
      )
    await assertKept(
      admin,
      names.filter((name) => existing.has(name)),
    )
  })
}

/** Throws `ledger_unavailable` at once where the cluster answers and has no such topic, instead of waiting for it. */
export async function assertTopicExists(settings: KafkaSettings, topic: string): Promise<void> {
  const names = await withAdmin(settings, 'looking for the topic', (admin) => admin.listTopics())
  if (!names.includes(topic))
    throw new EvidenceError('ledger_unavailable', `there is no topic ${topic}`, { remedy: 'docs/operations-cluster.md says what works without it' })
}

function toTopicConfig(topic: string, { topic: shape }: KafkaSettings): ITopicConfig {
  const config = { ...KEEP_ALL, 'min.insync.replicas': String(shape.min_insync_replicas), 'max.message.bytes': String(MAX_MESSAGE_BYTES) }
  return {
    topic,
    numPartitions: shape.partitions,
    replicationFactor: shape.replication_factor,
    configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
  }
}

/** Another process may create the same topic at the same moment; kafkajs then answers false. */
async function createTopics(admin: Admin, topics: ITopicConfig[]): Promise<void> {
  await admin.createTopics({ topics, waitForLeaders: true })
}

async function assertKept(admin: Admin, names: string[]): Promise<void> {
  if (names.length === 0) return
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: names.map((name) => ({ type: kafkajs.ConfigResourceTypes.TOPIC, name })),
  })
  for (const { resourceName, configEntries } of resources) {
    const values = new Map(configEntries.map(({ configName, configValue }) => [configName, configValue]))
    const wrong = Object.entries(KEEP_ALL).find(([name, value]) => values.has(name) && values.get(name) !== value)
    if (wrong) throw forgetful(resourceName, `${wrong[0]} must be ${wrong[1]}`)
    if (Number(values.get('max.message.bytes') ?? MAX_MESSAGE_BYTES) < 4 * MAX_EVENT_BYTES) {
      throw forgetful(resourceName, `max.message.bytes must be at least ${4 * MAX_EVENT_BYTES}`)
    }
  }
}

function forgetful(topic: string, what: string): EvidenceError {
  return new EvidenceError('usage', `the topic ${topic} would lose events: ${what}`, {
    remedy: 'correct the topic (kafka-configs.sh --alter), see docs/kafka.md',
  })
}
