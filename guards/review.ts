import { type Digest, sha256Digest } from '../schemas/digest.ts'
import type { EventData } from '../schemas/event.ts'
import { parseJsonText } from '../schemas/json-text.ts'
import type { OwnerPackets } from '../schemas/packets.ts'
import { OwnerResponse } from '../schemas/response.ts'
import { isSamePerson } from '../schemas/same-person.ts'
import { checkPacketContract } from './contract.ts'
import { type GuardInput, isTrusted } from './guard-input.ts'
import { buildOwnerPackets } from './packets.ts'
import { preflightResponse } from './preflight.ts'
import { filledEvidence } from './response-evidence.ts'

type Review = EventData<'review.recorded.v1'>

/** Why a review is not recorded, with what to do about it. */
export const REVIEW_REFUSALS = {
  round_not_trusted: 'a review rests on a round whose evidence is verified; run a new one',
  gate_not_required: 'this round does not require that owner gate; `evidence guard dispatch ROUND` lists those it does',
  packet_file_differs: 'the packet file is not the one of this round; `evidence guard contract` says why',
  response_not_preflighted: 'run `evidence guard preflight ROUND --response-file F` on exactly this file; it must be ready_for_independent_review',
  response_no_longer_ready: 'the response was ready and is not now (it may have expired); preflight it again and ask the owner for a new one',
  owner_is_not_who_answered: '--owner must be the owner_id of the response',
  reviewer_is_owner: 'a reviewer is independent: neither the owner nor the operator of the round',
  reviewer_is_operator: 'a reviewer is independent: neither the owner nor the operator of the round',
  reviewer_is_submitter: 'a reviewer is independent: not whoever sent the response in either',
  expires_not_in_the_future: 'an acceptance must end in the future',
  expires_too_late: 'an acceptance lasts at most 366 days; review again then',
  items_not_evidenced: 'name only items that this response evidences, or leave --items out',
  already_decided: 'a response is decided once; only an acceptance may still be taken back by --decision rejected',
} as const
export type ReviewRefusal = keyof typeof REVIEW_REFUSALS

/** The word of a reviewer. Times are RFC 3339 UTC with milliseconds; `items` null: all that the response evidences. */
export type ReviewRequest = Pick<Review, 'decision' | 'reviewer' | 'owner'> & {
  gate: string
  expiresAt: string
  items: readonly string[] | null
  packetText: string | null
}

/** What the ledger knows of the round: who ran it, what was preflighted, what was decided. */
export type ReviewHistory = {
  operator: string
  preflights: readonly Pick<EventData<'response.preflighted.v1'>, 'packet_set_digest' | 'response_digest' | 'status' | 'submitted_by'>[]
  reviews: readonly Review[]
}

export type ReviewOutcome = { ok: true; review: Review } | { ok: false; reason: ReviewRefusal }

const DAY_MS = 86_400_000
const MAX_DAYS = 366

type Answered = { response: OwnerResponse; digest: Digest; packetDigest: Digest; evidenced: string[] }

/**
 * Whether a reviewer's word on an owner's response may be recorded (contract §5, Review): on exactly the bytes that
 * were preflighted as ready for these packets, by somebody who is neither owner nor operator. Pure; `at` is now.
 */
export function decideReview(input: GuardInput, bytes: Uint8Array, request: ReviewRequest, history: ReviewHistory, at: string): ReviewOutcome {
  const packets = buildOwnerPackets(input)
  const answered = readAnswer(packets, bytes, request.gate)
  const reason =
    roundRefusal(input, packets, request) ??
    responseRefusal(input, packets, bytes, request, history, at) ??
    (answered === null ? 'response_not_preflighted' : requestRefusal(answered, request, history, at))
  if (reason !== null || answered === null) return { ok: false, reason: reason ?? 'response_not_preflighted' }
  return { ok: true, review: toReview(answered, request) }
}

function readAnswer(packets: OwnerPackets, bytes: Uint8Array, gateId: string): Answered | null {
  const json = parseJsonText(Buffer.from(bytes).toString('utf8'))
  const parsed = OwnerResponse.safeParse(json.ok ? json.value : null)
  const packet = packets.owner_packets.find((one) => one.gate_id === gateId)
  if (!parsed.success || packet === undefined) return null
  const gate = parsed.data.responses?.find((one) => one.gate_id === gateId)
  const evidenced = filledEvidence(gate).map((one) => one.id)
  return { response: parsed.data, digest: sha256Digest(bytes), packetDigest: packet.packet_digest, evidenced }
}

function roundRefusal(input: GuardInput, packets: OwnerPackets, { gate, packetText }: ReviewRequest): ReviewRefusal | null {
  if (!isTrusted(input)) return 'round_not_trusted'
  if (!packets.source.next_required_gates.includes(gate)) return 'gate_not_required'
  if (packetText !== null && checkPacketContract(input, packetText).status !== 'ok') return 'packet_file_differs'
  return null
}

function responseRefusal(
  input: GuardInput,
  packets: OwnerPackets,
  bytes: Uint8Array,
  { decision }: ReviewRequest,
  { preflights }: ReviewHistory,
  at: string,
): ReviewRefusal | null {
  const digest = sha256Digest(bytes)
  const wasReady = preflights.some(
    (one) => one.status === 'ready_for_independent_review' && one.response_digest === digest && one.packet_set_digest === packets.packet_set_digest,
  )
  if (!wasReady) return 'response_not_preflighted'
  // What was ready may have expired since. Taking an acceptance back must still be possible then.
  const isReady = decision === 'rejected' || preflightResponse(input, bytes, { at, isReplayed: false }).ok
  return isReady ? null : 'response_no_longer_ready'
}

function requestRefusal(answered: Answered, request: ReviewRequest, { operator, preflights, reviews }: ReviewHistory, at: string): ReviewRefusal | null {
  const { reviewer, owner, decision } = request
  if (isSamePerson(reviewer, owner) || isSamePerson(reviewer, answered.response.owner_id ?? '')) return 'reviewer_is_owner'
  if (!isSamePerson(owner, answered.response.owner_id ?? '')) return 'owner_is_not_who_answered'
  if (isSamePerson(reviewer, operator)) return 'reviewer_is_operator'
  const submissions = preflights.filter((one) => one.response_digest === answered.digest)
  if (submissions.some(({ submitted_by: submitter }) => submitter !== undefined && isSamePerson(reviewer, submitter))) return 'reviewer_is_submitter'
  if ((request.items ?? []).some((item) => !answered.evidenced.includes(item))) return 'items_not_evidenced'
  const earlier = reviews.filter((one) => one.response_digest === answered.digest && one.gate_id === request.gate)
  if (earlier.length > 0 && (decision === 'accepted' || earlier.some((one) => one.decision === 'rejected'))) return 'already_decided'
  return decision === 'accepted' ? expiryRefusal(request.expiresAt, at) : null
}

function expiryRefusal(expiresAt: string, at: string): ReviewRefusal | null {
  const leftMs = Date.parse(expiresAt) - Date.parse(at)
  if (!(leftMs > 0)) return 'expires_not_in_the_future'
  return leftMs > MAX_DAYS * DAY_MS ? 'expires_too_late' : null
}

function toReview({ digest, packetDigest, evidenced }: Answered, request: ReviewRequest): Review {
  const { reviewer, owner, decision, gate, expiresAt, items } = request
  const isEscrow = gate === 'credential_escrow_evidence'
  return {
    reviewer,
    owner,
    gate_id: gate,
    items: items !== null ? [...new Set(items)] : isEscrow ? evidenced : [],
    decision,
    response_digest: digest,
    packet_digest: packetDigest,
    expires_at: expiresAt,
  }
}
