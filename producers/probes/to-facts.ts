import type { z } from 'zod'
import { ProbeFailure } from '../transport.ts'

/** Facts as their schema takes them. More of them than evidence can carry, or unprintable ones, are a failure and never a silent cut. */
export function toFacts<S extends z.ZodType>(schema: S, facts: z.input<S>): z.infer<S> {
  const result = schema.safeParse(facts)
  if (!result.success) throw new ProbeFailure('parse', 'parse', `not usable: ${result.error.issues[0]?.path.join('.') ?? ''}`)
  return result.data
}
