import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'

/** Why a TCP look does not meet its check; empty = met. A TCP look exists only where the connection was made. */
export function tcpUnmet(_check: CheckOf<'tcp'>, facts: FactsOf<'tcp'>, _at: Date): string[] {
  return facts.connected ? [] : ['not connected']
}
