import { declarationText, evaluateDeclarations, refusedDeclarations } from '../../guards/declaration.ts'
import { readGuardSource, type SourceOptions } from '../guard-source.ts'
import { type Answer, note, printResult } from '../output.ts'

/** `evidence guard declaration`: exit 1 where integrity fails, or a declaration asked for is forbidden or unknown. */
export async function run([id]: [string | undefined], options: SourceOptions & { declare: string[] }): Promise<Answer> {
  const { input, roundId } = await readGuardSource(id, options)
  const result = evaluateDeclarations(input)
  const refused = refusedDeclarations(result, options.declare)
  const answer = result.status === 'ok' && refused.length === 0 ? 0 : 1
  if (roundId !== null && options.record !== false) {
    const { recordGuard } = await import('../record-decision.ts')
    await recordGuard(options.ledger, roundId, input, { guard: 'declaration', result, isYes: answer === 0, declared: options.declare })
  }
  printResult(options.json, result, declarationText(result))
  for (const name of refused)
    note(`refused: ${result.declarations.some((one) => one.name === name) ? `${name} is forbidden` : 'a declaration that is not in the catalogue'}`)
  return answer
}
