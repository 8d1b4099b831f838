import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

const DAY_MS = 86_400_000

/** Why a certificate does not meet its check at a moment; empty = met. */
export function tlsUnmet(check: CheckOf<'tls'>, facts: FactsOf<'tls'>, at: Date): string[] {
  const reasons: string[] = []
  if (!facts.chain_ok) reasons.push(reason(`chain not trusted${facts.chain_error === null ? '' : ` (${facts.chain_error})`}`))
  if (!facts.name_ok) reasons.push(reason(`certificate is not for ${facts.server_name}`))
  if (Date.parse(facts.not_before) > at.getTime()) reasons.push(`not valid before ${facts.not_before}`)
  // Compared in milliseconds: 13.9 days left are not 14.
  const leftMs = Date.parse(facts.not_after) - at.getTime()
  if (leftMs < 0) reasons.push(`expired at ${facts.not_after}`)
  else if (leftMs < check.min_days_left * DAY_MS) reasons.push(`${Math.floor(leftMs / DAY_MS)} days left, fewer than ${check.min_days_left}`)
  if (check.renewed_after !== undefined && facts.not_before.slice(0, 10) < check.renewed_after) {
    reasons.push(`issued ${facts.not_before.slice(0, 10)}, before ${check.renewed_after}`)
  }
  return reasons
}
