import { z } from 'zod'
import { refusedDeclarations } from '../../guards/declaration.ts'
import { MAX_RESPONSE_BYTES, preflightText } from '../../guards/preflight.ts'
import { answerContract, MAX_PACKET_BYTES } from '../actions/answer-contract.ts'
import { answerDeclaration } from '../actions/answer-declaration.ts'
import { answerDispatch } from '../actions/answer-dispatch.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { preflightOfRound, recordPreflight } from '../actions/preflight-response.ts'
import { recordGuard } from '../actions/record-decision.ts'
import { answers, pickType, sendFresh, sendTagged, TEXT_TYPE, taggedAnswers } from '../answers.ts'
import { decidedRounds } from '../decided-rounds.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import type { ApiInstance } from '../route-group.ts'
import { ContractResult, DeclarationResult, DispatchResult, PreflightResult } from '../schemas/guard-answers.ts'
import { NoQuery, PolicyQuery, PolicyRef, RoundParams } from '../schemas/request-parts.ts'
import { takeOnly } from '../strict-body.ts'

const text = z.string()
const TWO_FORMS = ['application/json', 'text/plain'] as const
const NAMES = 50

const DeclarationQuery = z.strictObject({
  policy: PolicyRef.optional(),
  declare: z
    .union([z.string().max(100), z.array(z.string().max(100)).max(NAMES)])
    .transform((given) => [given].flat())
    .optional()
    .describe('Evidence-Answer is yes only where this declaration is allowed; repeatable'),
})
const forms = (schema: z.ZodType) => ({ 'application/json': schema, 'text/plain': text })

/** The guards over HTTP: the same functions and the same bytes as on the command line. `Evidence-Answer` is its exit code. */
export const guardRoutes: EvidenceRoutes = (app, ports, { cache }, config) => {
  const read = { access: 'read' } as const
  const declaration = { tags: ['guards'], params: RoundParams, querystring: DeclarationQuery, response: taggedAnswers(forms(DeclarationResult)) }
  app.get('/v1/rounds/:id/guards/declaration', { config: read, schema: declaration }, async (request, reply) => {
    const type = pickType(request, TWO_FORMS)
    const judged = await cache.judge(request.params.id, request.query.policy)
    const { result, text: told } = answerDeclaration(judged.input, [])
    const isYes = result.status === 'ok' && refusedDeclarations(result, request.query.declare ?? []).length === 0
    if (type === 'text/plain')
      return sendTagged(
        request,
        reply,
        judged.render('declaration.txt', () => told),
        { type: TEXT_TYPE, isYes },
      )
    return sendTagged(
      request,
      reply,
      judged.render('declaration.json', () => jsonText(result)),
      { isYes },
    )
  })

  const dispatch = { tags: ['guards'], params: RoundParams, querystring: PolicyQuery, response: taggedAnswers(forms(DispatchResult)) }
  app.get('/v1/rounds/:id/guards/dispatch', { config: read, schema: dispatch }, async (request, reply) => {
    const type = pickType(request, TWO_FORMS)
    const judged = await cache.judge(request.params.id, request.query.policy)
    const { result, text: told, isYes } = answerDispatch(judged.input)
    if (type === 'text/plain')
      return sendTagged(
        request,
        reply,
        judged.render('dispatch.txt', () => told),
        { type: TEXT_TYPE, isYes },
      )
    return sendTagged(
      request,
      reply,
      judged.render('dispatch.json', () => jsonText(result)),
      { isYes },
    )
  })

  // A scope of its own: these bodies are files, and are taken as the bytes they are.
  app.register(async (plain) => {
    takeOnly(plain, '*', async (_request, body) => body)
    const scope = plain as unknown as ApiInstance

    const contract = {
      tags: ['guards'],
      params: RoundParams,
      querystring: NoQuery,
      consumes: ['application/json'],
      body: z.instanceof(Buffer).nullish().describe('a packet file as it is'),
      response: answers(forms(ContractResult)),
    }
    scope.post(
      '/v1/rounds/:id/guards/contract',
      { config: read, bodyLimit: Math.min(MAX_PACKET_BYTES, config.max_body_bytes), schema: contract },
      async (request, reply) => {
        const type = pickType(request, TWO_FORMS)
        const { id } = request.params
        const { input } = await cache.judge(id)
        const answer = answerContract(input, request.body ?? Buffer.alloc(0))
        await recordGuard(ports, id, input, answer)
        return sendFresh(reply, type === 'text/plain' ? answer.text : jsonText(answer.result), {
          isYes: answer.isYes,
          ...(type === 'text/plain' ? { type: TEXT_TYPE } : {}),
        })
      },
    )

    const file = z.instanceof(Buffer).nullish().describe('what an owner sent back, as it is; of any content type')
    const preflight = { ...contract, consumes: ['application/json', 'application/octet-stream'], body: file, response: answers(forms(PreflightResult)) }
    scope.post(
      '/v1/rounds/:id/guards/preflight',
      { config: { access: 'own' }, bodyLimit: Math.min(MAX_RESPONSE_BYTES, config.max_body_bytes), schema: preflight },
      async (request, reply) => {
        const type = pickType(request, TWO_FORMS)
        const { id } = request.params
        const { input } = await cache.judge(id)
        const result = await preflightOfRound(decidedRounds(ports), id, input, request.body ?? null, ports.now().toISOString())
        await recordPreflight(ports, id, result, request.principal.subject)
        return sendFresh(reply, type === 'text/plain' ? preflightText(result) : jsonText(result), {
          isYes: result.ok,
          ...(type === 'text/plain' ? { type: TEXT_TYPE } : {}),
        })
      },
    )
  })
}
