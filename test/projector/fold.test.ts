import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import { canonicalJson } from '../../schemas/canonical-json.ts'
import { aDraft, ROUND_ID, sealDraft } from '../support/generated-rounds.ts'

const texts = aDraft.map((draft) => sealDraft(draft).map((event) => Buffer.from(event.bytes).toString('utf8')))
const whole = (events: readonly string[]) => foldEvents(emptyFold(), events)
/** Snapshots are compared as bytes: what is equal must be written equal. */
const judged = (events: readonly string[]): string => canonicalJson(judgeFold(ROUND_ID, whole(events)))

describe('the fold of a round is a set', () => {
  test('replaying it changes nothing', () => {
    fc.assert(
      fc.property(texts, (events) => {
        expect(judged([...events, ...events])).toBe(judged(events))
      }),
      { numRuns: 200 },
    )
  })

  test('a prefix and then the rest is the whole, wherever it is split', () => {
    const split = texts.chain((events) => fc.tuple(fc.constant(events), fc.nat(events.length)))
    fc.assert(
      fc.property(split, ([events, at]) => {
        const twice = foldEvents(foldEvents(emptyFold(), events.slice(0, at)), events.slice(at))
        expect(canonicalJson(judgeFold(ROUND_ID, twice))).toBe(judged(events))
      }),
      { numRuns: 200 },
    )
  })

  test('order of arrival plays no role', () => {
    const shuffled = texts.chain((events) => fc.tuple(fc.constant(events), fc.shuffledSubarray(events, { minLength: events.length })))
    fc.assert(
      fc.property(shuffled, ([events, mixed]) => {
        expect(judged(mixed)).toBe(judged(events))
      }),
      { numRuns: 200 },
    )
  })

  test('an id that comes with two contents is a mismatch, whichever came first', () => {
    fc.assert(
      fc.property(texts, (events) => {
        const [first, second] = events
        if (second === undefined || !second.includes('"ms":1')) return
        const other = second.replace('"ms":1', '"ms":2')
        const [before, after] = [judged([first as string, other, ...events.slice(1)]), judged([...events, other])]
        expect(after).toBe(before)
        expect(JSON.parse(after).evidence.integrity).toBe('mismatch')
      }),
      { numRuns: 100 },
    )
  })

  test('bytes that are no event are a mismatch, not a crash', () => {
    fc.assert(
      fc.property(texts, fc.string(), (events, junk) => {
        expect(JSON.parse(judged([...events, junk])).evidence.integrity).toBe('mismatch')
      }),
      { numRuns: 50 },
    )
  })
})
