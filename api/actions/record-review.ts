import type { GuardInput } from '../../guards/guard-input.ts'
import { isPlaceholder } from '../../guards/response-fields.ts'
import { decideReview, REVIEW_REFUSALS, type ReviewHistory, type ReviewOutcome, type ReviewRequest } from '../../guards/review.ts'
import type { RoundReader } from '../../ledger/ledger.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { EventData, EvidenceEvent } from '../../schemas/event.ts'
import { DateOnly, Time } from '../../schemas/primitives.ts'
import { findSecretLike } from '../../schemas/secret-like.ts'
import type { Answered } from './compare-rounds.ts'
import { type DecisionPorts, recordDecision } from './record-decision.ts'

/** A reviewer's word as it was given; `names` say what a field is called where it came from (`--reviewer`, `owner`). */
export type ReviewGiven = {
  readonly gate: string
  readonly reviewer: string
  readonly owner: string
  readonly decision: 'accepted' | 'rejected'
  /** A date or a time, UTC; an acceptance needs one. */
  readonly expires: string | undefined
  readonly items: readonly string[] | null
  readonly packetText: string | null
  readonly names: { readonly reviewer: string; readonly owner: string; readonly expires: string }
}

/**
 * Decides and records an independent reviewer's word on a preflighted response (contract §5, Review); yes where it was
 * recorded. Throws `usage` for a name or date that is none (never repeated), `round_unknown`, and the ledger's errors.
 *
 * @param at now, RFC 3339 UTC
 */
export async function recordReview(
  ports: DecisionPorts & { readonly rounds: RoundReader },
  roundId: string,
  input: GuardInput,
  response: Uint8Array,
  given: ReviewGiven,
  at: string,
): Promise<Answered> {
  const request = toReviewRequest(given, at)
  const outcome = decideReview(input, response, request, await readReviewHistory(ports.rounds, roundId), at)
  if (outcome.ok) await recordDecision(ports, roundId, 'review.recorded.v1', outcome.review)
  return { value: toResult(roundId, outcome), text: reviewText(outcome), isYes: outcome.ok }
}

/** Checks the words themselves, before anything is read. Throws `usage`. */
export function toReviewRequest({ names, ...given }: ReviewGiven, at: string): ReviewRequest {
  return {
    gate: given.gate,
    decision: given.decision,
    reviewer: toName(given.reviewer, names.reviewer),
    owner: toName(given.owner, names.owner),
    expiresAt: toExpiry(given, names.expires, at),
    items: given.items,
    packetText: given.packetText,
  }
}

const NAME = /^\p{L}[\p{L}\p{M}\p{N} ._@'-]{1,63}$/u

/** A name is kept in the ledger for good: nothing else may slip in with it, and a refused one is not repeated. */
function toName(text: string, field: string): string {
  const name = text.normalize('NFKC').trim()
  if (NAME.test(name) && !isPlaceholder(name) && findSecretLike(name) === null) return name
  throw new EvidenceError('usage', `${field} is not a name of 2 to 64 letters, digits, spaces and . _ @ ' -`)
}

/** A date means its first moment, UTC: an acceptance never lasts longer than the reviewer can have meant. */
function toExpiry({ expires, decision }: Pick<ReviewGiven, 'expires' | 'decision'>, field: string, at: string): string {
  if (expires === undefined && decision === 'rejected') return at
  const time = DateOnly.safeParse(expires).success ? `${expires}T00:00:00.000Z` : expires
  if (Time.safeParse(time).success && time !== undefined) return time
  throw new EvidenceError('usage', `${field} is not a date YYYY-MM-DD or a time YYYY-MM-DDThh:mm:ss.sssZ`, { remedy: 'an acceptance needs one' })
}

async function readReviewHistory(rounds: RoundReader, roundId: string): Promise<ReviewHistory> {
  const preflights: EventData<'response.preflighted.v1'>[] = []
  const reviews: EventData<'review.recorded.v1'>[] = []
  let operator = ''
  for await (const page of rounds.readRound(roundId)) {
    for (const event of page.map(({ text }) => JSON.parse(text) as EvidenceEvent)) {
      if (event.type === 'round.opened.v1') operator = event.data.operator
      if (event.type === 'response.preflighted.v1') preflights.push(event.data)
      if (event.type === 'review.recorded.v1') reviews.push(event.data)
    }
  }
  return { operator, preflights, reviews }
}

function toResult(roundId: string, outcome: ReviewOutcome): object {
  const base = { artifact_id: roundId, recorded: outcome.ok, runtime_gate: 0 }
  return outcome.ok ? { ...base, reason: null, review: outcome.review } : { ...base, reason: outcome.reason, review: null }
}

function reviewText(outcome: ReviewOutcome): string {
  if (!outcome.ok) return `REVIEW_REFUSED reason=${outcome.reason} runtime_gate=0\nREMEDY ${REVIEW_REFUSALS[outcome.reason]}\n`
  const { decision, gate_id: gate, items, expires_at: expiresAt } = outcome.review
  const first = `REVIEW_RECORDED decision=${decision} gate=${gate} items=${items.length === 0 ? 'none' : items.join(',')} expires_at=${expiresAt} runtime_gate=0`
  return `${[first, `LICENSES ${licensed(outcome.review)}`, 'AUTHORIZES nothing else: no action, no host write, no other gate'].join('\n')}\n`
}

function licensed({ decision, gate_id: gate, expires_at: expiresAt }: EventData<'review.recorded.v1'>): string {
  if (decision === 'rejected') return 'nothing; an earlier acceptance of this response counts in no later round'
  const until = `a later round until ${expiresAt}`
  if (gate === 'credential_escrow_evidence') return `${until}: these items count there, each together with its marker`
  if (gate.endsWith('_manager_registry_export')) return `${until}: its registry counts there as accepted`
  return 'nothing: this gate closes by evidence of a later round alone'
}
