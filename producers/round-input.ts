import type { Ledger } from '../ledger/ledger.ts'
import type { Estate } from '../schemas/estate.ts'
import type { EncodedEvent, EventData } from '../schemas/event.ts'
import type { OpenTransport } from './host-transports.ts'
import type { ProbeTable } from './probes.ts'
import type { RoundOptions } from './round-options.ts'
import type { CheckResult } from './run-check.ts'

type Opened = EventData<'round.opened.v1'>
export type CheckOutcome = CheckResult['outcome'] | 'not_evaluated'

/** Everything a round needs from outside; nothing else is read but this machine's own boot. */
export type RoundInput = {
  roundId: string
  estate: Estate
  /** Folder of the estate file. */
  baseDir: string
  policy: Opened['policy']
  options: RoundOptions
  operator: string
  tool: Opened['tool']
  /** Acceptances known when the round opens. */
  reviews: Opened['reviews']
  /** URI of this producer. */
  source: string
  ledger: Ledger
  probes: Partial<ProbeTable>
  openTransport: OpenTransport
  /**
   * Whether a gate stops the gates that depend on it. `events`: round.opened, then all evidence of the gates it depends
   * on and its own. Producers do not judge; the projector does.
   */
  judgeGate: (gateId: string, events: readonly EncodedEvent[]) => boolean
  now: () => Date
  newId: () => string
  onProgress: (progress: RoundProgress) => void
  /** Aborted by Ctrl-C. */
  signal: AbortSignal
}

export type RoundProgress =
  | { type: 'opened'; expected: number }
  | { type: 'gate_started'; gate: string; checks: number }
  | { type: 'check_done'; check: string; gate: string; outcome: CheckOutcome }
  | { type: 'gate_done'; gate: string; isBlocked: boolean; stoppedBy: string | null }
  | { type: 'sealed'; count: number; root: string }

export type RoundResult = { roundId: string; sealed: true; count: number; root: string; counts: Record<CheckOutcome, number> }
