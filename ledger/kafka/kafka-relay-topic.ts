import type { RelayTopic } from '../relay-topic.ts'
import { readRanges, readRangesOf } from './kafka-reader.ts'
import type { KafkaSettings } from './kafka-settings.ts'
import { createKafkaSink } from './kafka-sink.ts'
import { ensureTopics, withAdmin } from './kafka-topics.ts'

/** Connects to the events topic as the relay's target; makes the topics where they are missing. Throws as `ensureTopics`. */
export async function connectRelayTopic(settings: KafkaSettings): Promise<RelayTopic> {
  const topic = settings.events_topic
  await ensureTopics(settings)
  const { clusterId } = await withAdmin(settings, 'looking at the cluster', (admin) => admin.describeCluster())
  const sink = createKafkaSink(settings, topic)
  return {
    id: `${clusterId}/${topic}`,
    send: (messages) => sink.send(messages),
    ranges: () => readRanges(settings, topic),
    read: (ranges, onBatch) => readRangesOf(settings, topic, ranges, onBatch),
    close: () => sink.close(),
  }
}
