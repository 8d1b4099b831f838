import { sha256Digest } from '../schemas/digest.ts'
import type { SummaryValues } from '../schemas/summary.ts'

/** summary.txt of a round's values: `KEY=VALUE` lines, LF, and last `SUMMARY_DIGEST` over all bytes before it (contract §4). */
export function summaryText(values: SummaryValues): string {
  const body = Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')
  return `${body}SUMMARY_DIGEST=${sha256Digest(body)}\n`
}
