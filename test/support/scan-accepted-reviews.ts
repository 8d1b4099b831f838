import type { Ledger } from '../../ledger/ledger.ts'
import type { EventOf, EvidenceEvent } from '../../schemas/event.ts'
import { isSamePerson } from '../../schemas/same-person.ts'

/** Ids of the acceptances that hold for an estate, by a plain look at every event: what `acceptedReviews` must agree with. */
export async function scanAcceptedReviews(ledger: Ledger, estate: string, at: Date): Promise<string[]> {
  const events: EvidenceEvent[] = []
  for await (const page of ledger.readAll(0)) events.push(...page.map(({ text }) => JSON.parse(text) as EvidenceEvent))
  const reviews = events.flatMap((event) => (event.type === 'review.recorded.v1' ? [event] : []))
  return reviews.filter((review) => isAccepted(review, events, estate, at)).map(({ id }) => id)
}

function isAccepted({ subject, data }: EventOf<'review.recorded.v1'>, events: readonly EvidenceEvent[], estate: string, at: Date): boolean {
  const openings = events.flatMap((event) => (event.type === 'round.opened.v1' && event.subject === subject ? [event.data] : []))
  const preflights = events
    .flatMap((event) => (event.type === 'response.preflighted.v1' && event.subject === subject ? [event.data] : []))
    .filter((preflight) => preflight.response_digest === data.response_digest)
  const isRejected = events.some(
    (event) =>
      event.type === 'review.recorded.v1' &&
      event.data.decision === 'rejected' &&
      event.data.response_digest === data.response_digest &&
      event.data.gate_id === data.gate_id,
  )
  const others = [data.owner, ...openings.map(({ operator }) => operator), ...preflights.flatMap(({ submitted_by: by }) => by ?? [])]
  const isIndependent = !others.some((other) => isSamePerson(other, data.reviewer))
  const isReady = preflights.some(({ status }) => status === 'ready_for_independent_review')
  const isOfEstate = openings.length === 1 && openings[0]?.estate.id === estate
  return data.decision === 'accepted' && !isRejected && isIndependent && isReady && isOfEstate && Date.parse(data.expires_at) > at.getTime()
}
