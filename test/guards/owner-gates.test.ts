import { expect, test } from 'vitest'
import { ESCROW_ITEM_IDS, ownerGate } from '../../guards/owner-gates.ts'

const asked = (missing: string): string[] =>
  (ownerGate('credential_escrow_evidence', { ESCROW_MISSING_ITEMS: missing })?.requiredEvidence ?? []).map((one) => one.id)

test('all five items of the runbook are asked for, whichever is missing', () => {
  for (const missing of ['dns_registrar_recovery', 'unknown', 'none', ESCROW_ITEM_IDS.join(',')]) expect(asked(missing)).toEqual(ESCROW_ITEM_IDS)
})

test('an estate with items of its own is asked for those', () => {
  expect(asked('safe_combination,dns_registrar_recovery')).toEqual(['dns_registrar_recovery', 'safe_combination'])
})

test('an id that is no owner gate has no checklist', () => {
  expect(ownerGate('somebody_elses_gate', {})).toBeNull()
})
