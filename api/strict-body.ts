import type { FastifyRequest } from 'fastify'
import { parseJsonText } from '../schemas/json-text.ts'
import { HttpError } from './problem.ts'

/**
 * Reads a body as JSON the way the ledger does: UTF-8, no duplicate keys, no lone surrogates, 64 levels at most. Throws
 * `request_invalid`; names of keys are the client's own words, so they are told only where `isPointed`.
 */
export function parseStrictJson(body: Buffer, isPointed = false): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body)
  } catch {
    throw new HttpError('request_invalid', 'the body is not UTF-8')
  }
  const json = parseJsonText(text)
  if (json.ok) return json.value
  const pointer = isPointed ? json.pointer : ''
  throw new HttpError('request_invalid', `the body is refused: ${json.reason}`, { errors: [{ pointer, detail: json.reason }] })
}

type Scope = { addContentTypeParser: (...args: never[]) => unknown; removeAllContentTypeParsers(): void }
type Parser = (request: FastifyRequest, body: Buffer) => Promise<unknown>

/** In this scope bodies are strict JSON, and nothing else is taken. */
export function takeStrictJson(scope: Scope): void {
  takeOnly(scope, 'application/json', async (_request, body) => parseStrictJson(body))
}

/** In this scope bodies of this type (`*`: any) are read so, and nothing else is taken. */
export function takeOnly(scope: Scope, type: string | string[], parse: Parser): void {
  scope.removeAllContentTypeParsers()
  const add = scope.addContentTypeParser as unknown as (type: string | string[], options: { parseAs: 'buffer' }, parse: Parser) => void
  add.call(scope, type, { parseAs: 'buffer' }, parse)
}
