import { hostname } from 'node:os'
import { v7 } from 'uuid'
import type { GuardAnswer } from '../api/actions/guard-answer.ts'
import { type DecisionPorts, recordGuard } from '../api/actions/record-decision.ts'
import type { GuardInput } from '../guards/guard-input.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { withLedger } from './stores.ts'

/** The clock, the ids and the name of this machine as a producer, for decisions that go into this ledger. */
export function decisionPorts<L extends Pick<Ledger, 'append'>>(ledger: L): DecisionPorts & { ledger: L } {
  return { ledger, source: producerSource(), now: () => new Date(), newId: v7 }
}

/** Opens the ledger for decisions; it must be there. */
export function withDecisions<T>(ledgerPath: string, work: (ports: DecisionPorts & { ledger: Ledger }) => Promise<T>): Promise<T> {
  return withLedger(ledgerPath, 'existing', (ledger) => work(decisionPorts(ledger)))
}

/** Records what a guard answered about a round of the ledger. */
export function recordAnswer(ledgerPath: string, roundId: string, input: GuardInput, answer: GuardAnswer): Promise<void> {
  return withDecisions(ledgerPath, (ports) => recordGuard(ports, roundId, input, answer))
}

/** URI of this machine as a producer of events. */
export function producerSource(): string {
  return `urn:evidence-ledger:host:${hostname().replace(/[^A-Za-z0-9.-]/g, '-') || 'unknown'}`
}
