import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import type { GuardInput } from '../../guards/guard-input.ts'
import type { DispatchResult } from '../../schemas/dispatch.ts'
import type { GuardAnswer } from './guard-answer.ts'

/** Checklists for the open owner gates; no while it is held because services are not green. Pure. */
export function answerDispatch(input: GuardInput): GuardAnswer<DispatchResult> {
  const result = dispatchNextGates(input)
  return { guard: 'dispatch', result, text: dispatchText(result), isYes: result.status !== 'held_service_not_green', declared: [] }
}
