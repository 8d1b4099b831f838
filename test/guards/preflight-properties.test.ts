import fc from 'fast-check'
import { expect, test } from 'vitest'
import { preflightResponse } from '../../guards/preflight.ts'
import { AT, fileInput, goodResponse, OPEN_GATES, toBytes } from './guard-fixtures.ts'

const input = fileInput(OPEN_GATES)
const isReady = (bytes: Uint8Array): boolean => preflightResponse(input, bytes, { at: AT, isReplayed: false }).ok
const GOOD = goodResponse(input)

type Place = { pointer: string; apply: (root: unknown, change: (parent: Record<string, unknown>, key: string) => void) => void }

/** Every member and element of a JSON value. */
function placesOf(value: unknown, path: string[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => {
    const at = [...path, key]
    const apply: Place['apply'] = (root, change) =>
      change(at.slice(0, -1).reduce((node, step) => (node as Record<string, unknown>)[step], root) as Record<string, unknown>, key)
    return [{ pointer: `/${at.join('/')}`, apply }, ...placesOf(member, at)]
  })
}

const PLACES = placesOf(GOOD)
/** What an answer may leave out: remarks, approvals (which count for nothing), and a list of requests that is all false. */
const isInessential = (pointer: string): boolean => /\/(comment|approved)$|^\/requests/.test(pointer)

function remove(parent: Record<string, unknown>, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else delete parent[key]
}

const JUNK = ['', ' ', 'TODO', 'xxx', 'n/a', '<here>', 'EVIDENCE_ID_FOR_ALL', 'caf\u00e9', 'a\nb', '\u0000', '{}', null, 0, 1, true, [], {}, [[]], { a: 1 }]

function mutated(place: Place, how: 'delete' | 'blank' | 'junk', junk: unknown): unknown {
  const copy = structuredClone(GOOD)
  place.apply(copy, (parent, key) => {
    if (how === 'delete') remove(parent, key)
    else parent[key] = how === 'blank' ? (typeof parent[key] === 'string' ? '' : Array.isArray(parent[key]) ? [] : {}) : junk
  })
  return copy
}

test('without the change it is ready', () => {
  expect(isReady(toBytes(GOOD))).toBe(true)
})

test('every essential place, deleted, blanked or replaced by any junk, blocks it', () => {
  for (const place of PLACES.filter(({ pointer }) => !isInessential(pointer))) {
    expect(isReady(toBytes(mutated(place, 'delete', null))), `${place.pointer} deleted`).toBe(false)
    expect(isReady(toBytes(mutated(place, 'blank', null))), `${place.pointer} blanked`).toBe(false)
    for (const junk of JUNK) expect(isReady(toBytes(mutated(place, 'junk', junk))), `${place.pointer} ${JSON.stringify(junk)}`).toBe(false)
  }
})

test('property: no number of changes makes it ready while one essential place is gone', () => {
  const essential = PLACES.filter(({ pointer }) => !isInessential(pointer))
  const aChange = fc.record({
    place: fc.constantFrom(...PLACES),
    how: fc.constantFrom('delete', 'blank', 'junk'),
    junk: fc.oneof(fc.constantFrom(...JUNK), fc.jsonValue()),
  })
  fc.assert(
    fc.property(fc.constantFrom(...essential), fc.array(aChange, { maxLength: 5 }), (place, changes) => {
      const copy = structuredClone(GOOD)
      for (const { place: other, how, junk } of changes) {
        if (!isInessential(other.pointer)) continue
        try {
          other.apply(copy, (parent, key) => {
            if (how === 'delete') remove(parent, key)
            else parent[key] = how === 'blank' ? '' : junk
          })
        } catch {
          // The place went with an earlier change.
        }
      }
      place.apply(copy, remove)
      expect(isReady(toBytes(copy))).toBe(false)
    }),
    { numRuns: 500 },
  )
})

test('property: random bytes never crash and never pass', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => !isReady(bytes)),
    { numRuns: 500 },
  )
})

test('property: random JSON never crashes and never passes', () => {
  const names = ['responses', 'evidence', 'requests', 'owner_id', 'approved', 'gate_id', 'artifact_id', '__proto__', 'constructor', 'toString']
  const nearby = fc.letrec((tie) => ({
    value: fc.oneof(fc.constantFrom(...JUNK), fc.boolean(), fc.string(), tie('object'), fc.array(tie('value'), { maxLength: 3 })),
    object: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 5 }),
  }))
  fc.assert(
    fc.property(fc.oneof(nearby.object, fc.jsonValue()), (value) => !isReady(toBytes(value))),
    { numRuns: 500 },
  )
})

test('property: one changed byte of a good response is never ready with other content than it had', () => {
  const bytes = Buffer.from(toBytes(GOOD))
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const copy = Buffer.from(bytes)
      copy[at] = value
      const result = preflightResponse(input, copy, { at: AT, isReplayed: false })
      expect(result.accepted).toBe(0)
      expect(result.runtime_gate).toBe(0)
      // A reference that still looks like one may differ; a digest or a round may not.
      if (result.ok) expect(JSON.parse(copy.toString('utf8'))).toMatchObject({ artifact_id: GOOD.artifact_id, packet_set_digest: GOOD.packet_set_digest })
    }),
    { numRuns: 1500 },
  )
})
