import type { Summary } from '../../schemas/summary.ts'
import { summaryText } from '../../schemas/summary-text.ts'

/** summary.txt as the ledger writes it; a file that had to be read worse is shown without a digest, because it is not that file. */
export function shownSummary({ values, legacy, contradictions }: Summary): string {
  if (!legacy && contradictions.length === 0) return summaryText(values)
  return `${Object.entries(values)
    .filter(([key]) => key !== 'SUMMARY_DIGEST')
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`
}
