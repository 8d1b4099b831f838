import { hash } from 'node:crypto'
import type { CheckOf } from '../../schemas/estate.ts'
import { httpAttemptOk } from '../../schemas/expectations/http.ts'
import { parseJsonText } from '../../schemas/json-text.ts'
import { atPointer } from '../json-pointer.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { readCaFile } from './ca-file.ts'
import { exchangeHttp, type HttpAnswer } from './http-exchange.ts'
import { isPlaceholder } from './placeholder-page.ts'

const MAX_BODY_BYTES = 1_048_576

/**
 * Asks one URL once. Any HTTP answer is a look, whatever its status; no answer is a `ProbeFailure`.
 * Of a body longer than 1 MiB only the start is searched, and neither its size nor its digest is reported.
 */
export async function probeHttp(check: CheckOf<'http'>, context: ProbeContext): Promise<Look<'http'>> {
  const ca = await readCaFile(check.ca_file, context.baseDir)
  const { timeoutMs, signal } = context
  const answer = await exchangeHttp({ url: check.url, method: check.method, ca, maxBytes: MAX_BODY_BYTES, timeoutMs, signal })
  const attempt = { status: answer.status, body_ok: bodyHolds(check, answer) }
  const hasWholeBody = check.method === 'GET' && answer.complete
  return {
    target: check.url,
    asOf: null,
    met: httpAttemptOk(check, attempt),
    attempt,
    facts: {
      url: check.url,
      status: answer.status,
      bytes: hasWholeBody ? answer.body.length : null,
      body_sha256: hasWholeBody ? hash('sha256', answer.body, 'hex') : null,
      redirect_host: hostOf(answer.location, check.url),
    },
  }
}

/** Whether the declared assertion was seen to hold; null where none is declared, and nothing says that the site is not there. */
function bodyHolds(check: CheckOf<'http'>, answer: HttpAnswer): boolean | null {
  if (check.body === undefined) return isPlaceholder(answer, check.url) ? false : null
  const text = answer.body.toString('utf8')
  if ('contains' in check.body) return text.includes(check.body.contains)
  if (!answer.complete) return false
  const parsed = parseJsonText(text)
  return parsed.ok && atPointer(parsed.value, check.body.pointer) === check.body.equals
}

function hostOf(location: string | null, base: string): string | null {
  const host = location === null ? '' : (URL.parse(location, base)?.host ?? '')
  return host === '' || host.length > 253 ? null : host
}
