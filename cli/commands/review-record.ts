import { MAX_RESPONSE_BYTES } from '../../guards/preflight.ts'
import { isPlaceholder } from '../../guards/response-fields.ts'
import { decideReview, REVIEW_REFUSALS, type ReviewHistory, type ReviewOutcome, type ReviewRequest } from '../../guards/review.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { EventData, EvidenceEvent } from '../../schemas/event.ts'
import { DateOnly, Time } from '../../schemas/primitives.ts'
import { findSecretLike } from '../../schemas/secret-like.ts'
import { readGuardSource } from '../guard-source.ts'
import { type Answer, printResult } from '../output.ts'
import { readInputFile } from '../read-input-file.ts'
import { recordDecision } from '../record-decision.ts'
import { withLedger } from '../stores.ts'

type Options = {
  gate: string
  responseFile: string
  packetFile?: string
  reviewer: string
  owner: string
  decision: 'accepted' | 'rejected'
  expires?: string
  items?: string[]
  ledger: string
  json?: boolean
}

const MAX_PACKET_BYTES = 4_194_304

/** `evidence review record`: an independent reviewer's word on a preflighted response. Exit 1 with a reason where it is refused. */
export async function run([roundId]: [string], options: Options): Promise<Answer> {
  const at = new Date().toISOString()
  const request = await toRequest(options, at)
  const { input } = await readGuardSource(roundId, { ledger: options.ledger })
  const response = await readInputFile(options.responseFile, MAX_RESPONSE_BYTES)
  const outcome = decideReview(input, response, request, await readHistory(options.ledger, roundId), at)
  if (outcome.ok) await recordDecision(options.ledger, roundId, 'review.recorded.v1', outcome.review)
  printResult(options.json, toResult(roundId, outcome), reviewText(outcome))
  return outcome.ok ? 0 : 1
}

async function toRequest(options: Options, at: string): Promise<ReviewRequest> {
  const packetText = options.packetFile === undefined ? null : Buffer.from(await readInputFile(options.packetFile, MAX_PACKET_BYTES)).toString('utf8')
  return {
    gate: options.gate,
    decision: options.decision,
    reviewer: toName(options.reviewer, '--reviewer'),
    owner: toName(options.owner, '--owner'),
    expiresAt: toExpiry(options, at),
    items: options.items ?? null,
    packetText,
  }
}

const NAME = /^\p{L}[\p{L}\p{M}\p{N} ._@'-]{1,63}$/u

/** A name is kept in the ledger for good: nothing else may slip in with it, and a refused one is not repeated. */
function toName(text: string, option: string): string {
  const name = text.normalize('NFKC').trim()
  if (NAME.test(name) && !isPlaceholder(name) && findSecretLike(name) === null) return name
  throw new EvidenceError('usage', `${option} is not a name of 2 to 64 letters, digits, spaces and . _ @ ' -`)
}

/** A date means its first moment, UTC: an acceptance never lasts longer than the reviewer can have meant. */
function toExpiry({ expires, decision }: Options, at: string): string {
  if (expires === undefined && decision === 'rejected') return at
  const time = DateOnly.safeParse(expires).success ? `${expires}T00:00:00.000Z` : expires
  if (Time.safeParse(time).success && time !== undefined) return time
  throw new EvidenceError('usage', '--expires is not a date YYYY-MM-DD or a time YYYY-MM-DDThh:mm:ss.sssZ', { remedy: 'an acceptance needs one' })
}

async function readHistory(path: string, roundId: string): Promise<ReviewHistory> {
  const preflights: EventData<'response.preflighted.v1'>[] = []
  const reviews: EventData<'review.recorded.v1'>[] = []
  let operator = ''
  await withLedger(path, 'readonly', async (ledger) => {
    for await (const page of ledger.readRound(roundId)) {
      for (const event of page.map(({ text }) => JSON.parse(text) as EvidenceEvent)) {
        if (event.type === 'round.opened.v1') operator = event.data.operator
        if (event.type === 'response.preflighted.v1') preflights.push(event.data)
        if (event.type === 'review.recorded.v1') reviews.push(event.data)
      }
    }
  })
  return { operator, preflights, reviews }
}

function toResult(roundId: string, outcome: ReviewOutcome) {
  const base = { artifact_id: roundId, recorded: outcome.ok, runtime_gate: 0 }
  return outcome.ok ? { ...base, reason: null, review: outcome.review } : { ...base, reason: outcome.reason, review: null }
}

function reviewText(outcome: ReviewOutcome): string {
  if (!outcome.ok) return `REVIEW_REFUSED reason=${outcome.reason} runtime_gate=0\nREMEDY ${REVIEW_REFUSALS[outcome.reason]}\n`
  const { decision, gate_id: gate, items, expires_at: expiresAt } = outcome.review
  const first = `REVIEW_RECORDED decision=${decision} gate=${gate} items=${items.length === 0 ? 'none' : items.join(',')} expires_at=${expiresAt} runtime_gate=0`
  return `${[first, `LICENSES ${licensed(outcome.review)}`, 'AUTHORIZES nothing else: no action, no host write, no other gate'].join('\n')}\n`
}

function licensed({ decision, gate_id: gate, expires_at: expiresAt }: EventData<'review.recorded.v1'>): string {
  if (decision === 'rejected') return 'nothing; an earlier acceptance of this response counts in no later round'
  const until = `a later round until ${expiresAt}`
  if (gate === 'credential_escrow_evidence') return `${until}: these items count there, each together with its marker`
  if (gate.endsWith('_manager_registry_export')) return `${until}: its registry counts there as accepted`
  return 'nothing: this gate closes by evidence of a later round alone'
}
