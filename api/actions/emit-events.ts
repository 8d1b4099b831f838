import { EvidenceError } from '../../schemas/errors.ts'
import { ESCROW_SUBJECT } from '../../schemas/escrow-subject.ts'
import { DECISION_TYPES, type EncodedEvent } from '../../schemas/event.ts'
import { AUDIT_SUBJECT } from '../access/audit-trail.ts'

/** Subjects under which only the program writes: nothing is ever opened under them. */
const NO_ROUNDS: ReadonlySet<string> = new Set([ESCROW_SUBJECT, AUDIT_SUBJECT])

/**
 * What producers may send in: evidence, and the opening and the seal of a round. Decisions and the audit trail are
 * written by the program alone. Throws `event_invalid`.
 */
export function assertEmittable({ type, subject }: Pick<EncodedEvent, 'type' | 'subject'>): void {
  if (NO_ROUNDS.has(subject))
    throw new EvidenceError('event_invalid', `${subject} is kept by the program and is no round`, { remedy: 'choose another round id' })
  if (!DECISION_TYPES.has(type)) return
  throw new EvidenceError('event_invalid', `${type} is a decision`, { remedy: 'decisions are made by the guard commands, not emitted' })
}
