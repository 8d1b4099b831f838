import type { BlockerRule } from '../../schemas/estate.ts'
import type { ClassifiedBlocker } from '../../schemas/event.ts'

/**
 * Class and gate of one blocker line of another tool: the first rule that matches, else class `other` without a gate,
 * which no demotion ever takes (contract §3).
 */
export function classifyBlocker(text: string, rules: readonly BlockerRule[]): ClassifiedBlocker {
  const rule = rules.find(({ match }) => new RegExp(match, 'u').test(text))
  return { text, class: rule?.class ?? 'other', gate: rule?.gate ?? null }
}
