import { type KafkaSettings, parseKafkaSettings } from '../../ledger/kafka/kafka-settings.ts'

/** Settings whose topics and group no other test, run or user of these brokers has. */
export function testKafkaSettings(brokers: readonly string[], name: string): KafkaSettings {
  const run = `${name}-${crypto.randomUUID().slice(0, 8)}`
  return parseKafkaSettings({ brokers, group_id: `test-${run}`, events_topic: `test.${run}.events.v1`, rejected_topic: `test.${run}.rejected.v1` })
}
