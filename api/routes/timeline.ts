import { z } from 'zod'
import { timelineText } from '../../guards/timeline.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { toRendered } from '../actions/round-cache.ts'
import { readBootedRound, timelineOf } from '../actions/round-timeline.ts'
import { pickType, sendTagged, TEXT_TYPE, taggedAnswers } from '../answers.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import { TimelineResult } from '../schemas/guard-answers.ts'
import { PolicyRef, RoundParams } from '../schemas/request-parts.ts'

const TimelineQuery = z.strictObject({
  policy: PolicyRef.optional(),
  since: z.string().min(1).max(40).optional().describe('power-on or reboot with its offset, such as 2026-06-27T11:05:00+08:00; default: the newest boot'),
})

/** The timeline guard over HTTP: the bytes of the command line. It decides nothing and records nothing. */
export const timelineRoutes: EvidenceRoutes = (app, ports) => {
  const forms = { 'application/json': TimelineResult, 'text/plain': z.string() }
  const schema = { tags: ['guards'], params: RoundParams, querystring: TimelineQuery, response: taggedAnswers(forms) }
  app.get('/v1/rounds/:id/guards/timeline', { config: { access: 'read' }, schema }, async (request, reply) => {
    const type = pickType(request, ['application/json', 'text/plain'])
    const { policy, since } = request.query
    const result = timelineOf(await readBootedRound(ports.rounds, request.params.id, policy), since)
    const isYes = result.layer === 'FULL_STACK_GREEN'
    const told = type === 'text/plain' ? timelineText(result) : jsonText(result)
    return sendTagged(request, reply, toRendered(told), type === 'text/plain' ? { type: TEXT_TYPE, isYes } : { isYes })
  })
}
