import path from 'node:path'
import { z } from 'zod'
import { type LoadedEstate, loadEstate } from '../../producers/estate-file.ts'
import { Part } from '../../schemas/check-base.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { Count, GateId, RoundId, Slug } from '../../schemas/primitives.ts'
import { escrowOfRound } from '../actions/escrow-of-round.ts'
import { escrowAnswer } from '../actions/escrow-standing.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { dryRunEscrow, type MarkPorts, markEscrow } from '../actions/mark-escrow.ts'
import { assertMarkerFolder, writeMarker } from '../actions/write-marker.ts'
import { answers, sendFresh } from '../answers.ts'
import { decidedRounds } from '../decided-rounds.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import type { ApiPorts } from '../ports.ts'
import { HttpError } from '../problem.ts'
import type { ApiInstance } from '../route-group.ts'
import { NoQuery, PolicyRef } from '../schemas/request-parts.ts'
import { takeStrictJson } from '../strict-body.ts'

const BODY_BYTES = 65_536

const RunBody = z.strictObject({
  estate: Slug.describe('an estate that was named at the start of the service'),
  policy: PolicyRef.optional(),
  only: z.array(GateId).min(1).max(100).optional().describe('look only at these gates'),
  skip: z.array(Part).max(50).optional().describe('skip these parts'),
})
const Started = z.strictObject({ artifact_id: RoundId, live: z.string() })

const MarkBody = z.strictObject({
  item: z.string().min(1).max(64),
  evidence_id: z.string().min(1).max(500).describe('id of an existing record outside; never a secret'),
  estate: Slug.optional().describe('where several were named at the start: the one whose items and inventory count'),
})
const Marked = z.strictObject({ item: z.string(), dry_run: z.boolean(), marker_written: z.boolean(), reason: z.null(), runtime_gate: z.literal(0) })

const EscrowQuery = z.strictObject({ round: RoundId.optional(), estate: z.string().min(1).max(200).optional() })
const Escrow = z.strictObject({
  artifact_id: z.string().nullable(),
  looks: z.array(z.strictObject({ check: z.string(), outcome: z.string() })),
  items: z.array(
    z.strictObject({
      item: z.string(),
      marker: z.string(),
      review_accepted_until: z.string().nullable(),
      missing: z.boolean(),
      level: z.enum(['PASS', 'WARN', 'BLOCKED']),
    }),
  ),
  escrow_missing_count: Count,
  runtime_gate: z.literal(0),
})

/** What operators and owners do: run a round, and mark items in escrow. */
export const operationRoutes: EvidenceRoutes = (app, ports, { runs }, config) => {
  const status = { tags: ['escrow'], querystring: EscrowQuery, response: answers({ 'application/json': Escrow }) }
  app.get('/v1/escrow', { config: { access: 'read' }, schema: status }, async (request, reply) => {
    const roundId = await roundAskedFor(ports, request.query)
    const { value, isYes } = escrowAnswer(await escrowOfRound(ports.rounds, roundId, null), roundId)
    return sendFresh(reply, jsonText(value), { isYes })
  })

  app.register(async (plain) => {
    takeStrictJson(plain)
    const scope = plain as unknown as ApiInstance

    const run = { tags: ['rounds'], querystring: NoQuery, body: RunBody, response: answers({ 'application/json': Started }, 202) }
    scope.post('/v1/rounds', { config: { access: 'operate' }, bodyLimit: Math.min(BODY_BYTES, config.max_body_bytes), schema: run }, async (request, reply) => {
      const { estate, ...asked } = request.body
      const id = await runs.start(named(ports, estate), { ...asked, operator: request.principal.subject })
      return sendFresh(reply, jsonText({ artifact_id: id, live: `/v1/events/live?round=${id}` }), { status: 202, headers: { location: `/v1/rounds/${id}` } })
    })

    const mark = { tags: ['escrow'], querystring: NoQuery, body: MarkBody, response: answers({ 'application/json': Marked }, 201) }
    scope.post(
      '/v1/escrow/dry-runs',
      { config: { access: 'operate' }, bodyLimit: Math.min(BODY_BYTES, config.max_body_bytes), schema: mark },
      async (request, reply) => {
        const { item, evidence_id: evidenceId, estate } = request.body
        const loaded = await estateOf(ports, estate)
        const { value } = await dryRunEscrow(
          markPorts(ports, loaded, async () => undefined),
          { item, evidenceId },
        )
        return sendFresh(reply, jsonText(value), { status: 201 })
      },
    )

    scope.post(
      '/v1/escrow/markers',
      { config: { access: 'own' }, bodyLimit: Math.min(BODY_BYTES, config.max_body_bytes), schema: mark },
      async (request, reply) => {
        const { item, evidence_id: evidenceId, estate } = request.body
        const loaded = await estateOf(ports, estate)
        const folder = markerFolder(loaded)
        const marking = markPorts(ports, loaded, () => assertMarkerFolder(folder, 'the escrow check'))
        const { value, isYes } = await markEscrow({ ...marking, writeMarker: (marker) => writeMarker(folder, marker) }, { item, evidenceId })
        if (!isYes) throw new HttpError('precondition_failed', 'no dry run of this item and evidence id has passed')
        return sendFresh(reply, jsonText(value), { status: 201 })
      },
    )
  })
}

async function roundAskedFor({ history, now }: ApiPorts, { round, estate }: z.infer<typeof EscrowQuery>): Promise<string> {
  if ((round === undefined) === (estate === undefined)) throw new HttpError('request_invalid', 'name a round or an estate, one of them')
  if (round !== undefined) return round
  const snapshot = await history.asOf(estate as string, now().toISOString())
  if (snapshot === null) throw new EvidenceError('round_unknown', 'this estate has no finished round')
  return snapshot.artifact_id
}

function named({ estates }: ApiPorts, id: string): ApiPorts['estates'][number] {
  const found = estates.find((one) => one.id === id)
  if (found === undefined) throw new HttpError('not_found', 'no estate of this id was named at the start of the service')
  return found
}

/** The estate whose items may be marked; null where the service knows none: then they are the runbook's. */
async function estateOf(ports: ApiPorts, id: string | undefined): Promise<LoadedEstate | null> {
  if (id === undefined && ports.estates.length > 1) throw new HttpError('request_invalid', 'name the estate: the service knows several')
  const one = id === undefined ? ports.estates[0] : named(ports, id)
  return one === undefined ? null : loadEstate(one.file)
}

function markPorts(ports: ApiPorts, loaded: LoadedEstate | null, assertFolder: () => Promise<void>): MarkPorts {
  const { ledger, source, now, newId } = ports
  const items = loaded === null ? null : (loaded.estate.sections.escrow?.items ?? [])
  return { ledger, source, now, newId, rounds: decidedRounds(ports), items, assertFolder }
}

/**
 * The folder that the estate's own escrow check looks at on this machine: a marker anywhere else would never be seen.
 * A folder is never named by a request.
 */
function markerFolder(loaded: LoadedEstate | null): string {
  const { hosts = [], checks = [], sections } = loaded?.estate ?? {}
  const local = (host: string | undefined): boolean => host === undefined || hosts.some(({ id, transport }) => id === host && transport === 'local')
  const inventory = sections?.escrow?.inventory ?? []
  const folders = checks.flatMap((check) =>
    check.kind === 'escrow' && inventory.includes(check.id) && local(check.host) && path.isAbsolute(check.path) ? [check.path] : [],
  )
  const [folder] = folders
  if (folder === undefined)
    throw new HttpError('precondition_failed', 'no estate of this service keeps markers in a folder of this machine; use `evidence escrow mark` there')
  return folder
}
