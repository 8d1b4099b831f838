import { setTimeout as wait } from 'node:timers/promises'
import type { KafkaSettings } from '../../ledger/kafka/kafka-settings.ts'
import type { ProjectionStore } from '../../projector/projection-store.ts'
import { listenForStatus } from '../../projector/projector-http.ts'
import { runProjector } from '../../projector/projector-service.ts'
import { type RebuildResult, rebuildProjection } from '../../projector/rebuild.ts'
import { ServiceMetrics } from '../../projector/service-metrics.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type KafkaOptions, readKafkaOptions } from '../kafka-options.ts'
import { type Answer, note, printResult } from '../output.ts'

type Options = KafkaOptions & { clickhouse?: string; projection?: string; listen: string; rebuild?: 'topic' | 'events'; json?: boolean }

/**
 * `evidence project`: the projector service, until SIGTERM or SIGINT; the batch at hand is finished and committed first.
 * With `--rebuild` it makes everything again from the topic (`events`: from the raw events of the store) and ends.
 */
export async function run(_args: [], options: Options): Promise<Answer> {
  if (options.rebuild === 'events') return rebuild(options, null)
  const settings = await readKafkaOptions(options)
  if (options.rebuild === 'topic') return rebuild(options, settings)
  await serve(options, settings)
  return 0
}

async function serve(options: Options, settings: KafkaSettings): Promise<void> {
  const { createKafkaEventSource } = await import('../../ledger/kafka/kafka-event-source.ts')
  const metrics = new ServiceMetrics()
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  const listener = await listenForStatus(metrics, toAddress(options.listen))
  try {
    note(`status at ${listener.url}/metrics and /health/ready`)
    await withRetries(stop.signal, () => prepareTopics(settings))
    if (stop.signal.aborted) return
    const tables = await withRetries(stop.signal, () => openStore(options))
    if (tables === null) return
    const rejectedSink = await openSink(settings)
    try {
      const ports = { openSource: () => createKafkaEventSource(settings), tables, rejectedSink, metrics, now: () => new Date(), sleep, onNote: note }
      await runProjector(ports, stop.signal)
    } finally {
      await rejectedSink.close()
      await tables.close()
    }
  } finally {
    await listener.close()
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
  }
}

async function rebuild(options: Options, settings: KafkaSettings | null): Promise<Answer> {
  const store = await openStore(options)
  try {
    const result = await rebuildProjection({ store, readTopic: settings && (await topicReader(settings)), now: () => new Date(), onNote: note })
    printResult(options.json, result, rebuildText(result))
    return 0
  } finally {
    await store.close()
  }
}

function rebuildText({ rounds, finals, unjudged, fromTopic, fromRaw, rejected }: RebuildResult): string {
  return `rebuilt ${rounds} rounds, ${finals} final, ${unjudged} without a snapshot\nevents ${fromTopic} from the topic, ${fromRaw} from the store, rejected ${rejected}\n`
}

async function topicReader(settings: KafkaSettings) {
  const { readRanges, readRangesOf } = await import('../../ledger/kafka/kafka-reader.ts')
  const { assertTopicExists } = await import('../../ledger/kafka/kafka-topics.ts')
  await assertTopicExists(settings, settings.events_topic)
  const ranges = await readRanges(settings, settings.events_topic)
  return (onBatch: Parameters<typeof readRangesOf>[3]) => readRangesOf(settings, settings.events_topic, ranges, onBatch)
}

async function prepareTopics(settings: KafkaSettings): Promise<void> {
  const { ensureTopics } = await import('../../ledger/kafka/kafka-topics.ts')
  await ensureTopics(settings)
}

async function openSink(settings: KafkaSettings) {
  const { createKafkaSink } = await import('../../ledger/kafka/kafka-sink.ts')
  return createKafkaSink(settings, settings.rejected_topic)
}

async function openStore({ clickhouse: url, projection }: Options): Promise<ProjectionStore> {
  if (projection !== undefined) {
    if (url !== undefined) throw new EvidenceError('usage', '--clickhouse and --projection exclude each other')
    const { openSqliteProjectionStore } = await import('../../projector/sqlite-projection-store.ts')
    return openSqliteProjectionStore(projection)
  }
  const { readClickhouseConfig } = await import('../../projector/clickhouse/clickhouse-config.ts')
  const { openClickhouse } = await import('../../projector/clickhouse/clickhouse.ts')
  const { migrateClickhouse } = await import('../../projector/clickhouse/migrate.ts')
  const { buildClickhouseProjectionStore } = await import('../../projector/clickhouse/clickhouse-projection-store.ts')
  const clickhouse = await openClickhouse(readClickhouseConfig(process.env, url))
  try {
    await migrateClickhouse(clickhouse)
  } catch (error) {
    await clickhouse.close()
    throw error
  }
  return buildClickhouseProjectionStore(clickhouse)
}

/** At the start brokers and stores may be away as well: they are waited for. Null: asked to stop meanwhile. */
async function withRetries<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | null> {
  for (let ms = 500; !signal.aborted; ms = Math.min(30_000, 2 * ms)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof EvidenceError) || error.code !== 'ledger_unavailable') throw error
      note(`${error.message}; trying again`)
      await sleep(ms, signal)
    }
  }
  return null
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal }).catch(() => undefined)
}

function toAddress(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (!match || port > 65_535) throw new EvidenceError('usage', '--listen is not host:port')
  return { host: match[1] ?? match[2] ?? '', port }
}
