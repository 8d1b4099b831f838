import { hostname } from 'node:os'
import { v7 } from 'uuid'
import type { GuardInput } from '../guards/guard-input.ts'
import { canonicalDigest } from '../schemas/digest.ts'
import { type DecisionType, dataSchemaUri, type EventData, encodeEvent } from '../schemas/event.ts'
import { withLedger } from './stores.ts'

/** Appends a decision beside its subject, mostly a round (contract §2): what was decided, from which digests; never any content. */
export async function recordDecision<T extends DecisionType>(ledgerPath: string, subject: string, type: T, data: EventData<T>): Promise<void> {
  const event = encodeEvent({
    specversion: '1.0',
    id: v7(),
    source: producerSource(),
    type,
    subject,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaUri(type),
    data,
  })
  await withLedger(ledgerPath, 'existing', (ledger) => ledger.append([event]))
}

/** Records what a guard answered about a round of the ledger. */
export async function recordGuard(
  ledgerPath: string,
  roundId: string,
  { summary }: GuardInput,
  decision: { guard: EventData<'guard.evaluated.v1'>['guard']; result: unknown; isYes: boolean; declared?: readonly string[] },
): Promise<void> {
  const { values, digest } = summary
  await recordDecision(ledgerPath, roundId, 'guard.evaluated.v1', {
    guard: decision.guard,
    policy_version: values.POLICY_VERSION ?? 'unknown',
    evidence_root: values.EVIDENCE_ROOT ?? null,
    summary_digest: digest,
    result_digest: canonicalDigest(decision.result),
    answer: decision.isYes ? 'yes' : 'no',
    declared: (decision.declared ?? []).map((name) => (/^[A-Z0-9_]{1,64}$/.test(name) ? name : 'unknown')),
  })
}

/** URI of this machine as a producer of events. */
export function producerSource(): string {
  return `urn:evidence-ledger:host:${hostname().replace(/[^A-Za-z0-9.-]/g, '-') || 'unknown'}`
}
