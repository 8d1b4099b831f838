import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

/** What an arp check lacks; empty means met. An entry that stays incomplete is a machine that does not answer (runbook §3). */
export function arpUnmet(check: CheckOf<'arp'>, { entries }: FactsOf<'arp'>, _at: Date): string[] {
  if (entries.length === 0) return ['no ARP entry']
  const complete = entries.filter((entry) => entry.complete)
  if (complete.length === 0) return ['ARP entry is incomplete']
  if (check.mac === undefined) return []
  // Another machine that answers for the address as well is a conflict and not a detail.
  return complete.filter((entry) => entry.mac !== check.mac).map((entry) => reason(`ARP answer of ${entry.mac} at ${entry.device}, not ${check.mac}`))
}
