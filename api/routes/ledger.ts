import { z } from 'zod'
import { VERSIONS } from '../../projector/policies.ts'
import { DECLARATIONS } from '../../schemas/declarations.ts'
import { EVENT_TYPES } from '../../schemas/event.ts'
import { Count, Uuid7 } from '../../schemas/primitives.ts'
import { OVERALL_ORDER, SUMMARY_KEYS } from '../../schemas/summary.ts'
import { ROLES } from '../access/principal.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { ledgerStats } from '../actions/ledger-stats.ts'
import { toRendered } from '../actions/round-cache.ts'
import { answers, sendFresh, sendTagged, taggedAnswers } from '../answers.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import { HttpError } from '../problem.ts'
import { NoQuery } from '../schemas/request-parts.ts'
import type { Verification } from '../verifications.ts'

const config = { access: 'read' } as const
const Text = z.string()

const Stats = z.strictObject({
  events: Count,
  rounds: Count,
  sealedRounds: Count,
  lastPosition: Count,
  bytes: Count,
  relay: z.array(z.strictObject({ target: Text, position: Count, lag: z.int() })),
})
const VerificationState = z.strictObject({
  id: Text,
  state: z.enum(['running', 'verified', 'damaged', 'failed']),
  checked: Count,
  total: Count,
  problems: z.array(z.strictObject({ code: Text, position: Count.nullable(), round_id: Text.nullable(), message: Text })),
  code: Text.nullable().describe('why it could not tell, where it has failed'),
  head: z
    .strictObject({ position: Count, chain: Text })
    .nullable()
    .describe('hash over everything up to the last event of a verified ledger: note it down elsewhere'),
})
const Policies = z.array(z.strictObject({ version: Text, changes: z.record(Text, z.union([z.boolean(), z.number(), z.null()])), source: Text }))
const Catalogue = z.strictObject({
  declarations: z.array(Text),
  summary_keys: z.array(Text),
  overall: z.array(Text),
  event_types: z.array(Text),
  policies: z.array(Text),
})
const Me = z.strictObject({
  subject: Text,
  roles: z.array(z.enum(ROLES)),
  via: z.enum(['loopback', 'token', 'oidc']),
  auth: z.enum(['off', 'token', 'oidc', 'token+oidc']),
})

/** The ledger as a whole, what the program knows by name, and who is asking. */
export const ledgerRoutes: EvidenceRoutes = (app, ports, { verifications }) => {
  app.get(
    '/v1/ledger/stats',
    { config, schema: { tags: ['ledger'], querystring: NoQuery, response: answers({ 'application/json': Stats }) } },
    async (_request, reply) => sendFresh(reply, jsonText(await ledgerStats(ports.ledger, ports.ledgerFile))),
  )

  const start = { tags: ['ledger'], querystring: NoQuery, response: answers({ 'application/json': VerificationState }, 202) }
  app.post('/v1/ledger/verifications', { config, schema: start }, async (_request, reply) => {
    if (verifications === null) throw new HttpError('not_found', 'the ledger of this service is no file; its topic is proved by the projector')
    const verification = verifications.start((await ports.ledger.stats()).lastPosition)
    return sendFresh(reply, toText(verification), { status: 202, headers: { location: `/v1/ledger/verifications/${verification.id}` } })
  })

  const one = { tags: ['ledger'], params: z.strictObject({ id: Uuid7 }), querystring: NoQuery, response: answers({ 'application/json': VerificationState }) }
  app.get('/v1/ledger/verifications/:id', { config, schema: one }, async (request, reply) => {
    const found = verifications?.find(request.params.id) ?? null
    if (found === null) throw new HttpError('not_found', 'no verification of this id; the last twenty since the service started are known')
    return sendFresh(reply, toText(found))
  })

  const policies = toRendered(jsonText(VERSIONS))
  app.get(
    '/v1/policies',
    { config, schema: { tags: ['catalogue'], querystring: NoQuery, response: taggedAnswers({ 'application/json': Policies }) } },
    async (request, reply) => sendTagged(request, reply, policies),
  )

  const catalogue = toRendered(
    jsonText({
      declarations: DECLARATIONS,
      summary_keys: Object.keys(SUMMARY_KEYS),
      overall: OVERALL_ORDER,
      event_types: Object.keys(EVENT_TYPES),
      policies: VERSIONS.map(({ version }) => `sop@${version}`),
    }),
  )
  app.get(
    '/v1/catalogue',
    { config, schema: { tags: ['catalogue'], querystring: NoQuery, response: taggedAnswers({ 'application/json': Catalogue }) } },
    async (request, reply) => sendTagged(request, reply, catalogue),
  )

  app.get(
    '/v1/me',
    { config: { access: 'known' }, schema: { tags: ['access'], querystring: NoQuery, response: answers({ 'application/json': Me }) } },
    async (request, reply) => {
      const { subject, roles, via } = request.principal
      return sendFresh(reply, jsonText({ subject, roles, via, auth: ports.access.auth }))
    },
  )
}

function toText(verification: Verification): string {
  return jsonText(verification)
}
