import { z } from 'zod'
import { sha256Digest } from '../../schemas/digest.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { readBundleInput, reviewsOfHistory } from '../actions/read-bundle-input.ts'
import { toRendered } from '../actions/round-cache.ts'
import { sendTagged, taggedAnswers } from '../answers.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import { type Bundle, buildBundle } from '../exports/bundle.ts'
import { toInTotoStatement } from '../exports/in-toto.ts'
import { toOscalResults } from '../exports/oscal.ts'
import type { ApiPorts } from '../ports.ts'
import { PolicyQuery, RoundParams } from '../schemas/request-parts.ts'

const asObject = z.record(z.string(), z.unknown())
const common = { tags: ['exports'], params: RoundParams, querystring: PolicyQuery }

/** A round to take away: as the audit bundle, as an in-toto Statement, as OSCAL assessment-results. */
export const exportRoutes: EvidenceRoutes = (app, ports) => {
  // The owner packets are in it, so handing it out is a read of them. No HEAD: it would make a bundle for nothing.
  const handsOut = { config: { access: 'read', audit: 'packet_read' }, exposeHeadRoute: false } as const
  app.get(
    '/v1/rounds/:id/bundle',
    { ...handsOut, schema: { ...common, response: taggedAnswers({ 'application/x-tar': z.string() }) } },
    async (request, reply) => {
      const { id } = request.params
      const { bytes } = await bundleOf(ports, id, request.query.policy)
      const rendered = { text: bytes, tag: `"${sha256Digest(bytes)}"` }
      return sendTagged(request, reply, rendered, { type: 'application/x-tar', headers: attachment(`${id}.bundle.tar`) })
    },
  )

  app.get(
    '/v1/rounds/:id/in-toto',
    { config: { access: 'read' }, schema: { ...common, response: taggedAnswers({ 'application/json': asObject }) } },
    async (request, reply) => {
      const { id } = request.params
      const statement = toInTotoStatement(await bundleOf(ports, id, request.query.policy))
      return sendTagged(request, reply, toRendered(jsonText(statement)), { headers: attachment(`${id}.in-toto.json`) })
    },
  )

  app.get(
    '/v1/rounds/:id/oscal',
    { config: { access: 'read' }, schema: { ...common, response: taggedAnswers({ 'application/json': asObject }) } },
    async (request, reply) => {
      const { id } = request.params
      const results = toOscalResults(await bundleOf(ports, id, request.query.policy))
      return sendTagged(request, reply, toRendered(jsonText(results)), { headers: attachment(`${id}.oscal.json`) })
    },
  )
}

async function bundleOf({ rounds, history }: ApiPorts, roundId: string, policy: string | undefined): Promise<Bundle> {
  return buildBundle(await readBundleInput(rounds, roundId, policy, reviewsOfHistory(history)))
}

/** Round ids are plain words, so a name made of one needs no quoting. */
function attachment(name: string): Record<string, string> {
  return { 'content-disposition': `attachment; filename="${name}"` }
}
