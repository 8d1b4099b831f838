import type { Json } from '../../schemas/canonical-json.ts'
import { parseJsonText } from '../../schemas/json-text.ts'
import { ProbeFailure } from '../transport.ts'
import { exchangeHttp, type HttpAsk } from './http-exchange.ts'
import { toUtf8Text } from './utf8-text.ts'

/** Gets a JSON document: a 2xx answer with a whole body, strictly read. Anything else is a failed look. */
export async function getJson(ask: Omit<HttpAsk, 'method'>): Promise<Json> {
  const answer = await exchangeHttp({ ...ask, method: 'GET' })
  if (answer.status === 401 || answer.status === 403) throw new ProbeFailure('auth', 'status', `HTTP status ${answer.status}`)
  if (answer.status < 200 || answer.status > 299) throw new ProbeFailure('exit_status', 'status', `HTTP status ${answer.status}`)
  if (!answer.complete) throw new ProbeFailure('parse', 'read', `more than ${ask.maxBytes} bytes`)
  const parsed = parseJsonText(toUtf8Text(answer.body))
  if (!parsed.ok) throw new ProbeFailure('parse', 'parse', 'not JSON')
  return parsed.value
}
