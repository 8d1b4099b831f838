import type { RoundReader } from '../../ledger/ledger.ts'
import { judgeFold, readRoundFold } from '../../projector/project-round.ts'
import { readRoundEvidence } from '../../projector/round-evidence.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { listItems } from '../../schemas/summary.ts'
import { type MarkerStanding, type Standings, toMarkerMap, withoutMarker } from './escrow-standing.ts'

/**
 * What a round of the ledger saw of the markers, with the reviews it opened with. What it counts as missing is the
 * round's own verdict, so that this and its summary never differ. Throws `round_unknown`; `usage` where the round has no
 * escrow section, or is not of the estate (an id) that was named beside it.
 */
export async function escrowOfRound(rounds: RoundReader, roundId: string, estateId: string | null): Promise<Standings> {
  const fold = await readRoundFold(rounds, roundId)
  const { opened, estate, byCheck } = readRoundEvidence(roundId, fold)
  if (estateId !== null && estate.estate !== estateId) {
    throw new EvidenceError('usage', `--round is one of the estate ${estate.estate}, --estate names another`, { remedy: 'give one of them' })
  }
  const section = estate.sections.escrow
  if (section === undefined) throw new EvidenceError('usage', 'the estate of this round has no sections.escrow', { remedy: 'docs/estate.md' })
  const { summary } = judgeFold(roundId, fold)
  const seen = estate.checks
    .filter((check) => section.inventory.includes(check.id))
    .map((check) => ({ check, events: (byCheck.get(check.id) ?? []).filter((event) => event.type === 'evidence.escrow.observed.v1') }))
  const looks = seen.map(({ check, events }) => ({
    check: check.id,
    outcome: events.length > 0 ? 'read' : check.kind === 'escrow' ? 'not_observed' : 'not_read_here',
  }))
  const markers = seen.flatMap(({ events }) => events.flatMap((event) => event.data.facts.markers))
  return {
    looks,
    input: {
      items: section.items,
      markers: toMarkerMap(markers.map(({ item, present }): [string, MarkerStanding] => [item, present ? 'present' : 'unusable'])),
      otherwise: withoutMarker(looks),
      reviews: opened.data.reviews,
      at: opened.time,
      missing: summary.ESCROW_MISSING_COUNT === '0' ? [] : missingItems(summary.ESCROW_MISSING_ITEMS, section.items),
    },
  }
}

/** A list that was lost stands for every item. */
function missingItems(listed: string | undefined, items: readonly string[]): readonly string[] {
  const missing = listItems(listed)
  return missing.length === 0 ? items : missing
}
