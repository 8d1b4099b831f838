import type { JudgeContext } from './judge-check.ts'

type WithOpened = Pick<JudgeContext, 'opened'>

/** Acceptances by an independent reviewer that had not expired when the round opened; nothing else accepts anything. */
function unexpired({ opened }: WithOpened, isGate: (gateId: string) => boolean) {
  return opened.data.reviews.filter((review) => isGate(review.gate_id) && review.expires_at > opened.time)
}

/** Escrow items that an unexpired acceptance covers. */
export function acceptedItems(context: WithOpened): ReadonlySet<string> {
  return new Set(unexpired(context, (gate) => gate === 'credential_escrow_evidence').flatMap((review) => review.items))
}

export function isRegistryAccepted(context: WithOpened): boolean {
  return unexpired(context, (gate) => gate.endsWith('_manager_registry_export')).length > 0
}
