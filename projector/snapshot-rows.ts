import { evaluateDeclarations } from '../guards/declaration.ts'
import { snapshotInput } from '../guards/guard-input.ts'
import type { DeclarationName } from '../schemas/declarations.ts'
import { canonicalDigest } from '../schemas/digest.ts'
import type { Snapshot } from '../schemas/snapshot.ts'
import type { CheckRow, RoundRow } from './history-store.ts'
import { findPolicy } from './policies.ts'

export type SnapshotRows = {
  round: RoundRow
  checks: readonly CheckRow[]
  keys: readonly { key: string; value: string }[]
  /** Declarations that this snapshot allows. */
  allowed: readonly DeclarationName[]
}

/** The flat rows that history is asked over. Pure: every store keeps the same rows. */
export function toSnapshotRows(snapshot: Snapshot): SnapshotRows {
  const { artifact_id: artifactId, opened_at: openedAt } = snapshot
  return {
    round: {
      artifactId,
      estate: snapshot.estate.id,
      openedAt,
      sealedAt: snapshot.sealed_at,
      policyVersion: snapshot.policy_version,
      overall: snapshot.summary.OVERALL_DECLARATION ?? 'unknown',
      integrity: snapshot.evidence.integrity,
      snapshotDigest: canonicalDigest(snapshot),
    },
    checks: snapshot.checks.map(({ id, status, warning_class, reasons }) => ({
      artifactId,
      openedAt,
      checkId: id,
      status,
      warningClass: warning_class,
      reasons,
    })),
    keys: Object.entries(snapshot.summary).map(([key, value]) => ({ key, value })),
    allowed: evaluateDeclarations(snapshotInput(snapshot))
      .declarations.filter((one) => one.allowed)
      .map((one) => one.name),
  }
}

/** Sealed, and the root proved over exactly what was folded: nothing that comes later may change it. */
export function isFinalSnapshot({ sealed_at, evidence }: Snapshot): boolean {
  return sealed_at !== null && (evidence.integrity === 'verified' || evidence.integrity === 'legacy_unverified')
}

/**
 * The policy version a round was opened with, as snapshots name it, from the text of its `round.opened` event; null
 * where the text does not say (it is no such event, or names a policy this program does not know).
 */
export function openedPolicyVersion(openedText: string): string | null {
  try {
    const { data } = JSON.parse(openedText) as { data: { policy: { id: string; version: string } } }
    return findPolicy(`${data.policy.id}@${data.policy.version}`).version
  } catch {
    return null
  }
}

/**
 * Whether a snapshot is under the policy its round was opened with, given the texts of the round's `round.opened`
 * events. Where they are contradictory the lowest text counts, as in the fold; where there is none, it is taken to be.
 */
export function isUnderOwnPolicy(snapshot: Snapshot, openedTexts: readonly string[]): boolean {
  const [lowest] = [...openedTexts].sort((a, b) => (a < b ? -1 : 1))
  const version = lowest === undefined ? null : openedPolicyVersion(lowest)
  return version === null || version === snapshot.policy_version
}
