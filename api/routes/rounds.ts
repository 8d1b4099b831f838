import { z } from 'zod'
import type { Page, RoundRow as StoredRoundRow } from '../../projector/history-store.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import { RoundId } from '../../schemas/primitives.ts'
import type { Snapshot as RoundSnapshot } from '../../schemas/snapshot.ts'
import { isGreenOverall } from '../../schemas/summary.ts'
import { summaryDigest, summaryText } from '../../schemas/summary-text.ts'
import { diffRounds, rejudgeRound } from '../actions/compare-rounds.ts'
import { jsonText } from '../actions/guard-answer.ts'
import { toJsonRow, toTimeRange } from '../actions/history-json.ts'
import { type RoundCache, toRendered } from '../actions/round-cache.ts'
import { roundText } from '../actions/round-text.ts'
import { answers, NDJSON_TYPE, pickType, sendFresh, sendTagged, TEXT_TYPE, taggedAnswers } from '../answers.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import { NoQuery, PageQuery, PolicyQuery, PolicyRef, RoundParams, RoundsQuery } from '../schemas/request-parts.ts'
import { Checks, Diff, Estates, Rejudged, Round, RoundRow, rowsOf, Snapshot, UnfinishedRow } from '../schemas/round-answers.ts'
import { sendRows } from '../send-rows.ts'

const read = { access: 'read', cached: true } as const
const text = z.string()
const TWO_FORMS = ['application/json', 'text/plain'] as const

/** Rounds: lists of them, one with everything concluded about it, two compared. */
export const roundRoutes: EvidenceRoutes = (app, ports, { cache }) => {
  const { history } = ports
  const judge = async (id: string, policy?: string): Promise<RoundSnapshot> => (await cache.judge(id, policy)).snapshot

  app.get(
    '/v1/estates',
    { config: read, schema: { tags: ['rounds'], querystring: NoQuery, response: answers({ 'application/json': Estates }) } },
    async (_request, reply) => {
      const known = await history.estates()
      const named = ports.estates
        .filter(({ id }) => !known.some((one) => one.id === id))
        .map(({ id }) => ({ id, lastOpenedAt: null, lastOverall: null, rounds: 0 }))
      const rows = [...known, ...named].sort((a, b) => (a.id < b.id ? -1 : 1))
      return sendFresh(reply, jsonText(rows.map((row) => ({ ...toJsonRow(row), configured: ports.estates.some(({ id }) => id === row.id) }))))
    },
  )

  const list = { tags: ['rounds'], querystring: RoundsQuery, response: answers({ 'application/json': rowsOf(RoundRow), [NDJSON_TYPE]: text }) }
  app.get('/v1/rounds', { config: read, schema: list }, async (request, reply) => {
    const { limit, cursor, from, to, estate, overall, integrity } = request.query
    const exact = Object.entries({ estate, overall, integrity }).filter(([, value]) => value !== undefined)
    const filter = { ...toTimeRange({ from, to }), ...Object.fromEntries(exact) }
    return sendRows<StoredRoundRow>(request, reply, { limit, cursor }, (page) => history.rounds(filter, page), { toValue: toJsonRow })
  })

  const open = { tags: ['rounds'], querystring: PageQuery, response: answers({ 'application/json': rowsOf(UnfinishedRow), [NDJSON_TYPE]: text }) }
  app.get('/v1/rounds/unfinished', { config: read, schema: open }, async (request, reply) =>
    sendRows(request, reply, request.query, async (page) => judgeUnfinished(cache, await history.unfinished(page)), { toValue: (row) => row }),
  )

  const one = <T extends z.ZodType>(answer: Record<string, z.ZodType>, querystring: T) => ({
    tags: ['rounds'],
    params: RoundParams,
    querystring,
    response: taggedAnswers(answer),
  })
  app.get('/v1/rounds/:id', { config: read, schema: one({ 'application/json': Round }, NoQuery) }, async (request, reply) => {
    const judged = await cache.judge(request.params.id)
    return sendTagged(
      request,
      reply,
      judged.render('round', () => jsonText(toRound(judged.snapshot))),
    )
  })

  app.get(
    '/v1/rounds/:id/snapshot',
    { config: read, schema: one({ 'application/json': Snapshot, 'text/plain': text }, PolicyQuery) },
    async (request, reply) => {
      const type = pickType(request, TWO_FORMS)
      const judged = await cache.judge(request.params.id, request.query.policy)
      const isYes = isGreenOverall(judged.snapshot.summary.OVERALL_DECLARATION)
      if (type === 'text/plain')
        return sendTagged(
          request,
          reply,
          judged.render('snapshot.txt', () => roundText(judged.snapshot)),
          { type: TEXT_TYPE, isYes },
        )
      return sendTagged(
        request,
        reply,
        judged.render('snapshot.json', () => jsonText(judged.snapshot)),
        { isYes },
      )
    },
  )

  app.get('/v1/rounds/:id/checks', { config: read, schema: one({ 'application/json': Checks }, PolicyQuery) }, async (request, reply) => {
    const judged = await cache.judge(request.params.id, request.query.policy)
    const { checks, gates, first_blocked_gate } = judged.snapshot
    return sendTagged(
      request,
      reply,
      judged.render('checks', () => jsonText({ checks, gates, first_blocked_gate })),
    )
  })

  app.get('/v1/rounds/:id/summary.txt', { config: read, schema: one({ 'text/plain': text }, PolicyQuery) }, async (request, reply) => {
    const judged = await cache.judge(request.params.id, request.query.policy)
    const headers = { 'content-disposition': 'inline; filename="summary.txt"' }
    return sendTagged(
      request,
      reply,
      judged.render('summary', () => summaryText(judged.snapshot.summary)),
      { type: 'text/plain; charset=us-ascii', headers },
    )
  })

  const rejudge = one({ 'application/json': Rejudged, 'text/plain': text }, z.strictObject({ policy: PolicyRef }))
  app.get('/v1/rounds/:id/rejudge', { config: read, schema: rejudge }, async (request, reply) => {
    const type = pickType(request, TWO_FORMS)
    const { value, text: told, isYes } = await rejudgeRound(judge, request.params.id, request.query.policy)
    return type === 'text/plain'
      ? sendTagged(request, reply, toRendered(told), { type: TEXT_TYPE, isYes })
      : sendTagged(request, reply, toRendered(jsonText(value)), { isYes })
  })

  const pair = { ...one({ 'application/json': Diff, 'text/plain': text }, NoQuery), params: z.strictObject({ a: RoundId, b: RoundId }) }
  app.get('/v1/rounds/:a/diff/:b', { config: read, schema: pair }, async (request, reply) => {
    const type = pickType(request, TWO_FORMS)
    const { value, text: told, isYes } = await diffRounds(judge, request.params.a, request.params.b)
    return type === 'text/plain'
      ? sendTagged(request, reply, toRendered(told), { type: TEXT_TYPE, isYes })
      : sendTagged(request, reply, toRendered(jsonText(value)), { isYes })
  })
}

function toRound(snapshot: RoundSnapshot): z.infer<typeof Round> {
  const { evidence, summary } = snapshot
  return {
    artifact_id: snapshot.artifact_id,
    estate: snapshot.estate.id,
    opened_at: snapshot.opened_at,
    sealed_at: snapshot.sealed_at,
    policy_version: snapshot.policy_version,
    overall: summary.OVERALL_DECLARATION ?? 'unknown',
    integrity: evidence.integrity,
    integrity_reasons: evidence.integrity_reasons,
    evidence_root: evidence.root,
    evidence_count: evidence.count,
    snapshot_digest: canonicalDigest(snapshot),
    summary_digest: summaryDigest(summary),
  }
}

type Unfinished = z.infer<typeof UnfinishedRow>

/** What is wrong with each: it is open, or its root does not fit. */
async function judgeUnfinished(cache: RoundCache, page: Page<{ artifactId: string; openedAt: string }>): Promise<Page<Unfinished>> {
  const rows: Unfinished[] = []
  for (const { artifactId, openedAt } of page.rows) {
    const { snapshot } = await cache.judge(artifactId)
    rows.push({
      artifact_id: artifactId,
      opened_at: openedAt,
      integrity: snapshot.evidence.integrity,
      overall: snapshot.summary.OVERALL_DECLARATION ?? 'unknown',
    })
  }
  return { rows, next: page.next }
}
