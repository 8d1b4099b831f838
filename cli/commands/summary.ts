import { shownSummary } from '../../api/actions/show-summary.ts'
import { isGreenOverall } from '../../schemas/summary.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, note, printResult } from '../output.ts'

/** `evidence summary`: exit 0 only for a green result, as `round show`. */
export async function run([id]: [string | undefined], options: SourceOptions): Promise<Answer> {
  const { input } = await readGuardSource(id, options)
  const { values, integrity, contradictions, digest } = input.summary
  printResult(options.json, { integrity, digest, contradictions, values }, shownSummary(input.summary))
  for (const one of contradictions) note(`contradiction ${one.code}: ${one.because}; read as ${one.readAs}`)
  return isGreenOverall(values.OVERALL_DECLARATION) ? 0 : 1
}
