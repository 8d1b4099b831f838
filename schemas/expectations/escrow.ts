import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { ageProblems, reason } from './reason.ts'

type EscrowCheck = CheckOf<'escrow'>
type Marker = FactsOf<'escrow'>['markers'][number]

/**
 * Items whose marker counts at `at`: present, with an evidence id and a time that is neither too old nor in the future.
 * An item with two markers counts only if both do. Which items must be there is the estate's escrow section's to say.
 */
export function escrowItemsPresent(check: EscrowCheck, facts: FactsOf<'escrow'>, at: Date): string[] {
  const bad = new Set(facts.markers.filter((marker) => markerUnmet(check, marker, at).length > 0).map((marker) => marker.item))
  return [...new Set(facts.markers.map((marker) => marker.item))].filter((item) => !bad.has(item)).sort()
}

/** What an escrow check's expectation lacks; empty means met. An inventory without any marker is not met. */
export function escrowUnmet(check: EscrowCheck, facts: FactsOf<'escrow'>, at: Date): string[] {
  if (facts.markers.length === 0) return ['no marker present']
  return facts.markers.flatMap((marker) => markerUnmet(check, marker, at))
}

function markerUnmet(check: EscrowCheck, marker: Marker, at: Date): string[] {
  if (!marker.present) return [reason(`marker ${marker.item} not present`)]
  if (marker.evidence_id_sha256 === null) return [reason(`not observed: marker ${marker.item} evidence id`)]
  if (marker.marked_at === null) return [reason(`not observed: marker ${marker.item} time`)]
  return ageProblems(`marker ${marker.item}`, marker.marked_at, check.max_age_s, at)
}
