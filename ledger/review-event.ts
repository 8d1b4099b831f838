import type { EventType } from '../schemas/event.ts'
import type { StoredEvent } from './ledger.ts'

/** What decides on later rounds: what a response was found to be, and a reviewer's word on it (contract §5, Review). */
export const REVIEW_TYPES = ['response.preflighted.v1', 'review.recorded.v1'] as const satisfies readonly EventType[]

/** How a canonical text of this type ends: `type` is the last member of every event. */
export function endingOf(type: EventType): string {
  return `"type":"${type}"}`
}

/** By the end of the canonical text: most of a ledger is something else, and is not parsed for it. */
export function isOfType(text: string, type: EventType): boolean {
  return text.endsWith(endingOf(type))
}

export function isReviewText(text: string): boolean {
  return REVIEW_TYPES.some((type) => isOfType(text, type))
}

/** The reviews among all events, for a ledger that keeps no index of them. */
export async function* onlyReviews(pages: AsyncIterable<readonly StoredEvent[]>): AsyncIterable<readonly StoredEvent[]> {
  for await (const page of pages) {
    const reviews = page.filter(({ text }) => isReviewText(text))
    if (reviews.length > 0) yield reviews
  }
}
