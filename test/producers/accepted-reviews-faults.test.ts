import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ledger } from '../../ledger/ledger.ts'
import { openSqliteLedger } from '../../ledger/sqlite-ledger.ts'
import { acceptedReviews } from '../../producers/accepted-reviews.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { remakeReviewIndex } from '../support/hide-reviews.ts'
import { makeGuardEvaluated, makeOpened, makeTcpObserved } from '../support/make-events.ts'
import { makePreflight, makeReview } from '../support/make-reviews.ts'
import { withAppend } from '../support/run-test-round.ts'
import { scanAcceptedReviews } from '../support/scan-accepted-reviews.ts'

const AT = new Date('2026-07-01T00:00:00.000Z')
const [LATER, EARLIER] = ['2026-08-01T00:00:00.000Z', '2026-06-30T00:00:00.000Z']
const digest = (letter: string): `sha256:${string}` => `sha256:${letter.repeat(64)}`

type Step = {
  round: string
  what: 'opened' | 'look' | 'guard' | 'preflight' | 'accepted' | 'rejected'
  response: string
  gate: string
  person: string
  status: 'ready_for_independent_review' | 'blocked_secret_payload'
  expires: string
  fault: 'none' | 'refused' | 'done'
}
/** One thing that is recorded; `fault`: how its append fails at first. */
const often = <T extends string>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 6, arbitrary: fc.constant(usual) }, { weight: 3, arbitrary: fc.constantFrom(...others) })
const step = fc.record<Step>({
  round: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('round-a', 'round-b') }, { weight: 1, arbitrary: fc.constant('never-opened') }),
  what: often('accepted', 'preflight', 'preflight', 'preflight', 'preflight', 'rejected', 'opened', 'look', 'guard'),
  response: fc.constantFrom('a', 'b', 'c', 'd'),
  gate: often('credential_escrow_evidence', 'wazuh_manager_registry_export'),
  person: often('R. View', 'I. Dependent', 'M. Owner', 'test'),
  status: often('ready_for_independent_review', 'blocked_secret_payload'),
  expires: often(LATER, EARLIER),
  fault: often('none', 'refused', 'done'),
})

function toEvent({ round, what, response, gate, person, status, expires }: Step, n: number): EncodedEvent {
  const response_digest = digest(response)
  if (what === 'opened') return makeOpened(round, n, ['check-1'])
  if (what === 'look') return makeTcpObserved(round, n, 'check-1')
  if (what === 'guard') return makeGuardEvaluated(round, n)
  if (what !== 'preflight') return makeReview(round, n, { response_digest, gate_id: gate, reviewer: person, decision: what, expires_at: expires })
  const submitted = person === 'I. Dependent' ? { submitted_by: person } : {}
  return makePreflight(round, n, { response_digest, status, ...submitted })
}

/** Records the steps as a caller does: after a failure that tells nothing the same again. What a round refuses is left out. */
async function record(inner: Ledger, steps: readonly Step[]): Promise<void> {
  let fault: Step['fault'] = 'none'
  const ledger = withAppend(inner, async (events) => {
    const now = fault
    fault = 'none'
    if (now === 'refused') throw new EvidenceError('ledger_unavailable', 'disk is gone')
    const result = await inner.append(events)
    if (now === 'done') throw new EvidenceError('ledger_unavailable', 'disk is gone')
    return result
  })
  for (const [n, one] of steps.entries()) {
    fault = one.fault
    const event = toEvent(one, n)
    const error = await ledger.append([event]).catch((thrown: EvidenceError) => thrown)
    if (error instanceof EvidenceError && error.code === 'ledger_unavailable') await ledger.append([event]).catch(ofRules)
    else if (error instanceof EvidenceError) ofRules(error)
  }
}

function ofRules(error: EvidenceError): void {
  if (error.code !== 'round_exists' && error.code !== 'event_invalid') throw error
}

const toStep = (round: string, what: Step['what'], person = 'test'): Step => ({
  round,
  what,
  response: 'a',
  gate: 'credential_escrow_evidence',
  person,
  status: 'ready_for_independent_review',
  expires: LATER,
  fault: 'none',
})
const OPENINGS = [toStep('round-a', 'opened'), toStep('round-b', 'opened')]
/** An acceptance that holds, unless something speaks against it. */
const ACCEPTED = [toStep('round-a', 'preflight'), toStep('round-a', 'accepted', 'R. View')]

async function inNewFile(work: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'evidence-accepted-'))
  try {
    await work(join(folder, 'evidence.db'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** What a round would open with, and what a look at every event gives. */
async function compare(path: string): Promise<{ opened: string[]; scanned: string[] }> {
  const ledger = openSqliteLedger({ path, mode: 'create' })
  try {
    const opened = (await acceptedReviews(ledger, 'test', AT)).map(({ event_id: id }) => id)
    return { opened, scanned: await scanAcceptedReviews(ledger, 'test', AT) }
  } finally {
    await ledger.close()
  }
}

/** Of the events with one of these in their text, newest first. */
async function positionsOf(path: string, marks: readonly string[]): Promise<number[]> {
  const ledger = openSqliteLedger({ path, mode: 'existing' })
  const found: number[] = []
  for await (const page of ledger.readAll(0)) {
    for (const { position, text } of page) if (marks.some((mark) => text.includes(mark))) found.unshift(position)
  }
  await ledger.close()
  return found
}

const steps = fc.array(step, { minLength: 1, maxLength: 25 }).map((some) => [...OPENINGS, ...some])

async function write(path: string, some: readonly Step[]): Promise<void> {
  const ledger = openSqliteLedger({ path, mode: 'create' })
  try {
    await record(ledger, some)
  } finally {
    await ledger.close()
  }
}

describe('acceptedReviews against a look at the whole ledger', () => {
  test('the same, whatever was recorded and however the appends failed', { timeout: 120_000 }, async () => {
    let accepted = 0
    const same = fc.asyncProperty(steps, (some) =>
      inNewFile(async (path) => {
        await write(path, some)
        const { opened, scanned } = await compare(path)
        expect(opened).toEqual(scanned)
        accepted += opened.length
      }),
    )
    await fc.assert(same, { numRuns: 60 })
    expect(accepted).toBeGreaterThan(0)
  })

  const OWN_RESPONSE = new Map([
    ['round-a', 'a'],
    ['round-b', 'b'],
  ])
  /** A response is answered, and decided on, in its own round: `review record` takes nothing else. */
  const ownResponses = steps.map((some) =>
    [...some.slice(0, 2), ...ACCEPTED, ...some.slice(2)].map((one) => ({ ...one, response: OWN_RESPONSE.get(one.round) ?? 'c' })),
  )
  const hidden = fc.subarray(['"decision":"rejected"', '"decision":"accepted"', '"submitted_by"', '"status":"ready'], { minLength: 1 })

  test('never more with entries of the index removed', { timeout: 120_000 }, async () => {
    let lost = 0
    const neverMore = fc.asyncProperty(ownResponses, hidden, fc.integer({ min: 1, max: 40 }), (some, marks, most) =>
      inNewFile(async (path) => {
        await write(path, some)
        const positions = await positionsOf(path, marks)
        remakeReviewIndex(path, { only: `position NOT IN (${positions.slice(0, most).join(', ')})` })
        const { opened, scanned } = await compare(path)
        expect(scanned).toEqual(expect.arrayContaining(opened))
        lost += scanned.length - opened.length
      }),
    )
    await fc.assert(neverMore, { numRuns: 60 })
    expect(lost).toBeGreaterThan(0)
  })

  const round = [makeOpened('round-a', 0, ['check-1']), makePreflight('round-a', 1), makeReview('round-a', 2)]
  test.each([
    ['nothing', makeGuardEvaluated('round-a', 3), '0', 1, 1],
    ['the rejection', makeReview('round-a', 3, { decision: 'rejected', reviewer: 'I. Dependent' }), '4', 0, 0],
    ['who sent it in', makePreflight('round-a', 3, { submitted_by: 'R. View' }), '4', 0, 0],
    ['the acceptance', makeGuardEvaluated('round-a', 3), '3', 1, 0],
    ['all of it', makeGuardEvaluated('round-a', 3), '2, 3, 4', 1, 0],
  ])('hidden from the index: %s', (_, last, positions, scans, opens) =>
    inNewFile(async (path) => {
      const ledger = openSqliteLedger({ path, mode: 'create' })
      await ledger.append([...round, last])
      await ledger.close()
      remakeReviewIndex(path, { only: `position NOT IN (${positions})` })
      const { opened, scanned } = await compare(path)
      expect([scanned.length, opened.length]).toEqual([scans, opens])
    }),
  )

  test('never more with entries of the index changed', { timeout: 120_000 }, async () => {
    const key = fc.tuple(fc.constantFrom('+', '-', '*', '%'), fc.integer({ min: 1, max: 9 })).map(([operator, n]) => `position ${operator} ${n}`)
    const neverMore = fc.asyncProperty(ownResponses, key, (some, columns) =>
      inNewFile(async (path) => {
        await write(path, some)
        remakeReviewIndex(path, { columns })
        const ledger = openSqliteLedger({ path, mode: 'existing' })
        try {
          const scanned = await scanAcceptedReviews(ledger, 'test', AT)
          const opened = await acceptedReviews(ledger, 'test', AT).catch((error: EvidenceError) => error.code)
          if (typeof opened === 'string') expect(opened).toBe('ledger_corrupt')
          else expect(scanned).toEqual(expect.arrayContaining(opened.map(({ event_id: id }) => id)))
        } finally {
          await ledger.close()
        }
      }),
    )
    await fc.assert(neverMore, { numRuns: 60 })
  })
})
