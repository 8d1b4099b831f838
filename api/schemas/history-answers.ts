import { z } from 'zod'
import { Count } from '../../schemas/primitives.ts'

/** Rows of history, as `evidence history … --json` prints them. */
const Text = z.string()

export const Change = z.strictObject({ artifact_id: Text, opened_at: Text, value: Text })
export const Declaration = z.strictObject({ declaration: Text, policy_version: Text, first_allowed_at: Text, last_allowed_at: Text, rounds: Count })
export const NotPassed = z.strictObject({
  artifact_id: Text,
  opened_at: Text,
  check_id: Text,
  status: Text,
  warning_class: Text.nullable(),
  reasons: z.array(Text),
})
export const Found = z.strictObject({
  id: Text,
  round_id: Text,
  type: Text,
  check_id: Text.nullable(),
  time: Text,
  text: Text.describe('the canonical text of the event'),
})
export const DayCount = z.strictObject({ day: Text, type: Text, count: Count })
export const Rejected = z.strictObject({
  partition: z.int(),
  offset: Text,
  reason: Text,
  detail: Text,
  digest: Text,
  event_id: Text.nullable(),
  round_id: Text.nullable(),
  at: Text,
})
