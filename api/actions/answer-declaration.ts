import { declarationText, evaluateDeclarations, refusedDeclarations } from '../../guards/declaration.ts'
import type { GuardInput } from '../../guards/guard-input.ts'
import type { DeclarationResult } from '../../schemas/declarations.ts'
import type { GuardAnswer } from './guard-answer.ts'

/** `refused`: of the names asked for, those that are forbidden or not in the catalogue. */
export type DeclarationAnswer = GuardAnswer<DeclarationResult> & { readonly refused: readonly string[] }

/** Which declarations are allowed; yes where integrity holds and none of those asked for is refused. Pure. */
export function answerDeclaration(input: GuardInput, declared: readonly string[]): DeclarationAnswer {
  const result = evaluateDeclarations(input)
  const refused = refusedDeclarations(result, declared)
  return { guard: 'declaration', result, text: declarationText(result), isYes: result.status === 'ok' && refused.length === 0, declared, refused }
}
