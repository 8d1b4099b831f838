import type { Ledger, StoredEvent } from '../ledger/ledger.ts'
import { isOfType, isReviewText } from '../ledger/review-event.ts'
import type { EventData, EventOf } from '../schemas/event.ts'
import { isSamePerson } from '../schemas/same-person.ts'

type Review = EventOf<'review.recorded.v1'>

/** `round.opened` takes no more. The oldest are left out, which can only make a verdict worse. */
const MAX_REVIEWS = 200

/** Who ran the reviewed round, and over which estate. */
type Reviewed = { operator: string; estate: string }
type Responded = Review | EventOf<'response.preflighted.v1'>
/** What the ledger knows of responses, by round and digest: those whose preflight found nothing, and who sent them in. */
type Responses = { ready: Set<string>; submitters: Map<string, string[]> }

/**
 * Acceptances a round of this estate may rest on when it opens (contract §5, Review): of a round of the same estate, by
 * a reviewer who is neither the owner nor the operator of that round nor whoever sent the response in, of a response whose
 * preflight in that round found nothing, not expired, and not taken back by a rejection of the same response. A rejection counts whatever its time
 * says: clocks are set back, and `review record` takes no acceptance after one.
 *
 * What speaks against an acceptance is looked for twice: where the ledger keeps its reviews, and among the events of the
 * reviewed round. Who hides it in one of the two hides nothing.
 */
export async function acceptedReviews(ledger: Ledger, estate: string, at: Date): Promise<EventData<'round.opened.v1'>['reviews']> {
  const held = new Map<string, Held>()
  for await (const page of ledger.readReviews()) take(held, page)
  const hopeful = [...held.values()].filter(({ event }) => isHopeful(event, at))
  const rounds = await readReviewed(ledger, new Set(hopeful.map(({ event }) => event.subject)), held)
  const all = [...held.values()].sort((a, b) => a.position - b.position).map(({ event }) => event)
  const reviews = all.filter((event) => event.type === 'review.recorded.v1')
  const responses = toResponses(all)
  const own = reviews.filter((review) => rounds.get(review.subject)?.estate === estate)
  const accepted = own.filter((review) => isAccepted(review, reviews, rounds.get(review.subject)?.operator, responses, at))
  return accepted.slice(-MAX_REVIEWS).map(toAccepted)
}

/** By their ids: what was found twice is one. */
type Held = { position: number; event: Responded }

function take(held: Map<string, Held>, page: readonly StoredEvent[]): void {
  for (const { position, id, text } of page) if (isReviewText(text)) held.set(id, { position, event: JSON.parse(text) as Responded })
}

/** An acceptance that has not ended: only its round is read, however many were reviewed before. */
function isHopeful({ type, data }: Responded, at: Date): boolean {
  return type === 'review.recorded.v1' && data.decision === 'accepted' && Date.parse(data.expires_at) > at.getTime()
}

/** Who ran these rounds; the reviews beside them are taken in as well. */
async function readReviewed(ledger: Ledger, subjects: ReadonlySet<string>, held: Map<string, Held>): Promise<Map<string, Reviewed>> {
  const rounds = new Map<string, Reviewed>()
  for (const subject of subjects) {
    for await (const page of ledger.readRound(subject)) {
      take(held, page)
      for (const { text } of page) {
        if (!isOfType(text, 'round.opened.v1')) continue
        const { data } = JSON.parse(text) as EventOf<'round.opened.v1'>
        rounds.set(subject, { operator: data.operator, estate: data.estate.id })
      }
    }
  }
  return rounds
}

function toResponses(events: readonly Responded[]): Responses {
  const responses: Responses = { ready: new Set(), submitters: new Map() }
  for (const { type, subject, data } of events) {
    if (type !== 'response.preflighted.v1') continue
    const key = `${subject} ${data.response_digest}`
    if (data.status === 'ready_for_independent_review') responses.ready.add(key)
    if (data.submitted_by !== undefined) responses.submitters.set(key, [...(responses.submitters.get(key) ?? []), data.submitted_by])
  }
  return responses
}

function isAccepted(review: Review, all: readonly Review[], operator: string | undefined, responses: Responses, at: Date): boolean {
  const { reviewer, owner, response_digest: digest, gate_id: gate } = review.data
  const key = `${review.subject} ${digest}`
  const others = [owner, ...(operator === undefined ? [] : [operator]), ...(responses.submitters.get(key) ?? [])]
  const isIndependent = operator !== undefined && !others.some((other) => isSamePerson(reviewer, other))
  const isTakenBack = all.some(({ data }) => data.decision === 'rejected' && data.response_digest === digest && data.gate_id === gate)
  return isHopeful(review, at) && isIndependent && !isTakenBack && responses.ready.has(key)
}

function toAccepted(review: Review): EventData<'round.opened.v1'>['reviews'][number] {
  return { event_id: review.id, gate_id: review.data.gate_id, items: review.data.items, expires_at: review.data.expires_at }
}
