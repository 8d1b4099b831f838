import type { Json } from '../../schemas/canonical-json.ts'
import type { CheckOf } from '../../schemas/estate.ts'
import { freshnessUnmet } from '../../schemas/expectations/freshness.ts'
import { FreshnessFacts } from '../../schemas/facts.ts'
import { parseJsonText } from '../../schemas/json-text.ts'
import { atPointer } from '../json-pointer.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { exchangeHttp } from './http-exchange.ts'
import { createLookBudget } from './look-budget.ts'

const MAX_REPORT_BYTES = 1_048_576

type Check = CheckOf<'freshness'>
type Report = { source: string; asOf: string | null; document: Json }

/**
 * Reads a product's own freshness report, JSON from a URL or a file. Where a pointer finds nothing, or null, the fact
 * is null: not observed. A value of another type than declared is a `ProbeFailure`, because then we misread the report.
 */
export async function probeFreshness(check: Check, context: ProbeContext): Promise<Look<'freshness'>> {
  const { source, asOf, document } = check.path === undefined ? await fetchReport(check.url ?? '', context) : await readReport(check.path, context)
  const facts = {
    source,
    status: read(document, check.status_pointer, FreshnessFacts.shape.status),
    latest_date: read(document, check.latest_pointer, FreshnessFacts.shape.latest_date, datePart),
    age_days: read(document, check.age_pointer, FreshnessFacts.shape.age_days),
    blockers: read(document, check.blockers_pointer, FreshnessFacts.shape.blockers),
  }
  return { target: source, asOf, met: freshnessUnmet(check, facts, context.now(), asOf).length === 0, facts }
}

async function fetchReport(url: string, { timeoutMs, signal }: ProbeContext): Promise<Report> {
  const answer = await exchangeHttp({ url, method: 'GET', ca: null, maxBytes: MAX_REPORT_BYTES, timeoutMs, signal })
  if (answer.status === 401 || answer.status === 403) throw new ProbeFailure('auth', 'status', `HTTP status ${answer.status}`)
  if (answer.status < 200 || answer.status > 299) throw new ProbeFailure('exit_status', 'status', `HTTP status ${answer.status}`)
  if (!answer.complete) throw new ProbeFailure('parse', 'read', `more than ${MAX_REPORT_BYTES} bytes`)
  return { source: url, asOf: null, document: parse(answer.body) }
}

async function readReport(path: string, context: ProbeContext): Promise<Report> {
  const budget = createLookBudget(context)
  // The time first: a file replaced in between then counts as older than it is, never as younger.
  const stat = await context.transport.stat(path, budget(MAX_REPORT_BYTES))
  if (!stat.exists) throw new ProbeFailure('unreachable', 'read', 'file does not exist')
  return { source: path, asOf: stat.modifiedAt, document: parse(await context.transport.readFile(path, budget(MAX_REPORT_BYTES))) }
}

function parse(bytes: Buffer): Json {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new ProbeFailure('parse', 'parse', 'not UTF-8 text', error)
  }
  const result = parseJsonText(text)
  if (!result.ok) throw new ProbeFailure('parse', 'parse', result.reason)
  return result.value
}

type Reader<T> = { safeParse(value: unknown): { success: true; data: T } | { success: false } }

/** The value at a pointer in the type its fact has; the pointer is named on a mismatch, the value never. */
function read<T>(document: Json, pointer: string | undefined, schema: Reader<T>, lift = (value: Json): Json => value): T | null {
  const value = pointer === undefined ? undefined : atPointer(document, pointer)
  if (value === undefined || value === null) return null
  const result = schema.safeParse(lift(value))
  if (!result.success) throw new ProbeFailure('parse', 'parse', `unexpected type or form at ${pointer}`)
  return result.data
}

/** `2026-06-27` of `2026-06-27T03:50:46+08:00`: the date as the source wrote it. */
function datePart(value: Json): Json {
  return typeof value === 'string' && /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}/.test(value) ? value.slice(0, 10) : value
}
