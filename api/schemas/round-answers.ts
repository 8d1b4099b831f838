import { z } from 'zod'
import { Count, Sha256Hex } from '../../schemas/primitives.ts'
import { Snapshot as FullSnapshot } from '../../schemas/snapshot.ts'

/** Answers about rounds, as the program's `--json` prints them. */
const Text = z.string()

export const Snapshot = FullSnapshot.meta({ id: 'Snapshot' })
export const Integrity = z.enum(['verified', 'unsealed', 'mismatch', 'legacy_unverified'])
const next = Text.nullable().describe('cursor of the next page; null on the last one')
export const rowsOf = (row: z.ZodType) => z.strictObject({ rows: z.array(row), next })

export const Estates = z.array(
  z.strictObject({ id: Text, last_opened_at: Text.nullable(), last_overall: Text.nullable(), rounds: Count, configured: z.boolean() }),
)

export const Round = z.strictObject({
  artifact_id: Text,
  estate: Text,
  opened_at: Text,
  sealed_at: Text.nullable(),
  policy_version: Text,
  overall: Text,
  integrity: Integrity,
  integrity_reasons: z.array(Text),
  evidence_root: Sha256Hex,
  evidence_count: Count,
  snapshot_digest: Text,
  summary_digest: Text,
})
/** A round as lists tell it. */
export const RoundRow = Round.omit({ integrity_reasons: true, evidence_root: true, evidence_count: true, summary_digest: true })
export const UnfinishedRow = z.strictObject({ artifact_id: Text, opened_at: Text, integrity: Integrity, overall: Text })
export const Checks = z.strictObject({
  checks: FullSnapshot.shape.checks,
  gates: FullSnapshot.shape.gates,
  first_blocked_gate: FullSnapshot.shape.first_blocked_gate,
})

const Difference = {
  checks: z.array(z.strictObject({ id: Text, a: Text, b: Text, reasons: z.array(Text) })),
  keys: z.array(z.strictObject({ key: Text, a: Text, b: Text })),
}
export const Diff = z.strictObject({ a: Text, b: Text, ...Difference })
export const Rejudged = z.strictObject({ artifact_id: Text, from: Text, to: Text, ...Difference, summary: z.record(Text, Text) })

export const Event = z.record(Text, z.unknown()).describe('an event: CloudEvents 1.0, see schemas/json/events')
export const EventRow = z.strictObject({ id: Text, type: Text, check_id: Text.nullable(), time: Text, event: Event })
export const Proof = z.strictObject({
  leaf_hash: Sha256Hex,
  index: Count,
  size: Count,
  root: Sha256Hex,
  proof: z.array(Sha256Hex).describe('hashes beside the path from the leaf up (RFC 6962 §2.1.1)'),
  verified: z.boolean().describe('the proof holds, and the seal of the round names this root and size'),
})
