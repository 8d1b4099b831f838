import type { z } from 'zod'
import type { EstatePath } from './estate-document.ts'

type Schema = z.core.$ZodTypes

/** The value at a place, or undefined. */
export function valueAt(root: unknown, path: EstatePath): unknown {
  let value = root
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string | number, unknown>)[key]
  }
  return value
}

/** Keys the schema of the whole file knows at a place of it; for suggestions only. */
export function knownKeys(path: EstatePath, schema: z.ZodType, root: unknown): Set<string> {
  let schemas: Schema[] = [schema as z.core.$ZodType as Schema]
  let value = root
  for (const key of path) {
    schemas = schemas.flatMap((schema) => stepInto(schema, key, value))
    value = valueAt(value, [key])
  }
  return new Set(schemas.flatMap((schema) => shapesIn(schema, value)).flatMap((shape) => Object.keys(shape)))
}

function stepInto(schema: Schema, key: string | number, value: unknown): Schema[] {
  const def = schema._zod.def
  if (def.type === 'array') return [def.element as Schema]
  if (def.type === 'optional' || def.type === 'default' || def.type === 'prefault') return stepInto(def.innerType as Schema, key, value)
  return shapesIn(schema, value).flatMap((shape) => shape[key] ?? [])
}

type Shape = Record<string, Schema>

/** Object shapes a value may be meant for; of a tagged union only the one whose `kind` the value carries. */
function shapesIn(schema: Schema, value: unknown): Shape[] {
  const def = schema._zod.def
  if (def.type === 'object') return [def.shape as Shape]
  if (def.type === 'optional' || def.type === 'default' || def.type === 'prefault') return shapesIn(def.innerType as Schema, value)
  if (def.type !== 'union') return []
  const all = def.options.flatMap((option) => shapesIn(option as Schema, value))
  const tagged = all.filter(({ kind }) => kind?._zod.def.type === 'literal' && kind._zod.def.values.some((tag) => tag === valueAt(value, ['kind'])))
  return tagged.length > 0 ? tagged : all
}
