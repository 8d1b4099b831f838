import type { GuardInput } from '../../guards/guard-input.ts'
import type { Ledger } from '../../ledger/ledger.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import { type DecisionType, dataSchemaUri, type EventData, encodeEvent } from '../../schemas/event.ts'
import type { GuardAnswer } from './guard-answer.ts'

/** What recording a decision needs: where to, in whose name (URI of the producer), when, and ids (UUIDv7). */
export type DecisionPorts = {
  readonly ledger: Pick<Ledger, 'append'>
  readonly source: string
  readonly now: () => Date
  readonly newId: () => string
}

/**
 * Appends a decision beside its subject, mostly a round (contract §2): what was decided, from which digests; never any
 * content. Durable when it resolves; throws what `Ledger.append` throws.
 */
export async function recordDecision<T extends DecisionType>(ports: DecisionPorts, subject: string, type: T, data: EventData<T>): Promise<void> {
  const event = encodeEvent({
    specversion: '1.0',
    id: ports.newId(),
    source: ports.source,
    type,
    subject,
    time: ports.now().toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaUri(type),
    data,
  })
  await ports.ledger.append([event])
}

/** Records what a guard answered about a round of the ledger. */
export async function recordGuard(ports: DecisionPorts, roundId: string, { summary }: GuardInput, answer: GuardAnswer): Promise<void> {
  const { values, digest } = summary
  await recordDecision(ports, roundId, 'guard.evaluated.v1', {
    guard: answer.guard,
    policy_version: values.POLICY_VERSION ?? 'unknown',
    evidence_root: values.EVIDENCE_ROOT ?? null,
    summary_digest: digest,
    result_digest: canonicalDigest(answer.result),
    answer: answer.isYes ? 'yes' : 'no',
    declared: answer.declared.map((name) => (/^[A-Z0-9_]{1,64}$/.test(name) ? name : 'unknown')),
  })
}
