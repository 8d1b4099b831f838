import { z } from 'zod'

/** Making the code of a schema takes as long as it spares over about this many values; most programs read far fewer events. */
export const COMPILED_AFTER = 1000

type Use = { asked: number; made: z.ZodType | null }
const USES = new WeakMap<z.ZodType, Use>()

/**
 * The same schema, and as straight code once it was asked for `COMPILED_AFTER` times: a third of the time for what fits.
 * What does not fit goes through the schema itself, so its errors are the same (`test/schemas/parse-event.test.ts` holds
 * both to one answer). For schemas that may be asked millions of times; a program that reads one round makes no code.
 */
export function compiled<T extends z.ZodType>(schema: T): T {
  const use = USES.get(schema) ?? { asked: 0, made: null }
  USES.set(schema, use)
  if (use.made === null && use.asked++ >= COMPILED_AFTER) use.made = z.compile(schema)
  return (use.made ?? schema) as T
}
