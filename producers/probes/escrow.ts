import type { CheckOf } from '../../schemas/estate.ts'
import { escrowUnmet } from '../../schemas/expectations/escrow.ts'
import { targetOf } from '../check-target.ts'
import { inventoryFacts, readEscrowInventory } from '../escrow-inventory.ts'
import type { Look, ProbeContext } from '../probe.ts'

/**
 * Takes the inventory of escrow markers `<item>.json` in a directory. Of each marker only its presence, its time and
 * the digest of its evidence id are kept; one that cannot be read as a marker, names another item, or holds a
 * placeholder or something secret-like is not present.
 */
export async function probeEscrow(check: CheckOf<'escrow'>, context: ProbeContext): Promise<Look<'escrow'>> {
  const facts = inventoryFacts(check.path, await readEscrowInventory(check.path, context))
  return { target: targetOf(check), asOf: null, met: escrowUnmet(check, facts, context.now()).length === 0, facts }
}
