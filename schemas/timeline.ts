/** Words of the timeline guard (runbook §0.2, §1.2, §1.4, §14.22). No zod here: guards must start fast. */
export const TIMELINE_LAYERS = ['NONE', 'HOST_POWERED', 'HOST_BOOTED', 'HOST_READY', 'SERVICE_READY', 'FULL_STACK_GREEN'] as const
export type TimelineLayer = (typeof TIMELINE_LAYERS)[number]

export const MILESTONES = ['T+0', 'T+5', 'T+15', 'T+30', 'T+45', 'T+60', 'T+120'] as const
export type MilestoneName = (typeof MILESTONES)[number]

export const CLOSING_STATES = ['RETURNED_TO_PLAN_A', 'SERVICE_AVAILABLE_DEGRADED', 'OPEN_INCIDENT_REQUIRED'] as const
export type ClosingState = (typeof CLOSING_STATES)[number]

/** What the timeline guard says may be said, or must not; never more than the declaration guard allows. */
export const TIMELINE_SAYINGS = [
  'MAINTENANCE_STARTED',
  'HOST_POWERED',
  'HOST_BOOTED',
  'HOST_READY',
  'SERVICE_READY',
  'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
  'FULL_STACK_GREEN',
  'DR_COMPLETE',
] as const
export type TimelineSaying = (typeof TIMELINE_SAYINGS)[number]

/**
 * What is released behind the gates, in the golden order (runbook §1); the last three are acts that no evidence releases
 * (§10, §12.2, §14).
 */
export const RELEASE_PHASES = [
  'alert_outbound',
  'high_load_batch',
  'runner_cd',
  'ai_auto_remediation',
  'security_scan',
  'stateful_restart',
  'process_kill',
] as const
export type ReleasePhase = (typeof RELEASE_PHASES)[number]

/** Phases that an estate may name service groups for (§11). */
export const GROUP_PHASES = ['high_load_batch', 'runner_cd', 'ai_auto_remediation'] as const satisfies readonly ReleasePhase[]
export type GroupPhase = (typeof GROUP_PHASES)[number]

export type Milestone = {
  at: MilestoneName
  minutes: number
  goal: string
  due: 'due' | 'not_due' | 'unknown'
  status: 'met' | 'met_with_warnings' | 'open' | 'not_in_estate'
  evidence: string[]
  missing: string[]
  plan_b: string | null
}

/** `conditions_met` releases nothing: a person does, with everything else the runbook asks for. */
export type ReleaseStatus = 'forbidden' | 'conditions_met'
/** May the layer of a gate be started: the gates before it are GREEN (§1.2). */
export type GatePhase = { gate: string; status: ReleaseStatus; because: string[] }
export type Release = { phase: ReleasePhase; status: ReleaseStatus; because: string[] }
/** A service group of the estate (§11): the conditions of its phase and checks of its own. */
export type GroupRelease = { id: string; phase: GroupPhase; status: ReleaseStatus; because: string[] }

export type TimelineResult = {
  result_schema: 'evidence_timeline_result_v1'
  artifact_id: string
  policy_version: string
  round_integrity: string
  since: string | null
  since_source: 'operator' | 'boot' | 'unknown'
  as_of: string
  elapsed_minutes: number | null
  boots: { host: string; boot_time: string | null }[]
  layer: TimelineLayer
  plan_b_level: string
  closing_state: ClosingState
  milestones: Milestone[]
  may_say: TimelineSaying[]
  must_not_say: TimelineSaying[]
  phases: GatePhase[]
  releases: Release[]
  groups: GroupRelease[]
  runtime_action_authorized: 0
}
