import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'

/** What a ping check lacks; empty means met: as many asked as declared, and no more answers lost than allowed. */
export function pingUnmet(check: CheckOf<'ping'>, { sent, received }: FactsOf<'ping'>, _at: Date): string[] {
  if (received === 0) return [`no answer to ${sent} pings`]
  if (sent < check.count) return [`not observed: ${sent} pings of ${check.count}`]
  const loss = (100 * (sent - received)) / sent
  return loss <= check.max_loss_percent ? [] : [`${Math.round(loss)}% of pings lost > ${check.max_loss_percent}%`]
}
