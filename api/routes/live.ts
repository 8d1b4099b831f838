import { Readable } from 'node:stream'
import { z } from 'zod'
import { RoundId } from '../../schemas/primitives.ts'
import { answers } from '../answers.ts'
import type { EvidenceRoutes } from '../evidence-services.ts'
import { liveFrames } from '../live-frames.ts'
import { HttpError } from '../problem.ts'
import { withoutStalling } from '../without-stalling.ts'

/** A reader that takes nothing for so long is cut, so that it holds no place of others; it may resume. */
const STALL_MS = 30_000

const position = z.string().regex(/^(0|[1-9]\d{0,14})$/, 'not a position of the ledger')
const Query = z.strictObject({
  round: RoundId.optional().describe('only events of this round'),
  after: position.optional().describe('go on behind this position; Last-Event-ID counts before it'),
})

/** Events as they come, as server-sent events: one loop over the ledger for all readers. */
export const liveRoutes: EvidenceRoutes = (app, ports, { feed }) => {
  const schema = { tags: ['events'], querystring: Query, response: answers({ 'text/event-stream': z.string() }) }
  app.get('/v1/events/live', { config: { access: 'read' }, exposeHeadRoute: false, schema }, async (request, reply) => {
    const after = lastEventId(request.headers['last-event-id']) ?? request.query.after
    const question = { roundId: request.query.round ?? null, after: after === undefined ? null : Number(after) }
    const reader = app.liveReaders.enter(() => request.mayStill())
    const gone = new AbortController()
    reply.raw.once('close', () => {
      gone.abort()
      reader.leave()
    })
    try {
      // The first step reads the ledger: what is wrong there is a problem and no broken stream.
      await feed.join()
    } catch (error) {
      reader.leave()
      throw error
    }
    const frames = liveFrames(feed, ports.ledger, question, AbortSignal.any([reader.signal, gone.signal]))
    const stream = Readable.from(
      withoutStalling(frames, () => reply.raw.destroy(), STALL_MS),
      { objectMode: false, highWaterMark: 65_536 },
    )
    return reply.headers({ 'cache-control': 'no-store', 'x-accel-buffering': 'no' }).type('text/event-stream; charset=utf-8').send(stream)
  })
}

function lastEventId(header: string | string[] | undefined): string | undefined {
  if (header === undefined || header === '') return undefined
  if (typeof header === 'string' && position.safeParse(header).success) return header
  throw new HttpError('request_invalid', 'Last-Event-ID is not a position of the ledger')
}
