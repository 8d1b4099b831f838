/** A message as it lies on the topic. `headers` are UTF-8 texts; a header without a value is left out. */
export type SourceMessage = {
  readonly offset: string
  readonly key: string | null
  /** Null: a message without a value, which is never an event. */
  readonly value: Uint8Array | null
  readonly headers: Readonly<Record<string, string>>
}

/** Messages of one partition in offset order, at least one. `endOffset`: the partition's end when they were fetched. */
export type SourceBatch = { readonly partition: number; readonly messages: readonly SourceMessage[]; readonly endOffset: string }

/** What the reader of an `EventSource` does. Callbacks that throw end the source (`run` rejects with their error). */
export type SourceHandlers = {
  /** The next batch of a partition comes only after this one resolved; it may be held uncommitted for as long as needed. */
  onBatch: (batch: SourceBatch) => Promise<void>
  /** These partitions are ours now. Delivery starts at the committed offset, or at the start where there is none. */
  onAssigned?: (partitions: readonly number[]) => void
  /** These partitions are (or may be) no longer ours: drop what is held and not committed, it will be delivered again. */
  onRevoked?: (partitions: readonly number[]) => void
}

/**
 * A reader of the event topic as a member of a consumer group.
 *
 * - **At least once.** A message is delivered until an offset after it was committed: after a restart, a crash or a
 *   rebalance everything from the committed offset on comes again, to this member or to another one.
 * - **Order.** Within a partition by offset; a round is in one partition. Across partitions there is none.
 * - **Offsets** are decimal strings. `commit(partition, nextOffset)` names the first message that is *not* done
 *   (`nextOffsetOf(last)`); it resolves `true` when the group keeps it, and `false` when the partition was taken away
 *   meanwhile: its next owner gets those messages again. Never commit what is not durable elsewhere.
 * - **Rebalances** are eager: all partitions of a member are revoked before the new ones are assigned. Callbacks are
 *   synchronous and are not waited for; a batch that is being worked on goes on, and its commit resolves `false`.
 * - **End.** `run` resolves after `stop`, and rejects with `ledger_unavailable` when the topic cannot be read any more.
 *   Connections are tried again by themselves for a while before that. A source runs once; make a new one to go on.
 */
export interface EventSource {
  run(handlers: SourceHandlers): Promise<void>
  commit(partition: number, nextOffset: string): Promise<boolean>
  /** Waits for the batch at hand, leaves the group and makes `run` resolve. Twice is once. */
  stop(): Promise<void>
}

/** A message to be written to a topic. Same key, same partition. */
export type OutgoingMessage = { readonly key: string | null; readonly value: Uint8Array; readonly headers: Readonly<Record<string, string>> }

/** Where messages of one `send` were written: offsets `first` up to, not including, `next`; `last`: index of the last one sent there. */
export type WrittenRange = { readonly partition: number; readonly first: string; readonly next: string; readonly last: number }

/**
 * A writer to one topic. `send` resolves when all in-sync replicas have every message, in order within a key. When it
 * rejects (`ledger_unavailable`, or `event_too_large` where the broker says so) any part of them may be there: send
 * them all again. Doubles are harmless, events have ids.
 */
export interface MessageSink {
  send(messages: readonly OutgoingMessage[]): Promise<readonly WrittenRange[]>
  close(): Promise<void>
}

/** The offset to commit once the message at `offset` and all before it are done. */
export function nextOffsetOf(offset: string): string {
  return String(BigInt(offset) + 1n)
}
