import { z } from 'zod'
import { EstablishedDeclaration, Part } from './check-base.ts'
import { BlockerClass, CheckStatus, Count, DigestText, GateId, line, RoundId, Severity, Sha256Hex, Slug, Time, WarningClass } from './primitives.ts'
import { MAX_VALUE_LENGTH } from './summary.ts'

/** Everything concluded about one round under one policy version (contract §1). */

const Tri = z.enum(['0', '1', 'unknown'])

export const CheckVerdict = z.strictObject({
  id: Slug,
  gate: GateId,
  part: Part,
  kind: Slug,
  severity: Severity,
  status: CheckStatus,
  warning_class: WarningClass.nullable().describe('set where status is WARN'),
  reasons: z.array(line(400)),
  observed: z.enum(['observed', 'unobserved', 'not_evaluated']),
  counted: z.boolean().describe('false where the policy version does not know this check’s rule'),
  conflicting: z.boolean(),
  after_retry: z.boolean(),
  pending: z.boolean().describe('product data before the end-of-day cut-off'),
  service_unknown: z.boolean().describe('no usable evidence about something users feel'),
  event_ids: z.array(line(36)),
})
export type CheckVerdict = z.infer<typeof CheckVerdict>

const OptionalCount = Count.nullable()
const Tally = z.strictObject({ result: line(60), pass: OptionalCount, warn: OptionalCount, blocked: OptionalCount })

export const Snapshot = z.strictObject({
  snapshot_schema: z.literal('evidence_snapshot_v1'),
  artifact_id: RoundId,
  estate: z.strictObject({ id: Slug, version: line(40), digest: DigestText }),
  policy_version: line(20),
  opened_at: Time,
  sealed_at: Time.nullable(),
  evidence: z.strictObject({
    count: Count,
    root: Sha256Hex,
    integrity: z.enum(['verified', 'unsealed', 'mismatch', 'legacy_unverified']),
    integrity_reasons: z.array(line(300)),
  }),
  recorded: z.strictObject({ document: line(300), find: line(300) }).nullable(),
  coverage: z.strictObject({ expected: Count, observed: Count, unobserved: Count, not_evaluated: Count, conflicting: Count, undeclared: z.array(Slug) }),
  gates: z.array(z.strictObject({ id: GateId, status: z.enum(['GREEN', 'WARN', 'BLOCKED', 'unknown']) })),
  first_blocked_gate: GateId.nullable(),
  checks: z.array(CheckVerdict),
  cold_start: Tally,
  post_start: Tally.extend({ warn_service: OptionalCount, warn_boundary: OptionalCount, warn_evidence: OptionalCount, pending: z.boolean() }),
  demoted: z.array(z.strictObject({ text: line(300), class: BlockerClass })),
  platform: z.strictObject({
    jobs: z.strictObject({ failed: Count, stale_failed: Count, active_failed: Count }).nullable(),
    workload: z.enum(['WORKLOAD_BALANCED', 'WORKLOAD_IMBALANCED']).nullable(),
  }),
  established: z.array(z.strictObject({ declaration: EstablishedDeclaration, value: Tri, checks: z.array(Slug) })),
  evidence_of: z.record(line(80), z.array(line(36))).describe('summary key to the ids of the events it rests on'),
  summary: z.record(line(80), line(MAX_VALUE_LENGTH)).describe('the values of summary.txt, in order'),
})
export type Snapshot = z.infer<typeof Snapshot>
