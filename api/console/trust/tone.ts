import type { RoundIntegrity } from '../../../schemas/summary.ts'

/** What a result says, before anybody asks whether it can be believed. `unknown` is a state of its own, never good. */
export type Tone = 'good' | 'limited' | 'pending' | 'degraded' | 'bad' | 'unknown'

/**
 * How far what is shown can be believed:
 * `verified` the server proved the root, just now; `transcript` written down by people (legacy_unverified);
 * `unsealed` still open or broken off; `tampered` the root is a mismatch; `stale` was true once, could not be brought up to date;
 * `unproved` nobody said anything about it.
 */
export type Trust = 'verified' | 'transcript' | 'unsealed' | 'tampered' | 'stale' | 'unproved'

/** The colours of the page. `good` and `limited` are the only green ones; `claimed` is a good word that nobody proved. */
export type Paint = Tone | 'claimed' | 'untrusted'

const OVERALL: Readonly<Record<string, Tone>> = {
  FULL_STACK_GREEN: 'good',
  FULL_STACK_GREEN_DR_ESCROW_BLOCKED: 'limited',
  PRODUCT_DATA_PENDING_EOD_WINDOW: 'pending',
  SERVICE_AVAILABLE_DEGRADED: 'degraded',
  BLOCKED: 'bad',
}

const STATUS: Readonly<Record<string, Tone>> = {
  PASS: 'good',
  GREEN: 'good',
  WARN: 'degraded',
  DEGRADED: 'degraded',
  BLOCKED: 'bad',
  CHECK_FAILED: 'bad',
  NOT_EVALUATED: 'unknown',
}

/** `running`: accepted and not ended; `taken_back`: a rejection of the same response for the same gate is there. */
export type ReviewState = 'running' | 'ended' | 'taken_back' | 'rejected' | 'unreadable'
const REVIEW: Readonly<Record<ReviewState, Tone>> = { running: 'pending', ended: 'degraded', taken_back: 'bad', rejected: 'bad', unreadable: 'unknown' }

const TRUST: Readonly<Record<RoundIntegrity, Trust>> = {
  verified: 'verified',
  legacy_unverified: 'transcript',
  unsealed: 'unsealed',
  mismatch: 'tampered',
}

/** Tone of an overall declaration or post-start result; anything this page does not know is `unknown`. */
export function overallTone(overall: string | null | undefined): Tone {
  return ownValue(OVERALL, overall) ?? 'unknown'
}

/** Tone of a check's, gate's or cold start's word. */
export function statusTone(status: string | null | undefined): Tone {
  return ownValue(STATUS, status) ?? 'unknown'
}

/** Tone of a `*_GREEN` style flag: only a printed `1` is good. */
export function flagTone(value: string | null | undefined): Tone {
  return value === '1' ? 'good' : value === '0' ? 'bad' : 'unknown'
}

/** Tone of a condition of release: only `conditions_met` is good, and even that releases nothing. */
export function releaseTone(status: string | null | undefined): Tone {
  return status === 'conditions_met' ? 'good' : status === 'forbidden' ? 'bad' : 'unknown'
}

/** Tone of a milestone. What is open is bad unless it is known not to be due yet. */
export function milestoneTone(status: string | null | undefined, due: string | null | undefined): Tone {
  if (status === 'open') return due === 'not_due' ? 'pending' : 'bad'
  return status === 'met' ? 'good' : status === 'met_with_warnings' ? 'degraded' : 'unknown'
}

/** Tone of a review: somebody's word, and never green. Whether it counts is told by a later round. */
export function reviewTone(state: ReviewState): Tone {
  return REVIEW[state]
}

/** What an integrity word and the age of the answer allow. `isFresh`: the last attempt to load succeeded, not long ago. */
export function trustOf(integrity: string | null | undefined, isFresh: boolean): Trust {
  const trust = ownValue(TRUST, integrity) ?? 'unproved'
  return trust === 'verified' && !isFresh ? 'stale' : trust
}

/**
 * The colour of a result. Green needs all of: a good tone, a proved root, a fresh answer. What is bad stays bad however
 * little it can be trusted; a good word that cannot be trusted has the colour of neither.
 */
export function paintOf(tone: Tone, trust: Trust): Paint {
  if (trust === 'tampered') return 'untrusted'
  if (trust === 'verified' || tone === 'bad' || tone === 'degraded' || tone === 'unknown') return tone
  return trust === 'unsealed' ? 'untrusted' : 'claimed'
}

function ownValue<T>(table: Readonly<Record<string, T>>, key: string | null | undefined): T | undefined {
  return typeof key === 'string' && Object.hasOwn(table, key) ? table[key] : undefined
}
