import { asRecord, readEvent } from '../data/event-text.ts'
import type { FoundRow } from '../data/shapes.ts'
import type { ReviewState } from '../trust/tone.ts'

/** Decisions as this page tells them. Digests of evidence ids are left out: nobody needs them here. */
export type Told = { id: string; roundId: string; time: string }
export type ReviewRow = Told & { gate: string; items: string[]; decision: string; reviewer: string; owner: string; expiresAt: string; response: string }
export type PreflightRow = Told & { status: string; codes: string[]; expected: string; received: string; submittedBy: string }
export type MarkRow = Told & { item: string; dryRun: boolean | null }

export const toReviews = (rows: readonly FoundRow[]): ReviewRow[] =>
  ofType(rows, 'review.recorded.v1').map(({ told, data }) => ({
    ...told,
    gate: text(data.gate_id),
    items: list(data.items).map(text),
    decision: text(data.decision),
    reviewer: text(data.reviewer),
    owner: text(data.owner),
    expiresAt: text(data.expires_at),
    response: text(data.response_digest),
  }))

export const toPreflights = (rows: readonly FoundRow[]): PreflightRow[] =>
  ofType(rows, 'response.preflighted.v1').map(({ told, data }) => ({
    ...told,
    status: text(data.status),
    codes: [...new Set(list(data.reasons).map((one) => text(asRecord(one).code)))],
    expected: text(data.expected_gates),
    received: text(data.received),
    submittedBy: text(data.submitted_by),
  }))

export const toMarks = (rows: readonly FoundRow[]): MarkRow[] =>
  ofType(rows, 'escrow.marked.v1').map(({ told, data }) => ({
    ...told,
    item: text(data.item),
    dryRun: typeof data.dry_run === 'boolean' ? data.dry_run : null,
  }))

/**
 * Where a review stands at `nowMs`. A rejection of the same response for the same gate takes an acceptance back whatever
 * its time says. An end that cannot be read is no end in the future.
 */
export function reviewState(review: ReviewRow, all: readonly ReviewRow[], nowMs: number): ReviewState {
  if (review.decision === 'rejected') return 'rejected'
  if (review.decision !== 'accepted') return 'unreadable'
  if (all.some((one) => one.decision === 'rejected' && one.response === review.response && one.gate === review.gate)) return 'taken_back'
  return Date.parse(review.expiresAt) > nowMs ? 'running' : 'ended'
}

/** The type is asked of the event itself: a search finds words, wherever they stand. */
function ofType(rows: readonly FoundRow[], type: string): { told: Told; data: Record<string, unknown> }[] {
  return rows
    .filter((row) => row.type === type)
    .map((row) => ({ told: { id: row.id, roundId: row.round_id, time: row.time }, data: asRecord(readEvent(row.text).data) }))
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
