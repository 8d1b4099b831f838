import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from '../../schemas/canonical-json.ts'
import { EvidenceError } from '../../schemas/errors.ts'

/** RFC 8785 in its plainest words. */
function reference(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(reference).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, of]) => `${JSON.stringify(key)}:${reference(of)}`).join(',')}}`
}

const outcome = (value: unknown): string => {
  try {
    return canonicalJson(value)
  } catch (error) {
    return error instanceof EvidenceError ? error.code : String(error)
  }
}

/** Keys whose place differs between JavaScript, code points and UTF-16 code units, or that mean something to objects. */
const aKey = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 5 }),
  fc.constantFrom('0', '1', '9', '10', '01', '-1', '__proto__', 'toJSON', 'a', 'b', 'é', '\u{1f600}', '\ufb33', '\ud83d'),
)
const aLeaf = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constantFrom(null, -0, 2 ** 53, -(2 ** 53), 1e20, 1e21, '\ud800', '"\\\b\u0007\u2028', undefined, () => 1, 1n, new Date(0), new Map()),
)
const { anyValue } = fc.letrec<{ anyValue: unknown }>((tie) => ({
  anyValue: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    aLeaf,
    fc.array(tie('anyValue'), { maxLength: 4 }),
    fc.dictionary(aKey, tie('anyValue'), { maxKeys: 5 }),
  ),
}))

/** The rules of refusal, place by place. */
function isRefused(value: unknown): boolean {
  if (typeof value === 'string') return !value.isWellFormed()
  if (typeof value === 'number') return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21)
  if (typeof value === 'boolean' || value === null) return false
  if (typeof value !== 'object') return true
  if (Array.isArray(value)) return value.some(isRefused)
  const proto = Object.getPrototypeOf(value)
  return (proto !== null && proto !== Object.prototype) || Object.entries(value).some(([key, of]) => isRefused(key) || isRefused(of))
}

describe('canonical JSON', () => {
  test('is what the RFC says or a refusal, whatever the value and the order of its keys', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        expect(outcome(value)).toBe(isRefused(value) ? 'event_invalid' : reference(value))
      }),
      { numRuns: 3000 },
    )
  })

  test('of what was read from canonical text is that text', () => {
    fc.assert(
      fc.property(
        anyValue.filter((value) => !isRefused(value)),
        (value) => {
          const text = reference(value)
          expect(canonicalJson(JSON.parse(text))).toBe(text)
        },
      ),
      { numRuns: 1000 },
    )
  })

  test('a hole in an array, nothing and a value with a voice of its own are refused', () => {
    // biome-ignore lint/suspicious/noSparseArray: the hole is the point
    for (const value of [[1, , 2], undefined, { a: undefined }, { a: { toJSON: () => 1 } }, Object.assign([1], { toJSON: () => 2 })]) {
      if (Array.isArray(value) && 'toJSON' in value) expect(outcome(value)).toBe('[1]')
      else expect(outcome(value)).toBe('event_invalid')
    }
  })
})
