import { canonicalJson } from '../schemas/canonical-json.ts'
import { sha256Digest } from '../schemas/digest.ts'
import { EvidenceError } from '../schemas/errors.ts'
import { Time } from '../schemas/primitives.ts'
import type { EventRow, Page, PageRequest, RejectedRow, RoundRow, TimeRange } from './history-store.ts'

const MAX_LIMIT = 10_000
/** What a search must not be: empty text is in every event. */
const MAX_SEARCH_LENGTH = 1000

/** What a page's cursor belongs to: a cursor is refused by every other question. */
export type Question = { readonly name: string; readonly digest: string; readonly limit: number; readonly after: readonly string[] | null }

/** Reads a page request: `fields` is how many texts this question's cursor holds. Throws `usage`. */
export function readPageRequest(name: string, args: unknown, page: PageRequest, fields: number): Question {
  if (!Number.isSafeInteger(page.limit) || page.limit < 1 || page.limit > MAX_LIMIT) {
    throw new EvidenceError('usage', `a page has 1 to ${MAX_LIMIT} rows`)
  }
  const digest = sha256Digest(canonicalJson([name, args])).slice('sha256:'.length, 'sha256:'.length + 16)
  return { name, digest, limit: page.limit, after: page.after === null ? null : readCursor(page.after, digest, fields) }
}

function readCursor(cursor: string, digest: string, fields: number): string[] {
  try {
    const [of, ...rest] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[]
    if (of === digest && rest.length === fields && rest.every((one) => typeof one === 'string')) return rest as string[]
  } catch {
    // Said below.
  }
  throw new EvidenceError('usage', 'the cursor is none of this question', { remedy: 'give back `next` of the page before, with the same arguments' })
}

/** A page from up to `limit` + 1 rows: the one too many says that there is another page. */
export function toPage<T>(question: Question, rows: readonly T[], fieldsOf: (row: T) => readonly string[]): Page<T> {
  const kept = rows.slice(0, question.limit)
  const last = kept.at(-1)
  const next = rows.length > question.limit && last !== undefined ? [question.digest, ...fieldsOf(last)] : null
  return { rows: kept, next: next === null ? null : Buffer.from(JSON.stringify(next)).toString('base64url') }
}

/** Cursor of events: time, id, and the content, since an id may have come with two. */
export const eventCursor = (row: EventRow): readonly string[] => [row.time, row.id, sha256Digest(row.text)]
export const roundCursor = (row: Pick<RoundRow, 'openedAt' | 'artifactId'>): readonly string[] => [row.openedAt, row.artifactId]
export const rejectedCursor = (row: RejectedRow): readonly string[] => [String(row.partition), row.offset]

/** Refuses what is no time of ours, so that no store reads it in a way of its own. Throws `usage`. */
export function assertRange(range: Partial<TimeRange>): void {
  for (const time of [range.from, range.to]) if (time !== undefined) assertTime(time)
}

export function assertTime(time: string): void {
  if (Time.safeParse(time).success) return
  throw new EvidenceError('usage', 'a time is RFC 3339, UTC, with milliseconds', { remedy: 'write it as 2026-06-27T03:50:46.000Z' })
}

export function assertSearch(text: string): void {
  if (text !== '' && text.length <= MAX_SEARCH_LENGTH && text.isWellFormed()) return
  throw new EvidenceError('usage', `a search is 1 to ${MAX_SEARCH_LENGTH} characters of valid Unicode`)
}
