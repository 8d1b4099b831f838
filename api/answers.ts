import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { HttpError, Problem } from './problem.ts'

export const JSON_TYPE = 'application/json; charset=utf-8'
export const TEXT_TYPE = 'text/plain; charset=utf-8'
export const NDJSON_TYPE = 'application/x-ndjson'

/** What a route answers, for the description of the API: the body of a 200 by media type, and a problem for all errors. */
export function answers(content: Readonly<Record<string, z.ZodType>>, status: 200 | 201 | 202 = 200) {
  const media = Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]))
  return { [status]: { description: 'the answer', content: media }, default: problems() }
}

/** As `answers`, for a body with an entity tag. */
export function taggedAnswers(content: Readonly<Record<string, z.ZodType>>) {
  return { ...answers(content), 304: z.null().describe('not modified: the tag is one of If-None-Match') }
}

function problems() {
  return { description: 'an error', content: { 'application/problem+json': { schema: Problem } } }
}

/** The first of our media types that the client takes with the highest weight; without an Accept header the first. Throws `not_acceptable`. */
export function pickType<T extends string>({ headers }: FastifyRequest, ours: readonly [T, ...T[]]): T {
  const accept = headers.accept
  if (accept === undefined || accept.trim() === '') return ours[0]
  const wanted = accept.split(',').map(toRange)
  const weights = ours.map((type) => weightOf(type, wanted))
  const best = Math.max(...weights)
  if (!(best > 0)) throw new HttpError('not_acceptable', `this address answers as ${ours.join(', ')}`)
  return ours[weights.indexOf(best)] as T
}

type Range = { type: string; weight: number }

function toRange(text: string): Range {
  const [type = '', ...params] = text.split(';').map((part) => part.trim().toLowerCase())
  const weight = params.find((one) => one.startsWith('q='))?.slice(2)
  return { type, weight: weight === undefined ? 1 : Number(weight) || 0 }
}

/** The most specific range counts (RFC 9110 §12.5.1). */
function weightOf(type: string, wanted: readonly Range[]): number {
  for (const range of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const found = wanted.find((one) => one.type === range)
    if (found !== undefined) return found.weight
  }
  return 0
}

/** What else belongs to a tagged answer. `isYes`: the answer of the program, as exit code 0 or 1 on the command line. */
export type TaggedOptions = { readonly type?: string; readonly isYes?: boolean; readonly headers?: Readonly<Record<string, string>> }

/** Sends what its tag names; 304 where the client has it. */
export function sendTagged(
  request: FastifyRequest,
  reply: FastifyReply,
  { text, tag }: { text: string | Uint8Array; tag: string },
  options: TaggedOptions = {},
): FastifyReply {
  reply.headers({ etag: tag, 'cache-control': 'private, no-cache', vary: 'Accept', ...answerHeader(options.isYes), ...options.headers })
  if (hasTag(request, tag)) return reply.code(304).send()
  return reply.type(options.type ?? JSON_TYPE).send(text instanceof Uint8Array ? Buffer.from(text.buffer, text.byteOffset, text.byteLength) : text)
}

/** True where the client says that it has this (RFC 9110 §13.1.2, weak comparison). */
export function hasTag({ headers }: FastifyRequest, tag: string): boolean {
  const bare = (one: string): string => one.trim().replace(/^W\//, '')
  const given = headers['if-none-match']?.split(',') ?? []
  return given.some((one) => one.trim() === '*' || bare(one) === bare(tag))
}

/** Sends a text that nobody may keep. */
export function sendFresh(reply: FastifyReply, text: string, options: TaggedOptions & { readonly status?: number } = {}): FastifyReply {
  return reply
    .code(options.status ?? 200)
    .headers({ 'cache-control': 'no-store', ...answerHeader(options.isYes), ...options.headers })
    .type(options.type ?? JSON_TYPE)
    .send(text)
}

function answerHeader(isYes: boolean | undefined): Record<string, string> {
  return isYes === undefined ? {} : { 'evidence-answer': isYes ? 'yes' : 'no' }
}
