import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { COMPILED_AFTER, compiled } from '../../schemas/compiled.ts'
import { EVENT_TYPES, EventEnvelope, type EventType, parseEvent } from '../../schemas/event.ts'
import { GOLDEN } from '../golden/outputs.ts'

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
const TYPES = Object.keys(EVENT_TYPES) as EventType[]
const goldenEvent = (type: EventType): Json => JSON.parse(readFileSync(path.join(GOLDEN, `events/${type}.json`), 'utf8')) as Json

/** The places of a value, by their paths. */
function pathsOf(value: Json, at: readonly string[] = []): string[][] {
  const own = typeof value === 'object' && value !== null ? Object.entries(value).flatMap(([key, of]) => pathsOf(of, [...at, key])) : []
  return [[...at], ...own]
}

/** What people and programs get wrong: types, bounds, forms that nearly fit. */
const aWrongValue: fc.Arbitrary<Json> = fc.oneof(
  fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>,
  fc.constantFrom<Json[]>(
    null,
    true,
    false,
    '',
    'a',
    'A',
    -1,
    0,
    1,
    1.5,
    65_536,
    2 ** 53,
    1e300,
    [],
    {},
    [null],
    'x'.repeat(301),
    'x'.repeat(2001),
    'a\nb',
    'a\u0085',
  ),
  fc.constantFrom<Json[]>('2026-02-29T00:00:00.000Z', '2024-02-29T23:59:59.999Z', '2026-06-31', '2026-04-30', 'sha256:00', '0'.repeat(64), 'none', '\u{1f600}'),
)
type Edit = { at: readonly string[]; how: 'set' | 'drop' | 'add' | 'repeat'; value: Json; name: string }

function edited(event: Json, { at, how, value, name }: Edit): Json {
  const copy = structuredClone(event)
  const last = at.at(-1)
  if (last === undefined) return how === 'set' ? value : copy
  const parent = at.slice(0, -1).reduce<Json>((of, key) => (of as Record<string, Json>)[key] as Json, copy) as Record<string, Json> | Json[]
  if (how === 'add' && !Array.isArray(parent)) Object.defineProperty(parent, name, { value, enumerable: true })
  else if (how === 'repeat' && Array.isArray(parent)) parent.push(...Array.from({ length: 12 }, () => structuredClone(parent[0] as Json)))
  else if (how === 'drop' && !Array.isArray(parent)) delete parent[last]
  else (parent as Record<string, Json>)[last] = value
  return copy
}

const anEdit = (paths: readonly string[][]): fc.Arbitrary<Edit> =>
  fc.record({
    at: fc.constantFrom(...paths),
    how: fc.constantFrom('set' as const, 'set' as const, 'drop' as const, 'add' as const, 'repeat' as const),
    value: aWrongValue,
    name: fc.constantFrom('extra', '__proto__', 'constructor', 'id', 'toJSON'),
  })

/** The first problem in the words of `parseEvent`, by the schemas themselves and nothing that was made of them for speed; '' for none. */
function plainProblem(value: Json): string {
  const envelope = EventEnvelope.safeParse(value)
  if (!envelope.success) return worded('', envelope.error)
  const { type, dataschema, checkid } = envelope.data
  if (dataschema !== `urn:evidence-ledger:schema:${type}`) return 'event is invalid at /dataschema: does not name the schema of its type'
  const isEvidence = type.startsWith('evidence.')
  if (isEvidence !== (checkid !== undefined)) return `event is invalid at /checkid: ${isEvidence ? 'evidence needs one' : `${type} has none`}`
  const data = EVENT_TYPES[type].safeParse((value as { data?: Json }).data)
  return data.success ? '' : worded('/data', data.error)
}

function worded(prefix: string, { issues: [first] }: z.ZodError): string {
  const pointer = prefix + (first?.path ?? []).map((key) => `/${String(key)}`).join('')
  return `event is invalid at ${pointer || '/'}: ${first?.message}`
}

function problem(value: Json): string {
  try {
    expect(parseEvent(value)).toBe(value)
    return ''
  } catch (error) {
    return (error as Error).message
  }
}

describe('parseEvent takes exactly what the schemas take, and says the same of what they refuse', () => {
  for (const type of TYPES) {
    test(type, () => {
      const event = goldenEvent(type)
      expect(problem(event)).toBe('')
      // From here on the answers are those of the code that is made of a schema.
      for (let asked = 0; asked < COMPILED_AFTER; asked++) parseEvent(event)
      expect([EventEnvelope, EVENT_TYPES[type]].map((schema: z.ZodType) => compiled(schema) === schema)).toEqual([false, false])
      const seen = { accepted: 0, refused: 0 }
      fc.assert(
        fc.property(fc.array(anEdit(pathsOf(event)), { minLength: 1, maxLength: 2 }), (edits) => {
          const value = edits.reduce((of, edit) => (isReachable(of, edit.at) ? edited(of, edit) : of), event)
          const was = problem(value)
          expect(was).toBe(plainProblem(value))
          seen[was === '' ? 'accepted' : 'refused']++
        }),
        { numRuns: 300 },
      )
      expect(Math.min(seen.accepted, seen.refused)).toBeGreaterThan(0)
    })
  }
})

function isReachable(value: Json, at: readonly string[]): boolean {
  let of: Json | undefined = value
  for (const key of at.slice(0, -1)) {
    if (typeof of !== 'object' || of === null) return false
    of = (of as Record<string, Json>)[key]
  }
  return at.length === 0 || (typeof of === 'object' && of !== null)
}
