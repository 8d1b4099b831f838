import { expect, test } from 'vitest'
import { z } from 'zod'
import { COMPILED_AFTER, compiled } from '../../schemas/compiled.ts'

test('a schema is itself until it was asked a thousand times, then one code for good, with the same answers', () => {
  const schema = z.strictObject({ name: z.string().max(5) })
  const early = Array.from({ length: COMPILED_AFTER }, () => compiled(schema))
  expect(early.every((one) => one === schema)).toBe(true)
  const code = compiled(schema)
  expect(code).not.toBe(schema)
  expect(compiled(schema)).toBe(code)
  for (const value of [{ name: 'a' }, { name: 'too long' }, { name: 'a', extra: 1 }, null]) {
    expect(code.safeParse(value)).toEqual(schema.safeParse(value))
  }
})

test('each schema counts its own asks', () => {
  const [often, seldom] = [z.string(), z.string()]
  for (let n = 0; n <= COMPILED_AFTER; n++) compiled(often)
  expect(compiled(seldom)).toBe(seldom)
})
