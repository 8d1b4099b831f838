import type { z } from 'zod'
import type { DeclarationName, DeclarationResult } from '../../../schemas/declarations.ts'
import type { DispatchResult } from '../../../schemas/dispatch.ts'
import type { EvidenceEvent } from '../../../schemas/event.ts'
import type { OwnerPackets } from '../../../schemas/packets.ts'
import type { PreflightResult } from '../../../schemas/response.ts'
import type { CheckVerdict, Snapshot } from '../../../schemas/snapshot.ts'
import type { TimelineResult } from '../../../schemas/timeline.ts'
import type * as history from '../../schemas/history-answers.ts'
import type * as rounds from '../../schemas/round-answers.ts'

/** What `/v1` answers, as this page reads it (docs/api.md). Types only: no schema is loaded into the browser. */
export type { CheckStatus, WarningClass } from '../../../schemas/primitives.ts'
export type { CheckVerdict, DeclarationName, DeclarationResult, DispatchResult, EvidenceEvent, OwnerPackets, PreflightResult, Snapshot, TimelineResult }

export type Page<T> = { rows: T[]; next: string | null }

export type RoundRow = z.infer<typeof rounds.RoundRow>
export type UnfinishedRow = z.infer<typeof rounds.UnfinishedRow>
export type RoundHead = z.infer<typeof rounds.Round>
export type EstateRow = z.infer<typeof rounds.Estates>[number]
export type EventRow = z.infer<typeof rounds.EventRow>
export type FoundRow = z.infer<typeof history.Found>
export type InclusionProof = z.infer<typeof rounds.Proof>
export type RoundDiff = z.infer<typeof rounds.Diff>
export type Difference = Pick<RoundDiff, 'checks' | 'keys'>
export type Rejudged = z.infer<typeof rounds.Rejudged>
export type DayCount = z.infer<typeof history.DayCount>
export type RejectedRow = z.infer<typeof history.Rejected>
export type Change = z.infer<typeof history.Change>

export type EscrowStatus = {
  artifact_id: string | null
  looks: { check: string; outcome: string }[]
  items: { item: string; marker: string; review_accepted_until: string | null; missing: boolean; level: 'PASS' | 'WARN' | 'BLOCKED' }[]
  escrow_missing_count: number
}

export type PolicyRow = { version: string; changes: Record<string, unknown>; source?: string }
export type Catalogue = { declarations: string[]; summary_keys: string[] }

export type Me = { subject: string; roles: string[]; via: string; auth: string }

export type LedgerStats = { events: number; rounds: number; sealedRounds: number; lastPosition: number; bytes: number }
export type Verification = {
  id: string
  state: 'running' | 'verified' | 'damaged' | 'failed'
  checked: number
  total: number
  problems: { code: string; position: number | null; round_id: string | null; message: string }[]
  code: string | null
  head: { position: number; chain: string } | null
}

export type LiveEvent = { position: number; id: string; type: string; round_id: string; check_id: string | null; time: string; event: EvidenceEvent }
