import { z } from 'zod'

const COMPILED = new WeakMap<z.ZodType, z.ZodType>()

/**
 * The same schema as straight code, made when it is first asked for: a third of the time for what fits. What does not
 * fit goes through the schema itself, so its errors are the same (`test/schemas/parse-event.test.ts` holds both to one
 * answer). For schemas that are asked millions of times; making one takes milliseconds.
 */
export function compiled<T extends z.ZodType>(schema: T): T {
  const known = COMPILED.get(schema)
  if (known !== undefined) return known as T
  const made = z.compile(schema)
  COMPILED.set(schema, made)
  return made
}
