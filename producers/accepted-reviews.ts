import type { Ledger } from '../ledger/ledger.ts'
import type { EventData, EventOf, EventType } from '../schemas/event.ts'
import { isSamePerson } from '../schemas/same-person.ts'

type Review = EventOf<'review.recorded.v1'>

/** `round.opened` takes no more. The oldest are left out, which can only make a verdict worse. */
const MAX_REVIEWS = 200

/** Who ran the reviewed round, and over which estate. */
type Reviewed = { operator: string; estate: string }
/** What the ledger knows of responses, by round and digest: those whose preflight found nothing, and who sent them in. */
type Responses = { ready: Set<string>; submitters: Map<string, string[]> }

/**
 * Acceptances a round of this estate may rest on when it opens (contract §5, Review): of a round of the same estate, by
 * a reviewer who is neither the owner nor the operator of that round nor whoever sent the response in, of a response whose
 * preflight in that round found nothing, not expired, and not taken back by a rejection of the same response. A rejection counts whatever its time
 * says: clocks are set back, and `review record` takes no acceptance after one.
 */
export async function acceptedReviews(ledger: Ledger, estate: string, at: Date): Promise<EventData<'round.opened.v1'>['reviews']> {
  const reviews: Review[] = []
  const responses: Responses = { ready: new Set(), submitters: new Map() }
  for await (const page of ledger.readAll(0)) {
    for (const { text } of page) {
      if (isOfType(text, 'review.recorded.v1')) reviews.push(JSON.parse(text) as Review)
      if (isOfType(text, 'response.preflighted.v1')) takeResponse(responses, JSON.parse(text) as EventOf<'response.preflighted.v1'>)
    }
  }
  const rounds = await readReviewed(ledger, new Set(reviews.map((review) => review.subject)))
  const own = reviews.filter((review) => rounds.get(review.subject)?.estate === estate)
  const accepted = own.filter((review) => isAccepted(review, reviews, rounds.get(review.subject)?.operator, responses, at))
  return accepted.slice(-MAX_REVIEWS).map(toAccepted)
}

/**
 * The whole ledger is looked through before each round, and most of it is evidence: the type is the last member of the
 * canonical text, so its end tells.
 */
function isOfType(text: string, type: EventType): boolean {
  return text.endsWith(`"type":"${type}"}`)
}

/** Openings hold whole estates: only those of rounds that somebody reviewed are read. */
async function readReviewed(ledger: Ledger, subjects: ReadonlySet<string>): Promise<Map<string, Reviewed>> {
  const rounds = new Map<string, Reviewed>()
  for (const subject of subjects) {
    for await (const page of ledger.readRound(subject)) {
      for (const { text } of page) {
        if (!isOfType(text, 'round.opened.v1')) continue
        const { data } = JSON.parse(text) as EventOf<'round.opened.v1'>
        rounds.set(subject, { operator: data.operator, estate: data.estate.id })
      }
    }
  }
  return rounds
}

function takeResponse({ ready, submitters }: Responses, { subject, data }: EventOf<'response.preflighted.v1'>): void {
  const key = `${subject} ${data.response_digest}`
  if (data.status === 'ready_for_independent_review') ready.add(key)
  if (data.submitted_by !== undefined) submitters.set(key, [...(submitters.get(key) ?? []), data.submitted_by])
}

function isAccepted(review: Review, all: readonly Review[], operator: string | undefined, responses: Responses, at: Date): boolean {
  const { decision, reviewer, owner, expires_at: expiresAt, response_digest: digest, gate_id: gate } = review.data
  const key = `${review.subject} ${digest}`
  const others = [owner, ...(operator === undefined ? [] : [operator]), ...(responses.submitters.get(key) ?? [])]
  const isIndependent = operator !== undefined && !others.some((other) => isSamePerson(reviewer, other))
  const isTakenBack = all.some(({ data }) => data.decision === 'rejected' && data.response_digest === digest && data.gate_id === gate)
  return decision === 'accepted' && isIndependent && !isTakenBack && responses.ready.has(key) && Date.parse(expiresAt) > at.getTime()
}

function toAccepted(review: Review): EventData<'round.opened.v1'>['reviews'][number] {
  return { event_id: review.id, gate_id: review.data.gate_id, items: review.data.items, expires_at: review.data.expires_at }
}
