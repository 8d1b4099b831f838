import { EvidenceError } from '../schemas/errors.ts'
import type { Check, Estate } from '../schemas/estate.ts'
import type { EventData } from '../schemas/event.ts'
import { didYouMean } from './nearest-name.ts'

/** What the operator asked for, as `round.opened` records it. */
export type RoundOptions = EventData<'round.opened.v1'>['options']

/** Throws `usage` where a part or a gate is not one of the estate's: a misspelt --skip must not skip nothing in silence. */
export function assertRoundOptions(estate: Estate, options: RoundOptions): void {
  assertKnown('--skip: no check of this estate is of part', options.skipped_parts, new Set(estate.checks.map((check) => check.part)))
  assertKnown('--only: this estate has no gate', options.only_gates ?? [], new Set(estate.gates.map((gate) => gate.id)))
}

function assertKnown(complaint: string, names: readonly string[], known: ReadonlySet<string>): void {
  const unknown = names.find((name) => !known.has(name))
  if (unknown === undefined) return
  throw new EvidenceError('usage', `${complaint} \`${unknown}\`${didYouMean(unknown, known)}`, { remedy: `known: ${[...known].join(', ')}` })
}

/** True where the operator left this check out; it stays in the denominator and is recorded as not evaluated. */
export function isSkipped(check: Check, options: RoundOptions): boolean {
  return options.skipped_parts.includes(check.part) || (options.only_gates !== null && !options.only_gates.includes(check.gate))
}
