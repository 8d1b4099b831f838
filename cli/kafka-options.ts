import { type KafkaSettings, parseKafkaSettings } from '../ledger/kafka/kafka-settings.ts'
import { EvidenceError } from '../schemas/errors.ts'
import { parseJsonText } from '../schemas/json-text.ts'
import { readInputFile } from './read-input-file.ts'

const MAX_SETTINGS_BYTES = 65_536

export type KafkaOptions = { brokers?: string[]; kafkaConfig?: string }

/** Kafka settings of a command: the file of `--kafka-config` (JSON, docs/kafka.md), with `--brokers` over it. Throws `usage`. */
export async function readKafkaOptions(options: KafkaOptions): Promise<KafkaSettings> {
  const file = options.kafkaConfig === undefined ? {} : await readSettings(options.kafkaConfig)
  if (options.brokers === undefined && !('brokers' in file)) {
    throw new EvidenceError('usage', 'no Kafka brokers are named', { remedy: 'give --brokers HOST:PORT,…, EVIDENCE_KAFKA_BROKERS or --kafka-config FILE' })
  }
  return parseKafkaSettings({ ...file, ...(options.brokers === undefined ? {} : { brokers: options.brokers }) })
}

async function readSettings(path: string): Promise<object> {
  const bytes = await readInputFile(path, MAX_SETTINGS_BYTES)
  const json = parseJsonText(Buffer.from(bytes.subarray(0, MAX_SETTINGS_BYTES)).toString('utf8'))
  if (!json.ok)
    throw new EvidenceError('usage', `${path}: ${json.reason} at ${json.pointer === '' ? '/' : json.pointer}`, { remedy: 'docs/kafka.md has an example' })
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value)) throw new EvidenceError('usage', `${path}: not a JSON object`)
  return json.value
}
