import { describe, expect, it } from 'vitest'
import {
  flagTone,
  milestoneTone,
  overallTone,
  type Paint,
  paintOf,
  type ReviewState,
  releaseTone,
  reviewTone,
  statusTone,
  type Tone,
  type Trust,
  trustOf,
} from '../../api/console/trust/tone.ts'
import { OVERALL_ORDER } from '../../schemas/summary.ts'

const TONES: readonly Tone[] = ['good', 'limited', 'pending', 'degraded', 'bad', 'unknown']
const TRUSTS: readonly Trust[] = ['verified', 'transcript', 'unsealed', 'tampered', 'stale', 'unproved']
const INTEGRITIES = ['verified', 'legacy_unverified', 'unsealed', 'mismatch', 'not projected', '', 'VERIFIED', 'toString', null, undefined]
const isGreen = (paint: Paint): boolean => paint === 'good' || paint === 'limited'

describe('green', () => {
  it('is nothing but a good word, proved and fresh', () => {
    for (const word of [...OVERALL_ORDER, 'unknown', 'GREEN', 'full_stack_green', '', 'constructor', null, undefined]) {
      for (const integrity of INTEGRITIES) {
        for (const isFresh of [true, false]) {
          const green = isGreen(paintOf(overallTone(word), trustOf(integrity, isFresh)))
          const mayBe = (word === 'FULL_STACK_GREEN' || word === 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED') && integrity === 'verified' && isFresh
          expect([word, integrity, isFresh, green]).toEqual([word, integrity, isFresh, mayBe])
        }
      }
    }
  })

  it('is no status but PASS and GREEN, and no flag but 1', () => {
    const words = ['PASS', 'GREEN', 'WARN', 'BLOCKED', 'NOT_EVALUATED', 'DEGRADED', 'CHECK_FAILED', 'unknown', 'pass', '', '__proto__', null, undefined]
    expect(words.filter((word) => isGreen(statusTone(word) as Paint))).toEqual(['PASS', 'GREEN'])
    expect(['0', '1', 'unknown', '', 'true', '01', null, undefined].filter((value) => isGreen(flagTone(value) as Paint))).toEqual(['1'])
  })

  it('is no condition but one that is met, no milestone but one that is met, and never a review', () => {
    const words = ['conditions_met', 'met', 'met_with_warnings', 'forbidden', 'open', 'not_in_estate', 'MET', '', 'toString', null, undefined]
    expect(words.filter((word) => isGreen(releaseTone(word) as Paint))).toEqual(['conditions_met'])
    for (const due of ['due', 'not_due', 'unknown', '', undefined]) expect(words.filter((word) => isGreen(milestoneTone(word, due) as Paint))).toEqual(['met'])
    expect(['due', 'unknown', '', undefined, 'not_due'].map((due) => milestoneTone('open', due))).toEqual(['bad', 'bad', 'bad', 'bad', 'pending'])
    const states: ReviewState[] = ['running', 'ended', 'taken_back', 'rejected', 'unreadable']
    expect(states.filter((state) => isGreen(reviewTone(state) as Paint))).toEqual([])
  })
})

it('less trust never makes a colour better', () => {
  const badness: Readonly<Record<Paint, number>> = { good: 0, limited: 1, pending: 2, degraded: 3, claimed: 3, unknown: 3, bad: 4, untrusted: 5 }
  for (const tone of TONES)
    for (const trust of TRUSTS) expect([tone, trust, badness[paintOf(tone, trust)] >= badness[paintOf(tone, 'verified')]]).toEqual([tone, trust, true])
})

it('what is bad stays bad, and what was tampered with is nothing else', () => {
  expect(TRUSTS.filter((trust) => paintOf('bad', trust) !== 'bad')).toEqual(['tampered'])
  expect(new Set(TONES.map((tone) => paintOf(tone, 'tampered')))).toEqual(new Set(['untrusted']))
})
