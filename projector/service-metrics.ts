import type { SourceBatch } from '../ledger/event-source.ts'
import type { BatchOutcome } from './projector-batch.ts'

type Labels = Readonly<Record<string, string>>
type Series = { readonly help: string; readonly type: 'counter' | 'gauge'; readonly values: Map<string, number> }

const FAMILIES = {
  evidence_projector_lag: ['gauge', 'messages of a partition that are not committed yet, as of its last batch'],
  evidence_projector_assigned_partitions: ['gauge', 'partitions this instance reads'],
  evidence_projector_ready: ['gauge', '1 while it is a member of the group and the last attempt succeeded'],
  evidence_projector_last_commit_timestamp_seconds: ['gauge', 'when offsets were last committed; 0 before the first time'],
  evidence_projector_batches_total: ['counter', 'batches whose offsets were committed'],
  evidence_projector_messages_total: ['counter', 'messages of those batches'],
  evidence_projector_events_total: ['counter', 'new events saved'],
  evidence_projector_duplicates_total: ['counter', 'second copies, which change nothing'],
  evidence_projector_rejected_total: ['counter', 'messages that were not taken, by reason'],
  evidence_projector_snapshots_total: ['counter', 'snapshots published, by integrity of the round; verified and legacy_unverified are final'],
  evidence_projector_unjudged_total: ['counter', 'touched rounds that gave no snapshot, by error code; round_unknown: not opened yet'],
  evidence_projector_failures_total: ['counter', 'attempts that failed and are made again, by what failed'],
  process_resident_memory_bytes: ['gauge', 'resident memory of the process'],
} as const satisfies Record<string, readonly ['counter' | 'gauge', string]>
type Family = keyof typeof FAMILIES

/** What the service counts, as Prometheus text. Counters start at 0 with the process; the store has the whole truth. */
export class ServiceMetrics {
  readonly #series = new Map<Family, Series>()
  #batches = 0
  #isMember = false
  #isFailing = false

  constructor() {
    for (const [name, [type, help]] of Object.entries(FAMILIES)) this.#series.set(name as Family, { type, help, values: new Map() })
    for (const name of ['batches', 'messages', 'events', 'duplicates'] as const) this.#add(`evidence_projector_${name}_total`, 0)
    for (const integrity of ['verified', 'legacy_unverified', 'unsealed', 'mismatch']) this.#add('evidence_projector_snapshots_total', 0, { integrity })
    for (const what of ['store', 'topic']) this.#add('evidence_projector_failures_total', 0, { what })
    this.#set('evidence_projector_last_commit_timestamp_seconds', 0)
    this.left()
  }

  get batches(): number {
    return this.#batches
  }

  /** A member of the group (with partitions, or as a spare without any) whose last attempt did not fail. */
  get isReady(): boolean {
    return this.#isMember && !this.#isFailing
  }

  assigned(partitions: readonly number[]): void {
    this.#isMember = true
    this.#set('evidence_projector_assigned_partitions', partitions.length)
    // Whoever owns the partition now tells its lag.
    this.#valuesOf('evidence_projector_lag').clear()
    for (const partition of partitions) this.#set('evidence_projector_lag', 0, { partition: String(partition) })
  }

  /** No longer a member of the group. */
  left(): void {
    this.assigned([])
    this.#isMember = false
  }

  failed(what: 'store' | 'topic'): void {
    this.#isFailing = true
    this.#add('evidence_projector_failures_total', 1, { what })
  }

  committed({ partition, messages, endOffset }: SourceBatch, outcome: BatchOutcome, at: Date): void {
    this.#isFailing = false
    this.#batches++
    this.#add('evidence_projector_batches_total', 1)
    this.#add('evidence_projector_messages_total', messages.length)
    this.#add('evidence_projector_events_total', outcome.events)
    this.#add('evidence_projector_duplicates_total', outcome.duplicates)
    for (const { reason } of outcome.rejected) this.#add('evidence_projector_rejected_total', 1, { reason })
    for (const integrity of outcome.published) this.#add('evidence_projector_snapshots_total', 1, { integrity })
    for (const code of outcome.unjudged) this.#add('evidence_projector_unjudged_total', 1, { code })
    const lag = BigInt(endOffset) - BigInt(messages.at(-1)?.offset ?? '0') - 1n
    this.#set('evidence_projector_lag', Math.max(0, Number(lag)), { partition: String(partition) })
    this.#set('evidence_projector_last_commit_timestamp_seconds', at.getTime() / 1000)
  }

  /** Prometheus text format 0.0.4. */
  text(): string {
    this.#set('evidence_projector_ready', this.isReady ? 1 : 0)
    this.#set('process_resident_memory_bytes', process.memoryUsage.rss())
    return [...this.#series]
      .map(
        ([name, { help, type, values }]) =>
          `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${[...values].map(([at, value]) => `${name}${at} ${value}\n`).join('')}`,
      )
      .join('')
  }

  /** One number, for tests and for the log line at the end. */
  value(name: Family, labels: Labels = {}): number {
    return this.#valuesOf(name).get(labelText(labels)) ?? 0
  }

  #add(name: Family, by: number, labels: Labels = {}): void {
    this.#set(name, this.value(name, labels) + by, labels)
  }

  #set(name: Family, value: number, labels: Labels = {}): void {
    this.#valuesOf(name).set(labelText(labels), value)
  }

  #valuesOf(name: Family): Map<string, number> {
    return this.#series.get(name)?.values ?? new Map()
  }
}

/** Label values are partitions, reasons and codes of closed lists: nothing to escape. */
function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
