import type { MessageSink, SourceBatch } from './event-source.ts'

/** What a partition holds: offsets `low` up to, not including, `end`. */
export type PartitionRange = { readonly partition: number; readonly low: string; readonly end: string }

/**
 * The far side of the relay: one topic of one cluster, written to and read back. Every call throws `ledger_unavailable`
 * where the cluster cannot be reached; the relay then starts again with a new one.
 */
export interface RelayTopic extends MessageSink {
  /** Cluster and topic. Another cluster under the same address is another target. */
  readonly id: string
  ranges(): Promise<readonly PartitionRange[]>
  /** Reads exactly these ranges, each in offset order, and resolves at their end. */
  read(ranges: readonly PartitionRange[], onBatch: (batch: SourceBatch) => Promise<void>): Promise<void>
}
