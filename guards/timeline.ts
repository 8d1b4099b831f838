import type { Snapshot } from '../schemas/snapshot.ts'
import {
  type ClosingState,
  type Milestone,
  TIMELINE_LAYERS,
  TIMELINE_SAYINGS,
  type TimelineLayer,
  type TimelineResult,
  type TimelineSaying,
} from '../schemas/timeline.ts'
import { evaluateDeclarations } from './declaration.ts'
import { snapshotInput } from './guard-input.ts'
import { judgeMilestones } from './timeline-milestones.ts'
import { judgeGroups, judgePhases, judgeReleases, type ReleaseEstate } from './timeline-releases.ts'

/** The estate of the round; boots as the round knows them; `since` is the operator's own T+0, or null: the newest of the boots. */
export type TimelineInput = {
  readonly snapshot: Snapshot
  readonly estate: ReleaseEstate
  readonly boots: readonly { readonly host: string; readonly boot_time: string | null }[]
  readonly since: string | null
}

/** Which milestone shows which layer (§0.2). */
const SHOWN_BY: readonly (readonly [TimelineLayer, Milestone['at']])[] = [
  ['HOST_POWERED', 'T+0'],
  ['HOST_BOOTED', 'T+5'],
  ['HOST_READY', 'T+15'],
  ['SERVICE_READY', 'T+30'],
]

/**
 * Where a recovery stands at the end of a round, counted from power-on: milestones, layer, Plan B level, how it would
 * have to be closed, and what may be said (runbook §0.2, §1.4, §14.22). Pure; the end of the round is its only clock.
 * What is due only adds obligations: nothing is allowed because time passed, and without a T+0 everything counts as due.
 */
export function evaluateTimeline({ snapshot, estate, boots, since }: TimelineInput): TimelineResult {
  const input = snapshotInput(snapshot)
  const allowed = new Set<string>(evaluateDeclarations(input).declarations.flatMap((one) => (one.allowed ? [one.name] : [])))
  const start = since ?? newestBoot(boots)
  const asOf = snapshot.sealed_at ?? snapshot.opened_at
  const elapsed = start === null || start > asOf ? null : Math.floor((Date.parse(asOf) - Date.parse(start)) / 60_000)
  const isFullStackGreen = allowed.has('FULL_STACK_GREEN') || allowed.has('FULL_STACK_GREEN_DR_ESCROW_BLOCKED')
  const milestones = judgeMilestones(snapshot, elapsed, isFullStackGreen)
  const shown = shownLayer(milestones, allowed.has('SERVICE_GREEN'))
  const layer = isFullStackGreen && milestones.every((one) => one.status !== 'open') ? 'FULL_STACK_GREEN' : shown
  const isSaid = (saying: TimelineSaying): boolean => maySay(saying, { layer, shown }, elapsed !== null, allowed)
  return {
    result_schema: 'evidence_timeline_result_v1',
    artifact_id: snapshot.artifact_id,
    policy_version: snapshot.policy_version,
    round_integrity: snapshot.evidence.integrity,
    since: start,
    since_source: since !== null ? 'operator' : start !== null ? 'boot' : 'unknown',
    as_of: asOf,
    elapsed_minutes: elapsed,
    boots: boots.map(({ host, boot_time }) => ({ host, boot_time })),
    layer,
    plan_b_level: snapshot.summary.PLAN_B_LEVEL ?? 'unknown',
    closing_state: closingState(snapshot, allowed),
    milestones,
    may_say: TIMELINE_SAYINGS.filter(isSaid),
    must_not_say: TIMELINE_SAYINGS.filter((saying) => !isSaid(saying)),
    phases: judgePhases(snapshot),
    releases: judgeReleases(snapshot, estate),
    groups: judgeGroups(snapshot, estate),
    runtime_action_authorized: 0,
  }
}

/** The newest: losing a boot can then only make more time pass. */
function newestBoot(boots: TimelineInput['boots']): string | null {
  const known = boots.flatMap((boot) => boot.boot_time ?? [])
  return known.length === 0 ? null : known.reduce((a, b) => (a >= b ? a : b))
}

/** Up to the first milestone that is open. A layer nobody declared checks for is passed over, and never the answer. */
function shownLayer(milestones: readonly Milestone[], isServiceGreen: boolean): TimelineLayer {
  let layer: TimelineLayer = 'NONE'
  for (const [name, at] of SHOWN_BY) {
    const status = milestones.find((one) => one.at === at)?.status ?? 'open'
    if (status === 'open' || (name === 'SERVICE_READY' && !isServiceGreen)) return layer
    if (status !== 'not_in_estate') layer = name
  }
  return layer
}

type Layers = { layer: TimelineLayer; shown: TimelineLayer }

/** A full-stack green says nothing about hosts that nobody looked at. */
function maySay(saying: TimelineSaying, { layer, shown }: Layers, hasStart: boolean, allowed: ReadonlySet<string>): boolean {
  if (saying === 'MAINTENANCE_STARTED') return hasStart
  if (saying === 'FULL_STACK_GREEN' || saying === 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED' || saying === 'DR_COMPLETE') {
    return layer === 'FULL_STACK_GREEN' && allowed.has(saying)
  }
  return TIMELINE_LAYERS.indexOf(saying) <= TIMELINE_LAYERS.indexOf(shown)
}

/** As which of its three ends Plan B would have to be closed now (§1.4). */
function closingState({ summary, cold_start }: Snapshot, allowed: ReadonlySet<string>): ClosingState {
  const isBack = allowed.has('FULL_STACK_GREEN') && cold_start.result === 'GREEN' && summary.NEXT_REQUIRED_GATES === 'none'
  if (isBack) return 'RETURNED_TO_PLAN_A'
  return allowed.has('SERVICE_GREEN') && /^B[345]_/.test(summary.PLAN_B_LEVEL ?? '') ? 'SERVICE_AVAILABLE_DEGRADED' : 'OPEN_INCIDENT_REQUIRED'
}

/** Text form: a first line, one line a milestone, saying, phase, release and service group, and a zero. */
export function timelineText(result: TimelineResult): string {
  const { layer, elapsed_minutes, plan_b_level, closing_state, since, since_source, as_of } = result
  const list = (items: readonly string[]): string => (items.length === 0 ? 'none' : items.join(','))
  return `${[
    `POST_REBOOT_TIMELINE_GUARD layer=${layer} elapsed_minutes=${elapsed_minutes ?? 'unknown'} plan_b_level=${plan_b_level} closing_state=${closing_state}`,
    `SINCE ${since ?? 'unknown'} source=${since_source} as_of=${as_of} integrity=${result.round_integrity}`,
    ...result.milestones.map(
      (one) =>
        `MILESTONE ${one.at} ${one.due} status=${one.status} goal=${one.goal.replaceAll(/,? /g, '_')} evidence=${list(one.evidence)} missing=${list(one.missing)}${one.plan_b === null ? '' : ` plan_b: ${one.plan_b}`}`,
    ),
    ...result.may_say.map((one) => `MAY_SAY ${one}`),
    ...result.must_not_say.map((one) => `MUST_NOT_SAY ${one}`),
    ...result.phases.map((one) => `PHASE ${one.gate} ${one.status} because ${one.because.join(' ')}`),
    ...result.releases.map((one) => `RELEASE ${one.phase} ${one.status} because ${one.because.join(' ')}`),
    ...result.groups.map((one) => `RELEASE ${one.phase}/${one.id} ${one.status} because ${one.because.join(' ')}`),
    'RUNTIME_ACTION_AUTHORIZED=0',
  ].join('\n')}\n`
}
