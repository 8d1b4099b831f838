import { canonicalJson } from '../../schemas/canonical-json.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { DECISION_TYPES, type EventOf, type EvidenceEvent, isRootedType, MAX_EVENT_BYTES, parseEvent } from '../../schemas/event.ts'
import { parseJsonText } from '../../schemas/json-text.ts'

/** The texts a bundle is made from, each list in the one order that does not depend on where the events were kept. */
export type BundleSources = {
  /** `round.opened`, the evidence by (check id, id) and the seal: everything the root and its proof are made of. */
  readonly events: readonly string[]
  /** Decisions beside the round, by (time, id). */
  readonly decisions: readonly string[]
  /** Reviews of earlier rounds that `round.opened` rests on, by id. */
  readonly reviews: readonly string[]
}

export type Review = EventOf<'review.recorded.v1'>
type Sorted = { text: string; event: EvidenceEvent }

/**
 * Sorts a round's event texts, as a ledger or a history gives them in any order and with doubles, into the files of a
 * bundle. `reviewTexts`: candidates; those that `round.opened` does not name are left out. Throws `ledger_corrupt` for a
 * text that is no event in canonical form: it could not be told from one that was changed.
 */
export function sortSources(roundId: string, texts: Iterable<string>, reviewTexts: Iterable<string>): BundleSources {
  const all = [...new Set(texts)].map((text) => ({ text, event: readSource(text, roundId) }))
  const named = namedReviews(all)
  const reviews = [...new Set(reviewTexts)].flatMap((text) => {
    const event = readReview(text)
    return named.has(event.id) ? [{ text, event }] : []
  })
  return {
    events: textsOf(
      all.filter(({ event }) => !DECISION_TYPES.has(event.type)),
      compareEvents,
    ),
    decisions: textsOf(
      all.filter(({ event }) => DECISION_TYPES.has(event.type)),
      (a, b) => compare(a.event.time, b.event.time) || compare(a.event.id, b.event.id),
    ),
    reviews: textsOf(reviews, (a, b) => compare(a.event.id, b.event.id)),
  }
}

/** Ids of the reviews that the round's opening names; of several openings (a mismatch), what each names. */
function namedReviews(all: readonly Sorted[]): Set<string> {
  const openings = all.flatMap(({ event }) => (event.type === 'round.opened.v1' && fitsSchema(event) ? [event] : []))
  return new Set(openings.flatMap((opened) => opened.data.reviews.map((one) => one.event_id)))
}

function fitsSchema(event: EvidenceEvent): boolean {
  try {
    parseEvent(event)
    return true
  } catch {
    return false
  }
}

/**
 * Why a line is not what its file holds; null where it is. Evidence that does not fit its schema is taken: the round is
 * then a mismatch, and says so.
 */
export function sourceProblem(file: 'events.ndjson' | 'decisions.ndjson' | 'reviews.ndjson', text: string, roundId: string): string | null {
  try {
    if (file === 'reviews.ndjson') readReview(text)
    else if (DECISION_TYPES.has(readSource(text, roundId).type) !== (file === 'decisions.ndjson')) return 'an event of another file'
    return null
  } catch (error) {
    if (error instanceof EvidenceError) return error.code === 'ledger_corrupt' ? error.message.replace(REFUSED, '') : 'does not fit the schema of its type'
    throw error
  }
}

function readSource(text: string, roundId: string): EvidenceEvent {
  const event = readCanonical(text)
  if (isRootedType(event.type)) return event
  const parsed = parseEvent(event)
  if (parsed.type === 'round.sealed.v1') return parsed
  if (!DECISION_TYPES.has(parsed.type) || parsed.subject !== roundId) throw corrupt('an event that does not belong to the round')
  return parsed
}

export function readReview(text: string): Review {
  const event = parseEvent(readCanonical(text))
  if (event.type !== 'review.recorded.v1') throw corrupt('not a review')
  return event
}

function readCanonical(text: string): EvidenceEvent {
  if (Buffer.byteLength(text) > MAX_EVENT_BYTES) throw corrupt('longer than an event may be')
  const json = parseJsonText(text)
  if (!json.ok) throw corrupt(`not JSON of one meaning (${json.reason})`)
  const { value } = json
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw corrupt('not an object')
  if (typeof value.id !== 'string' || typeof value.type !== 'string') throw corrupt('an event without id or type')
  if (canonicalJson(value) !== text) throw corrupt('not in canonical form')
  return value as unknown as EvidenceEvent
}

const REFUSED = 'the round cannot be bundled: '

function corrupt(message: string): EvidenceError {
  return new EvidenceError('ledger_corrupt', `${REFUSED}${message}`, { remedy: 'run `evidence ledger verify`' })
}

function textsOf(list: readonly Sorted[], order: (a: Sorted, b: Sorted) => number): string[] {
  // The text last: an id that came with two contents has one order too.
  return [...list].sort((a, b) => order(a, b) || compare(a.text, b.text)).map((one) => one.text)
}

/** The order of the leaves (contract §2), and the seal behind them. */
function compareEvents(a: Sorted, b: Sorted): number {
  const [sealA, sealB] = [isRootedType(a.event.type) ? 0 : 1, isRootedType(b.event.type) ? 0 : 1]
  return sealA - sealB || compare(a.event.checkid ?? '', b.event.checkid ?? '') || compare(a.event.id, b.event.id)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
