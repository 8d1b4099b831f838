import { EvidenceError } from '../../schemas/errors.ts'
import { DECISION_TYPES } from '../../schemas/event.ts'

/**
 * What producers may send in: evidence, and the opening and the seal of a round. Decisions and the audit trail are
 * written by the program alone. Throws `event_invalid`.
 */
export function assertEmittable(type: string): void {
  if (!DECISION_TYPES.has(type)) return
  throw new EvidenceError('event_invalid', `${type} is a decision`, { remedy: 'decisions are made by the guard commands, not emitted' })
}
