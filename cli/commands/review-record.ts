import { MAX_PACKET_BYTES } from '../../api/actions/answer-contract.ts'
import { type ReviewGiven, recordReview, toReviewRequest } from '../../api/actions/record-review.ts'
import { MAX_RESPONSE_BYTES } from '../../guards/preflight.ts'
import { readGuardSource } from '../guard-source.ts'
import { type Answer, printResult } from '../output.ts'
import { readInputFile } from '../read-input-file.ts'
import { withDecisions } from '../record-decision.ts'

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

/** `evidence review record`: an independent reviewer's word on a preflighted response. Exit 1 with a reason where it is refused. */
export async function run([roundId]: [string], options: Options): Promise<Answer> {
  const at = new Date().toISOString()
  const given = await toGiven(options)
  // Words that are none are refused before any file is read.
  toReviewRequest(given, at)
  const { input } = await readGuardSource(roundId, { ledger: options.ledger })
  const response = await readInputFile(options.responseFile, MAX_RESPONSE_BYTES)
  const { value, text, isYes } = await withDecisions(options.ledger, (ports) =>
    recordReview({ ...ports, rounds: ports.ledger }, roundId, input, response, given, at),
  )
  printResult(options.json, value, text)
  return isYes ? 0 : 1
}

async function toGiven(options: Options): Promise<ReviewGiven> {
  const { gate, reviewer, owner, decision, expires, items, packetFile } = options
  const packetText = packetFile === undefined ? null : Buffer.from(await readInputFile(packetFile, MAX_PACKET_BYTES)).toString('utf8')
  return {
    gate,
    reviewer,
    owner,
    decision,
    expires,
    items: items ?? null,
    packetText,
    names: { reviewer: '--reviewer', owner: '--owner', expires: '--expires' },
  }
}
