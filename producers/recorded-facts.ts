import type { z } from 'zod'
import type { Check } from '../schemas/estate.ts'
import { FACTS, type FactsKind, type FactsOf } from '../schemas/facts.ts'
import { targetOf } from './check-target.ts'
import type { EstatePath, EstateProblem } from './estate-document.ts'
import { readShape } from './estate-shape.ts'

type Schema = z.core.$ZodTypes

/**
 * Facts as a record has them, in the full form of their kind: what was not recorded is null where the kind allows it,
 * and what the check itself says (where it looked) is taken from the check. Anything else that is missing is a problem.
 */
export function readRecordedFacts<K extends FactsKind>(
  kind: K,
  check: Check,
  given: unknown,
  at: EstatePath,
): { facts: FactsOf<K> } | { problems: EstateProblem[] } {
  const schema: z.ZodType = FACTS[kind]
  const shape = readShape(schema, withNulls(schema as z.core.$ZodType as Schema, { ...placeOf(kind, check), ...(given as object) }))
  if ('value' in shape) return { facts: shape.value as FactsOf<K> }
  return { problems: shape.problems.map((problem) => ({ ...problem, path: [...at, ...problem.path] })) }
}

const PLACE_KEYS = ['source', 'address', 'port', 'server_name', 'path', 'command', 'url', 'namespace', 'application'] as const

/** Facts about where a probe looked; the estate knows them, so a record need not repeat them. */
function placeOf(kind: FactsKind, check: Check): Record<string, unknown> {
  const known: Record<string, unknown> = { ...check, source: targetOf(check) }
  if (check.kind === 'tls') known.server_name = check.server_name ?? check.address
  return Object.fromEntries(PLACE_KEYS.filter((key) => key in FACTS[kind].shape && known[key] !== undefined).map((key) => [key, known[key]]))
}

/** Fills every key that is left out and may be null, at every depth. */
function withNulls(schema: Schema, value: unknown): unknown {
  const def = schema._zod.def
  if (def.type === 'nullable') return value === undefined || value === null ? null : withNulls(def.innerType as Schema, value)
  if (def.type === 'array') return Array.isArray(value) ? value.map((one) => withNulls(def.element as Schema, one)) : value
  if (def.type !== 'object' || typeof value !== 'object' || value === null) return value
  const filled: Record<string, unknown> = { ...value }
  for (const [key, inner] of Object.entries(def.shape as Record<string, Schema>)) {
    if (filled[key] !== undefined || inner._zod.def.type === 'nullable') filled[key] = withNulls(inner, filled[key])
  }
  return filled
}
