import type { Ledger } from '../ledger/ledger.ts'
import type { EventData, EventOf, EvidenceEvent } from '../schemas/event.ts'
import { isSamePerson } from '../schemas/same-person.ts'

type Review = EventOf<'review.recorded.v1'>

/** `round.opened` takes no more. The oldest are left out, which can only make a verdict worse. */
const MAX_REVIEWS = 200

/** Who ran the reviewed round, and over which estate. */
type Reviewed = { operator: string; estate: string }

/**
 * Acceptances a round of this estate may rest on when it opens (contract §5, Review): of a round of the same estate, by
 * a reviewer who is neither the owner nor the operator of that round, of a response whose preflight in that round found
 * nothing, not expired, and not taken back by a rejection of the same response. A rejection counts whatever its time
 * says: clocks are set back, and `review record` takes no acceptance after one.
 */
export async function acceptedReviews(ledger: Ledger, estate: string, at: Date): Promise<EventData<'round.opened.v1'>['reviews']> {
  const reviews: Review[] = []
  const rounds = new Map<string, Reviewed>()
  const ready = new Set<string>()
  for await (const page of ledger.readAll(0)) {
    for (const { text } of page) {
      const event = parseRelevant(text)
      if (event?.type === 'review.recorded.v1') reviews.push(event)
      if (event?.type === 'round.opened.v1') rounds.set(event.subject, { operator: event.data.operator, estate: event.data.estate.id })
      if (event?.type === 'response.preflighted.v1' && event.data.status === 'ready_for_independent_review')
        ready.add(`${event.subject} ${event.data.response_digest}`)
    }
  }
  const own = reviews.filter((review) => rounds.get(review.subject)?.estate === estate)
  const accepted = own.filter((review) => isAccepted(review, reviews, rounds.get(review.subject)?.operator, ready, at))
  return accepted.slice(-MAX_REVIEWS).map(toAccepted)
}

/** Most of a ledger is evidence; looking for the type's name first keeps parsing off the long way. */
function parseRelevant(text: string): EvidenceEvent | null {
  const isRelevant = ['"type":"review.recorded.v1"', '"type":"response.preflighted.v1"', '"type":"round.opened.v1"'].some((type) => text.includes(type))
  return isRelevant ? (JSON.parse(text) as EvidenceEvent) : null
}

function isAccepted(review: Review, all: readonly Review[], operator: string | undefined, ready: ReadonlySet<string>, at: Date): boolean {
  const { decision, reviewer, owner, expires_at: expiresAt, response_digest: digest, gate_id: gate } = review.data
  const isIndependent = operator !== undefined && !isSamePerson(reviewer, owner) && !isSamePerson(reviewer, operator)
  const isTakenBack = all.some(({ data }) => data.decision === 'rejected' && data.response_digest === digest && data.gate_id === gate)
  return decision === 'accepted' && isIndependent && !isTakenBack && ready.has(`${review.subject} ${digest}`) && Date.parse(expiresAt) > at.getTime()
}

function toAccepted(review: Review): EventData<'round.opened.v1'>['reviews'][number] {
  return { event_id: review.id, gate_id: review.data.gate_id, items: review.data.items, expires_at: review.data.expires_at }
}
