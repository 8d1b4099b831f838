import { hash } from 'node:crypto'
import { chmod, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ESCROW_ITEM_IDS } from '../../guards/owner-gates.ts'
import { evidenceIdProblem } from '../../producers/escrow-evidence-id.ts'
import type { MarkerFile } from '../../producers/escrow-inventory.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { ESCROW_SUBJECT } from '../../schemas/escrow-subject.ts'
import type { EvidenceEvent } from '../../schemas/event.ts'
import { type Answer, printResult } from '../output.ts'
import { recordDecision } from '../record-decision.ts'
import { withLedger } from '../stores.ts'
import { writeFileAtomically } from '../write-file.ts'

type Options = { item: string; evidenceId: string; markers: string; estate?: string; dryRun?: boolean; ledger: string; json?: boolean }
type Result = { item: string; dry_run: boolean; marker_written: boolean; reason: 'no_passed_dry_run' | null; runtime_gate: 0 }

/** Probes of another user must be able to read a marker; it holds a reference and no secret. */
const MARKER_MODE = 0o644

/**
 * `evidence escrow mark`: writes the marker of an item, after a passed `--dry-run` of the same item and evidence id
 * (runbook, Credential Escrow Evidence Checklist). Nothing that was given is repeated: the evidence id goes into the
 * marker file and nowhere else. Throws `escrow_item_unknown` or `evidence_id_refused`; exit 1 without the dry run.
 */
export async function run(_args: [], options: Options): Promise<Answer> {
  await assertItem(options)
  assertEvidenceId(options.evidenceId)
  await assertFolder(options.markers)
  const { item, ledger } = options
  const digest = hash('sha256', options.evidenceId, 'hex')
  const isRefused = options.dryRun !== true && !(await hasPassedDryRun(ledger, item, digest))
  if (!isRefused) await recordDecision(ledger, ESCROW_SUBJECT, 'escrow.marked.v1', { item, evidence_id_sha256: digest, dry_run: options.dryRun === true })
  // A crash here leaves a marker that is recorded and not there, which counts as missing; never one that is not recorded.
  const isWritten = !isRefused && options.dryRun !== true
  if (isWritten) await writeMarker(options.markers, { item, evidence_id: options.evidenceId, marked_at: new Date().toISOString() })
  const result: Result = {
    item,
    dry_run: options.dryRun === true,
    marker_written: isWritten,
    reason: isRefused ? 'no_passed_dry_run' : null,
    runtime_gate: 0,
  }
  printResult(options.json, result, markText(result))
  return isRefused ? 1 : 0
}

async function assertItem({ item, estate }: Options): Promise<void> {
  const items = estate === undefined ? ESCROW_ITEM_IDS : await itemsOf(estate)
  if (items.includes(item)) return
  throw new EvidenceError('escrow_item_unknown', 'the item is none of those in escrow', { remedy: `items: ${items.join(', ')}` })
}

async function itemsOf(file: string): Promise<readonly string[]> {
  const { loadEstate } = await import('../../producers/estate-file.ts')
  return (await loadEstate(file)).estate.sections.escrow?.items ?? []
}

function assertEvidenceId(evidenceId: string): void {
  const problem = evidenceIdProblem(evidenceId)
  if (problem === null) return
  throw new EvidenceError('evidence_id_refused', `the evidence id is ${problem}; it was neither printed nor stored`, {
    remedy: 'give the id of an existing record: vault item, sealed envelope or recovery checklist; never a secret or a part of one',
  })
}

/** A mistyped folder must not be made: a probe would never look there. */
async function assertFolder(path: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (!isFolder)
    throw new EvidenceError('file_unreadable', 'what --markers names is not a folder', { remedy: 'make the folder that the escrow check looks at' })
}

async function hasPassedDryRun(path: string, item: string, digest: string): Promise<boolean> {
  return withLedger(path, 'readonly', async (ledger) => {
    for await (const page of ledger.readRound(ESCROW_SUBJECT)) {
      for (const { text } of page) {
        const event = JSON.parse(text) as EvidenceEvent
        if (event.type === 'escrow.marked.v1' && event.data.dry_run && event.data.item === item && event.data.evidence_id_sha256 === digest) return true
      }
    }
    return false
  })
}

async function writeMarker(folder: string, marker: MarkerFile): Promise<void> {
  const file = join(folder, `${marker.item}.json`)
  await writeFileAtomically(file, `${JSON.stringify(marker)}\n`)
  await chmod(file, MARKER_MODE)
}

function markText({ item, dry_run: isDryRun, marker_written: isWritten, reason }: Result): string {
  if (reason !== null)
    return `ESCROW_MARK_REFUSED item=${item} reason=${reason} marker_written=0 runtime_gate=0\nREMEDY the same command with --dry-run first\n`
  return `${isDryRun ? 'ESCROW_MARK_DRY_RUN_OK' : 'ESCROW_MARK_OK'} item=${item} marker_written=${isWritten ? 1 : 0} runtime_gate=0\n`
}
