import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventStreamReader } from '../../api/console/data/event-stream.ts'
import { checkInclusion } from '../../api/console/data/inclusion.ts'
import type { EvidenceEvent } from '../../api/console/data/shapes.ts'
import { reviewState, toMarks, toReviews } from '../../api/console/pages/decision-rows.ts'
import { toChart } from '../../api/console/pages/history-points.ts'
import { doneCount, NOTHING_SEEN, type TakenEvent, takeEvent } from '../../api/console/pages/live-state.ts'
import { leafHash, rootOfLeafHashes } from '../../ledger/merkle.ts'
import { inclusionProof } from '../../ledger/merkle-proof.ts'
import { makeCheckFailed, makeOpened, makeSealed, makeTcpObserved } from '../support/make-events.ts'

describe('the event stream', () => {
  const text = ': hello\r\nretry: 2000\n\nid: 7\nevent: event\ndata: {"a":\ndata: 1}\n\nid: 8\rdata: plain\r\rdata\n\nid: 9\n\ndata:x\n\ndata: cut off'
  const messages = [
    { event: 'event', data: '{"a":\n1}', id: '7' },
    { event: 'message', data: 'plain', id: '8' },
    { event: 'message', data: '', id: '8' },
    { event: 'message', data: 'x', id: '9' },
  ]

  it('gives the same messages however it is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 12 }), (cuts) => {
        const places = [0, ...cuts.sort((a, b) => a - b), text.length]
        const reader = new EventStreamReader()
        expect(places.slice(1).flatMap((end, i) => reader.push(text.slice(places[i], end)))).toEqual(messages)
      }),
    )
  })
})

describe('an inclusion proof, checked in the browser', () => {
  const leaves = Array.from({ length: 13 }, (_, n) => Buffer.from(`leaf ${n}`))
  const root = (size: number): string => rootOfLeafHashes(leaves.slice(0, size).map(leafHash))

  it('holds for every leaf of every small tree, and for nothing else', async () => {
    for (let size = 1; size <= leaves.length; size++) {
      const hashes = leaves.slice(0, size).map(leafHash)
      for (const [index, leaf] of leaves.slice(0, size).entries()) {
        const proof = {
          leaf_hash: '',
          verified: true,
          index,
          size,
          root: root(size),
          proof: inclusionProof(hashes, index),
        }
        expect(await checkInclusion(leaf, proof)).toBe('included')
        const wrong = [
          { ...proof, index: (index + 1) % size },
          { ...proof, root: root((size % leaves.length) + 1) },
          { ...proof, proof: [...proof.proof, 'ab'.repeat(32)] },
          { ...proof, proof: proof.proof.slice(1) },
          { ...proof, proof: proof.proof.map((one, i) => (i === 0 ? 'zz' : one)) },
          { ...proof, index: -1 },
          { ...proof, index: size },
        ].filter((one) => JSON.stringify(one) !== JSON.stringify(proof))
        for (const one of wrong) expect([one, await checkInclusion(leaf, one)]).toEqual([one, 'not_included'])
        expect(await checkInclusion(Buffer.from('another'), proof)).toBe('not_included')
      }
    }
  })
})

describe('a live round', () => {
  const id = 'live-round'
  const rooted = [makeOpened(id, 0, ['check-a', 'check-b', 'check-c']), makeTcpObserved(id, 1, 'check-a'), makeCheckFailed(id, 2, 'check-b')]
  const taken: TakenEvent[] = [...rooted, makeSealed(id, 9, rooted)].map((event) => ({
    id: event.id,
    type: event.type,
    check_id: event.checkId,
    time: event.time,
    event: JSON.parse(Buffer.from(event.bytes).toString('utf8')) as EvidenceEvent,
  }))
  const shown = (events: readonly TakenEvent[]) => {
    const { checks, gates, isOpened, sealedAt, lastAt } = events.reduce(takeEvent, NOTHING_SEEN)
    return { checks: checks.map((check) => [check.id, check.gate, check.seen]), gates, isOpened, sealedAt, lastAt }
  }

  it('is the same in any order, and with events that come twice', () => {
    fc.assert(
      fc.property(fc.shuffledSubarray(taken, { minLength: taken.length }), fc.subarray(taken), (order, again) => {
        expect(shown([...order, ...again])).toEqual(shown(taken))
      }),
    )
    expect(shown(taken).checks).toEqual([
      ['check-a', 'P0-TEST', 'met'],
      ['check-b', 'P0-TEST', 'failed'],
      ['check-c', 'P0-TEST', 'waiting'],
    ])
    expect(doneCount(taken.reduce(takeEvent, NOTHING_SEEN))).toBe(2)
  })
})

describe('a chart of changes', () => {
  const changes = (...values: string[]) => values.map((value, n) => ({ artifact_id: `r-${n}`, opened_at: new Date(n * 1000).toISOString(), value }))

  it('has numbers only where every value is one: unknown is no zero', () => {
    expect(toChart(changes('3', '0', '12')).words).toBeNull()
    expect(toChart(changes('3', 'unknown', '12')).words).toEqual(['unknown', '12', '3'])
    expect(toChart(changes('0', '1', 'unknown')).words).toEqual(['unknown', '0', '1'])
  })

  it('has the worse word below the better one', () => {
    expect(toChart(changes('FULL_STACK_GREEN', 'BLOCKED', 'unknown', 'SERVICE_AVAILABLE_DEGRADED')).words).toEqual([
      'unknown',
      'BLOCKED',
      'SERVICE_AVAILABLE_DEGRADED',
      'FULL_STACK_GREEN',
    ])
    expect(toChart(changes('PASS', 'WARN', 'BLOCKED', 'NOT_EVALUATED')).words).toEqual(['BLOCKED', 'NOT_EVALUATED', 'WARN', 'PASS'])
  })
})

describe('decisions, as a search gives them', () => {
  const row = (type: string, text: string) => ({ id: 'e-1', round_id: 'r-1', type, check_id: null, time: '2026-06-27T03:50:46.000Z', text })
  const review = (data: object) => row('review.recorded.v1', JSON.stringify({ data }))
  const END = '2026-07-01T00:00:00.000Z'
  const accepted = { decision: 'accepted', gate_id: 'g', response_digest: 'd', expires_at: END }

  it('are none of another type, and unreadable where they cannot be read', () => {
    expect(toReviews([row('evidence.check.failed.v1', JSON.stringify({ data: accepted }))])).toEqual([])
    for (const text of ['', '[]', 'null', '{"data":7}', '{"data":{"decision":"ACCEPTED","items":{}}}'])
      expect(toReviews([row('review.recorded.v1', text)]).map((one, _, all) => reviewState(one, all, 0))).toEqual(['unreadable'])
    expect(toMarks([row('escrow.marked.v1', '{"data":{"dry_run":"false"}}')]).map((one) => one.dryRun)).toEqual([null])
  })

  it('end at the moment they end, and at once where that cannot be read', () => {
    const [one] = toReviews([review(accepted)])
    const [odd] = toReviews([review({ ...accepted, expires_at: 'never' })])
    if (one === undefined || odd === undefined) throw new Error('no review')
    const end = Date.parse(END)
    expect([reviewState(one, [one], end - 1), reviewState(one, [one], end), reviewState(odd, [odd], 0)]).toEqual(['running', 'ended', 'ended'])
  })

  it('are taken back by a rejection of the same response for the same gate, wherever it stands', () => {
    const states = (other: object) =>
      toReviews([review({ ...accepted, decision: 'rejected', ...other }), review(accepted)]).map((one, _, all) => reviewState(one, all, 0))
    expect(states({})).toEqual(['rejected', 'taken_back'])
    expect(states({ gate_id: 'another' })).toEqual(['rejected', 'running'])
    expect(states({ response_digest: 'another' })).toEqual(['rejected', 'running'])
  })
})
