import { isGreenOverall, type Summary } from '../../schemas/summary.ts'
import { summaryText } from '../../schemas/summary-text.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, note, printResult } from '../output.ts'

/** `evidence summary`: exit 0 only for a green result, as `round show`. */
export async function run([id]: [string | undefined], options: SourceOptions): Promise<Answer> {
  const { input } = await readGuardSource(id, options)
  const { values, integrity, contradictions, digest } = input.summary
  printResult(options.json, { integrity, digest, contradictions, values }, textOf(input.summary))
  for (const one of contradictions) note(`contradiction ${one.code}: ${one.because}; read as ${one.readAs}`)
  return isGreenOverall(values.OVERALL_DECLARATION) ? 0 : 1
}

/** As the ledger writes it; a file that had to be read worse is printed without a digest, because it is not that file. */
function textOf({ values, legacy, contradictions }: Summary): string {
  if (!legacy && contradictions.length === 0) return summaryText(values)
  return `${Object.entries(values)
    .filter(([key]) => key !== 'SUMMARY_DIGEST')
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')}\n`
}
