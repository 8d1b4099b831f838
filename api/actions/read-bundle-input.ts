import type { Ledger, RoundReader } from '../../ledger/ledger.ts'
import type { HistoryStore } from '../../projector/history-store.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { TOOL } from '../../schemas/tool.ts'
import type { BundleInput } from '../exports/bundle.ts'

/** Gives texts among which all reviews of the ledger are; others are passed over. Asked only where a round rests on one. */
export type ReviewTexts = () => AsyncIterable<string>

/** What a bundle and the export forms are made from. Throws `round_unknown` for a round without events. */
export async function readBundleInput(rounds: RoundReader, roundId: string, policy: string | undefined, reviews: ReviewTexts): Promise<BundleInput> {
  const texts: string[] = []
  for await (const page of rounds.readRound(roundId)) for (const { text } of page) texts.push(text)
  if (texts.length === 0) throw new EvidenceError('round_unknown', `no round ${roundId} in this ledger`, { remedy: 'see `evidence round list`' })
  const reviewTexts: string[] = []
  if (texts.some(restsOnReviews)) for await (const text of reviews()) reviewTexts.push(text)
  return { roundId, texts, reviewTexts, policy, tool: TOOL }
}

const REVIEW = '"type":"review.recorded.v1"'

/** Reviews of a ledger, as it keeps them. */
export function reviewsOfLedger(ledger: Pick<Ledger, 'readReviews'>): ReviewTexts {
  return async function* () {
    for await (const page of ledger.readReviews()) for (const { text } of page) if (isReview(text)) yield text
  }
}

const EVER = { from: '0001-01-01T00:00:00.000Z', to: '9999-12-31T23:59:59.999Z' }

/** Reviews of a history, as its search finds them. */
export function reviewsOfHistory(history: Pick<HistoryStore, 'search'>): ReviewTexts {
  return async function* () {
    let after: string | null = null
    do {
      const page: Awaited<ReturnType<HistoryStore['search']>> = await history.search(REVIEW, EVER, { limit: 1000, after })
      for (const { text } of page.rows) if (isReview(text)) yield text
      after = page.next
    } while (after !== null)
  }
}

/** Both look at the canonical text before they parse: not all that they find is a review. */
function isReview(text: string): boolean {
  return text.includes(REVIEW) && typeOf(text) === 'review.recorded.v1'
}

function restsOnReviews(text: string): boolean {
  return text.includes('"reviews":[{') && typeOf(text) === 'round.opened.v1'
}

/** Null where a text is no event any more: the bundle says so. */
function typeOf(text: string): unknown {
  try {
    return (JSON.parse(text) as { type?: unknown } | null)?.type
  } catch {
    return null
  }
}
