import type { SeenMarker } from '../../producers/escrow-inventory.ts'
import type { EventData } from '../../schemas/event.ts'
import type { Answered } from './compare-rounds.ts'

/** `not_current`: too old, or from the future; `unusable`: a recorded round does not say why; `not_observed`: nobody could look. */
export type MarkerStanding = SeenMarker['state'] | 'missing' | 'not_current' | 'unusable' | 'not_observed'
export type ItemStanding = { item: string; marker: MarkerStanding; review_accepted_until: string | null; missing: boolean; level: 'PASS' | 'WARN' | 'BLOCKED' }

export type StandingInput = {
  items: readonly string[]
  /** What stands for each item in the inventories; several inventories may each have a marker. */
  markers: ReadonlyMap<string, readonly MarkerStanding[]>
  /** What an item without a marker file is. */
  otherwise: 'missing' | 'not_observed'
  reviews: EventData<'round.opened.v1'>['reviews']
  /** RFC 3339 UTC: reviews that end later count. */
  at: string
  /** Items that a round counts as missing; null: those without a present marker and an accepted review. */
  missing: readonly string[] | null
}

/** What became of each inventory: `read`, `not_read_here` (another tool's report), or why nobody could look. */
export type InventoryLook = { check: string; outcome: string }
export type Standings = { input: StandingInput; looks: InventoryLook[] }

/** What an item without a marker file is: missing where every inventory of markers was read, and there is one. */
export function withoutMarker(looks: readonly InventoryLook[]): StandingInput['otherwise'] {
  const own = looks.filter((look) => look.outcome !== 'not_read_here')
  return own.length > 0 && own.every((look) => look.outcome === 'read') ? 'missing' : 'not_observed'
}

/** Groups what was seen by item. */
export function toMarkerMap(seen: readonly (readonly [item: string, marker: MarkerStanding])[]): Map<string, MarkerStanding[]> {
  const markers = new Map<string, MarkerStanding[]>()
  for (const [item, marker] of seen) markers.set(item, [...(markers.get(item) ?? []), marker])
  return markers
}

/** Nobody has to act at once on what is only not there yet; on a marker that cannot count, somebody has. */
const OPEN: ReadonlySet<MarkerStanding> = new Set(['present', 'missing', 'not_current'])

/** Where each item stands, in the order of the estate. Pure. An evidence id is never part of it. */
export function escrowStanding(input: StandingInput): ItemStanding[] {
  return input.items.map((item) => {
    const seen = input.markers.get(item) ?? []
    const marker = seen.find((one) => one === 'present') ?? seen[0] ?? input.otherwise
    const until = acceptedUntil(item, input)
    const isMissing = input.missing === null ? marker !== 'present' || until === null : input.missing.includes(item)
    return { item, marker, review_accepted_until: until, missing: isMissing, level: !isMissing ? 'PASS' : OPEN.has(marker) ? 'WARN' : 'BLOCKED' }
  })
}

function acceptedUntil(item: string, { reviews, at }: StandingInput): string | null {
  const ends = reviews
    .filter((one) => one.gate_id === 'credential_escrow_evidence' && one.items.includes(item) && one.expires_at > at)
    .map((one) => one.expires_at)
  return ends.sort().at(-1) ?? null
}

/** One line an item, then the counts as the runbook's own report prints them. */
export function standingText(standing: readonly ItemStanding[]): string {
  const count = (level: ItemStanding['level']): number => standing.filter((one) => one.level === level).length
  const lines = standing.map(
    ({ level, item, marker, review_accepted_until: until }) =>
      `${level} ${item} marker=${marker} review=${until === null ? 'none' : `accepted_until_${until}`}`,
  )
  const missing = standing.filter((one) => one.missing).length
  return `${[...lines, `SUMMARY PASS=${count('PASS')} WARN=${count('WARN')} BLOCKED=${count('BLOCKED')}`, `ESCROW_MISSING_COUNT=${missing}`].join('\n')}\n`
}

/** The whole answer: what was looked at, where each item stands, how many are missing; yes only where none is. Pure. */
export function escrowAnswer({ input, looks }: Standings, roundId: string | null): Answered {
  const items = escrowStanding(input)
  const missing = items.filter((one) => one.missing).length
  return {
    value: { artifact_id: roundId, looks, items, escrow_missing_count: missing, runtime_gate: 0 },
    text: looks.map(({ check, outcome }) => `LOOK ${check} ${outcome}\n`).join('') + standingText(items),
    isYes: items.length > 0 && missing === 0,
  }
}
