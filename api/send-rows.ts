import { Readable } from 'node:stream'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Page, PageRequest } from '../projector/history-store.ts'
import { jsonText } from './actions/guard-answer.ts'
import { NDJSON_TYPE, pickType, sendFresh } from './answers.ts'

const STREAM_ROWS = 1000

/** `toValue`: a row of the JSON answer; `toLine`: one of the NDJSON answer, without its line end; default: the same as JSON. */
export type RowForms<T> = { readonly toValue: (row: T) => unknown; readonly toLine?: (row: T) => string }

/**
 * A list: as JSON one page of it, `{ rows, next }`; as NDJSON everything from the cursor on, a line a row. The first page
 * is read before anything is sent, so what cannot be answered is a problem; what fails later cuts the connection, which no
 * client can take for the end. Rows are read as the client takes them: a slow one holds a page, not the result.
 */
export async function sendRows<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  query: { readonly limit: number; readonly cursor?: string | undefined },
  ask: (page: PageRequest) => Promise<Page<T>>,
  forms: RowForms<T>,
): Promise<FastifyReply> {
  const isStream = pickType(request, ['application/json', NDJSON_TYPE]) === NDJSON_TYPE && request.method !== 'HEAD'
  const first = await ask({ limit: isStream ? STREAM_ROWS : query.limit, after: query.cursor ?? null })
  reply.header('vary', 'Accept')
  if (!isStream) return sendFresh(reply, jsonText({ rows: first.rows.map(forms.toValue), next: first.next }))
  const toLine = forms.toLine ?? ((row: T) => JSON.stringify(forms.toValue(row)))
  const lines = Readable.from(toLines(first, ask, toLine), { objectMode: false, highWaterMark: 65_536 })
  return reply.header('cache-control', 'no-store').type(NDJSON_TYPE).send(lines)
}

async function* toLines<T>(first: Page<T>, ask: (page: PageRequest) => Promise<Page<T>>, toLine: (row: T) => string): AsyncIterable<string> {
  for (let page = first; ; page = await ask({ limit: STREAM_ROWS, after: page.next })) {
    if (page.rows.length > 0) yield page.rows.map((row) => `${toLine(row)}\n`).join('')
    if (page.next === null) return
  }
}
