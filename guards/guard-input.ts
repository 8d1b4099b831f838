import type { Snapshot } from '../schemas/snapshot.ts'
import type { Summary } from '../schemas/summary.ts'
import { summaryDigest } from '../schemas/summary-text.ts'

/**
 * What every guard takes: the flat summary, read from a file or flattened from a snapshot. A snapshot also knows the
 * declarations that summaries have no key for, and which events each key rests on.
 */
export type GuardInput = {
  readonly summary: Summary
  readonly established: Snapshot['established']
  readonly eventsOf: Readonly<Record<string, readonly string[]>>
}

export function summaryInput(summary: Summary): GuardInput {
  return { summary, established: [], eventsOf: {} }
}

export function snapshotInput(snapshot: Snapshot): GuardInput {
  const checks = new Map(snapshot.checks.map((check) => [check.id, check.event_ids]))
  const established = Object.fromEntries(snapshot.established.map((one) => [one.declaration, one.checks.flatMap((id) => checks.get(id) ?? [])]))
  return {
    summary: { values: snapshot.summary, integrity: snapshot.evidence.integrity, legacy: false, contradictions: [], digest: summaryDigest(snapshot.summary) },
    established: snapshot.established,
    eventsOf: { ...snapshot.evidence_of, ...established },
  }
}

/** True where declarations may rest on the evidence at all (contract §5). */
export function isTrusted({ summary }: GuardInput): boolean {
  return summary.integrity === 'verified' || summary.integrity === 'legacy_unverified'
}
