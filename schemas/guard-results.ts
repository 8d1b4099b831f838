import { z } from 'zod'
import { CONTRACT_REASONS, type ContractResult as ContractResultType } from './contract.ts'
import { DECLARATIONS, type DeclarationResult as DeclarationResultType } from './declarations.ts'
import type { DispatchResult as DispatchResultType } from './dispatch.ts'
import { Count, DigestText, GateId, line, OwnerGateId, RoundId, Slug, Time } from './primitives.ts'
import { PREFLIGHT_STATUSES, type PreflightResult as PreflightResultType } from './response.ts'
import {
  CLOSING_STATES,
  GROUP_PHASES,
  MILESTONES,
  RELEASE_PHASES,
  TIMELINE_LAYERS,
  TIMELINE_SAYINGS,
  type TimelineResult as TimelineResultType,
} from './timeline.ts'

/**
 * What the guards print with `--json` (contract §5), for the published JSON Schemas. Guards themselves never load this:
 * their types are plain, and the check at the end of this file holds the two together.
 */
const Zero = z.literal(0)
/** A summary's own value, or a list of `KEY=VALUE`, in ASCII. */
const Shown = z.string().regex(/^[\x20-\x7e]+$/)
const ArtifactId = z.union([RoundId, Shown]).describe('round id; `unknown` where an old summary does not name one')
const Contradictions = z
  .array(z.strictObject({ code: z.string().regex(/^[a-z_]{1,80}$/), because: Shown, read_as: Shown }))
  .describe('keys that cannot both be true, and the worse reading that counts')

export const DeclarationResult = z.strictObject({
  result_schema: z.literal('evidence_declaration_result_v1'),
  status: z.enum(['ok', 'blocked']),
  reason: z
    .string()
    .regex(/^[a-z_]{1,80}$/)
    .nullable(),
  artifact_id: ArtifactId,
  policy_version: Shown,
  round_integrity: z.string().regex(/^(verified|unsealed|mismatch|legacy_unverified)$/),
  overall: Shown,
  allowed: Count,
  forbidden: Count,
  declarations: z
    .array(z.strictObject({ name: z.enum(DECLARATIONS), allowed: z.boolean(), because: z.array(Shown).min(1), event_ids: z.array(line(36)) }))
    .length(DECLARATIONS.length),
  contradictions: Contradictions,
})

export const DispatchResult = z.strictObject({
  result_schema: z.literal('evidence_dispatch_result_v1'),
  status: z.enum(['ready', 'held_service_not_green', 'none_required']),
  artifact_id: ArtifactId,
  first_blocked_gate: Shown.nullable().describe('set while services are not green'),
  next_gate_count: Count,
  p0_gate_count: Count,
  dispatch_authorized: Zero,
  request_sent_count: Zero,
  owner_response_accepted: Zero,
  host_write_authorized: Zero,
  secret_value_collection_allowed: Zero,
  runtime_gate: Zero,
  gates: z.array(
    z.strictObject({
      id: OwnerGateId,
      priority: z.literal('P0'),
      owner: Shown,
      current_evidence: z.array(Shown).min(1),
      required_evidence: z.array(Shown).min(1),
      forbidden_actions: z.array(Shown).min(1),
      post_checks: z.array(Shown).min(1),
    }),
  ),
  contradictions: Contradictions,
})

export const ContractResult = z.strictObject({
  result_schema: z.literal('evidence_packet_contract_result_v1'),
  status: z.enum(['ok', 'blocked']),
  reasons: z.array(z.enum(CONTRACT_REASONS)),
  gates: Count,
  artifact_id: ArtifactId,
})

export const PreflightResult = z.strictObject({
  result_schema: z.literal('evidence_response_preflight_result_v1'),
  status: z.enum(PREFLIGHT_STATUSES),
  ok: z.boolean(),
  artifact_id: ArtifactId,
  packet_set_digest: DigestText,
  response_digest: DigestText.nullable(),
  expected_gates: Count,
  received: Count,
  accepted: Zero,
  runtime_gate: Zero,
  reasons: z
    .array(z.strictObject({ code: z.string().regex(/^[a-z0-9_]{1,80}$/), pointer: z.string().regex(/^(\/|(\/[a-z_*0-9]+)+)$/) }))
    .max(200)
    .describe('a code and a place made of known names; never any content'),
})

const Conditions = { status: z.enum(['forbidden', 'conditions_met']), because: z.array(Shown).min(1) }

export const TimelineResult = z.strictObject({
  result_schema: z.literal('evidence_timeline_result_v1'),
  artifact_id: ArtifactId,
  policy_version: Shown,
  round_integrity: z.string().regex(/^(verified|unsealed|mismatch|legacy_unverified)$/),
  since: Time.nullable().describe('T+0'),
  since_source: z.enum(['operator', 'boot', 'unknown']),
  as_of: Time.describe('end of the round; the only clock'),
  elapsed_minutes: Count.nullable(),
  boots: z.array(z.strictObject({ host: Slug, boot_time: Time.nullable() })),
  layer: z.enum(TIMELINE_LAYERS),
  plan_b_level: Shown,
  closing_state: z.enum(CLOSING_STATES).describe('as what Plan B would have to be closed now'),
  milestones: z
    .array(
      z.strictObject({
        at: z.enum(MILESTONES),
        minutes: Count,
        goal: Shown,
        due: z.enum(['due', 'not_due', 'unknown']),
        status: z.enum(['met', 'met_with_warnings', 'open', 'not_in_estate']),
        evidence: z.array(Shown),
        missing: z.array(Shown),
        plan_b: Shown.nullable().describe('what Plan B asks for, where it is open and not known to be before its time'),
      }),
    )
    .length(MILESTONES.length),
  may_say: z.array(z.enum(TIMELINE_SAYINGS)),
  must_not_say: z.array(z.enum(TIMELINE_SAYINGS)),
  phases: z.array(z.strictObject({ gate: GateId, ...Conditions })).describe('may the layer of each gate be started, in golden order'),
  releases: z
    .array(z.strictObject({ phase: z.enum(RELEASE_PHASES), ...Conditions }))
    .length(RELEASE_PHASES.length)
    .describe('conditions only; nothing is released by this'),
  groups: z.array(z.strictObject({ id: Slug, phase: z.enum(GROUP_PHASES), ...Conditions })).describe('service groups that the estate names'),
  runtime_action_authorized: Zero,
})

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
type Assert<T extends true> = T
/** Does not compile where a guard's result and its published schema differ. */
export type GuardResultsAgree = [
  Assert<Same<z.infer<typeof DeclarationResult>, DeclarationResultType>>,
  Assert<Same<z.infer<typeof DispatchResult>, DispatchResultType>>,
  Assert<Same<z.infer<typeof ContractResult>, ContractResultType>>,
  Assert<Same<z.infer<typeof PreflightResult>, PreflightResultType>>,
  Assert<Same<z.infer<typeof TimelineResult>, TimelineResultType>>,
]
