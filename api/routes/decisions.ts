import { z } from 'zod'
import { MAX_RESPONSE_BYTES } from '../../guards/preflight.ts'
import { REVIEW_REFUSALS, type ReviewRefusal } from '../../guards/review.ts'
import { EVENT_TYPES } from '../../schemas/event.ts'
import { OwnerGateId, RoundId } from '../../schemas/primitives.ts'
import { MAX_PACKET_BYTES } from '../actions/answer-contract.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { type ReviewGiven, recordReview } from '../actions/record-review.ts'
import { answers, sendFresh } from '../answers.ts'
import { decidedRounds } from '../decided-rounds.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import { HttpError } from '../problem.ts'
import type { ApiInstance } from '../route-group.ts'
import { NoQuery, RoundParams } from '../schemas/request-parts.ts'
import { takeStrictJson } from '../strict-body.ts'

const asBase64 = (bytes: number): number => Math.ceil(bytes / 3) * 4
const BODY_BYTES = asBase64(MAX_RESPONSE_BYTES) + asBase64(MAX_PACKET_BYTES) + 16_384

/** The reviewer is not in it: that is whoever is asking. */
const ReviewBody = z.strictObject({
  gate: OwnerGateId,
  decision: z.enum(['accepted', 'rejected']),
  owner: z.string().min(1).max(120).describe('owner_id of the response'),
  expires: z.string().max(40).optional().describe('first day or moment (UTC) that an acceptance no longer counts; at most 366 days ahead'),
  items: z.array(z.string().min(1).max(64)).max(50).optional().describe('only these items; default: all that the response evidences'),
  response: z.base64().max(asBase64(MAX_RESPONSE_BYTES)).describe('exactly the bytes that were preflighted, in base64; they are not kept'),
  packets: z.base64().max(asBase64(MAX_PACKET_BYTES)).optional().describe('also check that this is the packet file of the round'),
})
const Recorded = z.strictObject({
  artifact_id: RoundId,
  recorded: z.literal(true),
  runtime_gate: z.literal(0),
  reason: z.null(),
  review: EVENT_TYPES['review.recorded.v1'],
})

const NOT_INDEPENDENT: ReadonlySet<string> = new Set<ReviewRefusal>(['reviewer_is_owner', 'reviewer_is_operator', 'reviewer_is_submitter'])

/** The word of an independent reviewer (contract §5, Review). */
export const decisionRoutes: EvidenceRoutes = (app, ports, { cache }, config) => {
  app.register(async (plain) => {
    takeStrictJson(plain)
    const scope = plain as unknown as ApiInstance
    const schema = { tags: ['reviews'], params: RoundParams, querystring: NoQuery, body: ReviewBody, response: answers({ 'application/json': Recorded }, 201) }
    scope.post(
      '/v1/rounds/:id/reviews',
      { config: { access: 'review' }, bodyLimit: Math.min(BODY_BYTES, config.max_body_bytes), schema },
      async (request, reply) => {
        const { id } = request.params
        const { input } = await cache.judge(id)
        const { ledger, source, now, newId } = ports
        const given = toGiven(request.body, request.principal.subject)
        const response = Buffer.from(request.body.response, 'base64')
        const { value, isYes } = await recordReview(
          { ledger, source, now, newId, rounds: decidedRounds(ports) },
          id,
          input,
          response,
          given,
          now().toISOString(),
        )
        if (!isYes) throw refusal((value as { reason: ReviewRefusal }).reason)
        return sendFresh(reply, jsonText(value), { status: 201 })
      },
    )
  })
}

function toGiven({ packets, response: _response, items, ...body }: z.infer<typeof ReviewBody>, reviewer: string): ReviewGiven {
  return {
    ...body,
    expires: body.expires,
    reviewer,
    items: items ?? null,
    packetText: packets === undefined ? null : Buffer.from(packets, 'base64').toString('utf8'),
    names: { reviewer: 'the subject of the reviewer', owner: 'owner', expires: 'expires' },
  }
}

/** A review that is refused is an error: nobody may take it for one that was recorded. */
function refusal(reason: ReviewRefusal): HttpError {
  const detail = `${reason}: ${REVIEW_REFUSALS[reason]}`
  const errors = [{ pointer: '', detail: reason }]
  return NOT_INDEPENDENT.has(reason)
    ? new HttpError('forbidden', detail, { errors, refusal: 'same_person' })
    : new HttpError('review_refused', detail, { errors })
}
