import { z } from 'zod'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import { recordExport } from '../actions/export-packets.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { hasTag, sendTagged, taggedAnswers } from '../answers.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import { packetsPage } from '../exports/packets-page.ts'
import { PACKETS_CSP } from '../exports/packets-style.ts'
import { PACKET_LANGUAGES } from '../exports/packets-words.ts'
import { OwnerPackets, OwnerResponse } from '../schemas/guard-answers.ts'
import { PolicyQuery, PolicyRef, RoundParams } from '../schemas/request-parts.ts'

/** No HEAD: it would record an export of nothing. */
const handsOut = { config: { access: 'read', audit: 'packet_read' }, exposeHeadRoute: false } as const

/**
 * Owner packets of a round, as the command line prints them, and the template of the response. Each body that is given
 * is recorded beside the round before it is given (`packets.exported.v1`), and each asking in the audit trail.
 */
export const packetRoutes: EvidenceRoutes = (app, ports, { cache }) => {
  const packets = { tags: ['packets'], params: RoundParams, querystring: PolicyQuery, response: taggedAnswers({ 'application/json': OwnerPackets }) }
  app.get('/v1/rounds/:id/packets', { ...handsOut, schema: packets }, async (request, reply) => {
    const { id } = request.params
    const judged = await cache.judge(id, request.query.policy)
    const rendered = judged.render('packets', () => jsonText(buildOwnerPackets(judged.input)))
    if (!hasTag(request, rendered.tag)) await recordExport(ports, id, judged.input, buildOwnerPackets(judged.input))
    return sendTagged(request, reply, rendered, { headers: attachment(`${id}-owner-packets.json`) })
  })

  const pageQuery = z.strictObject({ policy: PolicyRef.optional(), lang: z.enum(PACKET_LANGUAGES).default('en').describe('language of the headings') })
  const page = { tags: ['packets'], params: RoundParams, querystring: pageQuery, response: taggedAnswers({ 'text/html': z.string() }) }
  app.get('/v1/rounds/:id/packets.html', { ...handsOut, schema: page }, async (request, reply) => {
    const { id } = request.params
    const { policy, lang } = request.query
    const judged = await cache.judge(id, policy)
    const rendered = judged.render(`packets.${lang}.html`, () => packetsPage(buildOwnerPackets(judged.input), judged.input.summary.integrity, lang))
    if (!hasTag(request, rendered.tag)) await recordExport(ports, id, judged.input, buildOwnerPackets(judged.input))
    return sendTagged(request, reply, rendered, { type: 'text/html; charset=utf-8', headers: { 'content-security-policy': PACKETS_CSP } })
  })

  const template = { tags: ['packets'], params: RoundParams, querystring: PolicyQuery, response: taggedAnswers({ 'application/json': OwnerResponse }) }
  app.get('/v1/rounds/:id/response-template', { config: { access: 'read' }, schema: template }, async (request, reply) => {
    const { id } = request.params
    const judged = await cache.judge(id, request.query.policy)
    const rendered = judged.render('template', () => jsonText(responseTemplate(buildOwnerPackets(judged.input))))
    return sendTagged(request, reply, rendered, { headers: attachment(`${id}-response-template.json`) })
  })
}

/** Round ids are plain words, so a name made of one needs no quoting. */
function attachment(name: string): Record<string, string> {
  return { 'content-disposition': `attachment; filename="${name}"` }
}
