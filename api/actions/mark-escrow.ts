import { hash } from 'node:crypto'
import { ESCROW_ITEM_IDS } from '../../guards/owner-gates.ts'
import type { RoundReader } from '../../ledger/ledger.ts'
import { evidenceIdProblem } from '../../producers/escrow-evidence-id.ts'
import type { MarkerFile } from '../../producers/escrow-inventory.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { ESCROW_SUBJECT } from '../../schemas/escrow-subject.ts'
import type { EvidenceEvent } from '../../schemas/event.ts'
import type { Answered } from './compare-rounds.ts'
import { type DecisionPorts, recordDecision } from './record-decision.ts'

/** An item in escrow and the id of the record outside that stands for it. The id is repeated nowhere but in the marker. */
export type MarkRequest = { readonly item: string; readonly evidenceId: string }

export type MarkPorts = DecisionPorts & {
  readonly rounds: RoundReader
  /** The items that may be marked; null: the five of the runbook. */
  readonly items: readonly string[] | null
  /** Throws where the place of the markers is none; asked once the pair is found right. */
  readonly assertFolder: () => Promise<void>
}

type Result = { item: string; dry_run: boolean; marker_written: boolean; reason: 'no_passed_dry_run' | null; runtime_gate: 0 }

/** Checks a pair and records that it passed; writes no marker. Throws `escrow_item_unknown` or `evidence_id_refused`. */
export async function dryRunEscrow(ports: MarkPorts, request: MarkRequest): Promise<Answered> {
  const digest = assertMarkable(ports, request)
  await ports.assertFolder()
  await record(ports, request.item, digest, true)
  return toAnswer({ item: request.item, dry_run: true, marker_written: false, reason: null, runtime_gate: 0 })
}

/**
 * Writes the marker of an item, after a passed dry run of the same pair (runbook, Credential Escrow Evidence
 * Checklist); no where there was none. Throws as `dryRunEscrow`, and what `writeMarker` throws.
 */
export async function markEscrow(ports: MarkPorts & { readonly writeMarker: (marker: MarkerFile) => Promise<void> }, request: MarkRequest): Promise<Answered> {
  const { item, evidenceId } = request
  const digest = assertMarkable(ports, request)
  await ports.assertFolder()
  if (!(await hasPassedDryRun(ports.rounds, item, digest))) {
    return toAnswer({ item, dry_run: false, marker_written: false, reason: 'no_passed_dry_run', runtime_gate: 0 })
  }
  await record(ports, item, digest, false)
  // A crash here leaves a marker that is recorded and not there, which counts as missing; never one that is not recorded.
  await ports.writeMarker({ item, evidence_id: evidenceId, marked_at: ports.now().toISOString() })
  return toAnswer({ item, dry_run: false, marker_written: true, reason: null, runtime_gate: 0 })
}

/** Gives the digest of the evidence id. Nothing that was given is in an error. */
function assertMarkable({ items }: MarkPorts, { item, evidenceId }: MarkRequest): string {
  const known = items ?? ESCROW_ITEM_IDS
  if (!known.includes(item)) throw new EvidenceError('escrow_item_unknown', 'the item is none of those in escrow', { remedy: `items: ${known.join(', ')}` })
  const problem = evidenceIdProblem(evidenceId)
  if (problem !== null) {
    throw new EvidenceError('evidence_id_refused', `the evidence id is ${problem}; it was neither printed nor stored`, {
      remedy: 'give the id of an existing record: vault item, sealed envelope or recovery checklist; never a secret or a part of one',
    })
  }
  return hash('sha256', evidenceId, 'hex')
}

function record(ports: DecisionPorts, item: string, digest: string, isDryRun: boolean): Promise<void> {
  return recordDecision(ports, ESCROW_SUBJECT, 'escrow.marked.v1', { item, evidence_id_sha256: digest, dry_run: isDryRun })
}

async function hasPassedDryRun(rounds: RoundReader, item: string, digest: string): Promise<boolean> {
  for await (const page of rounds.readRound(ESCROW_SUBJECT)) {
    for (const { text } of page) {
      const event = JSON.parse(text) as EvidenceEvent
      if (event.type === 'escrow.marked.v1' && event.data.dry_run && event.data.item === item && event.data.evidence_id_sha256 === digest) return true
    }
  }
  return false
}

function toAnswer(result: Result): Answered {
  const { item, dry_run: isDryRun, marker_written: isWritten, reason } = result
  if (reason !== null) {
    const text = `ESCROW_MARK_REFUSED item=${item} reason=${reason} marker_written=0 runtime_gate=0\nREMEDY the same command with --dry-run first\n`
    return { value: result, text, isYes: false }
  }
  const text = `${isDryRun ? 'ESCROW_MARK_DRY_RUN_OK' : 'ESCROW_MARK_OK'} item=${item} marker_written=${isWritten ? 1 : 0} runtime_gate=0\n`
  return { value: result, text, isYes: true }
}
