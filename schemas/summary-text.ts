import { type Digest, sha256Digest } from './digest.ts'
import type { SummaryValues } from './summary.ts'

function summaryBody(values: SummaryValues): string {
  return Object.entries(values)
    .filter(([key]) => key !== 'SUMMARY_DIGEST')
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
}

/** Digest of a round's summary: over all bytes before the last line (contract §4). */
export function summaryDigest(values: SummaryValues): Digest {
  return sha256Digest(summaryBody(values))
}

/** summary.txt of a round's values: `KEY=VALUE` lines, LF, and last `SUMMARY_DIGEST`. */
export function summaryText(values: SummaryValues): string {
  const body = summaryBody(values)
  return `${body}SUMMARY_DIGEST=${sha256Digest(body)}\n`
}
