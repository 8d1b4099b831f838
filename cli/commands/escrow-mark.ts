import { dryRunEscrow, markEscrow } from '../../api/actions/mark-escrow.ts'
import { assertMarkerFolder, writeMarker } from '../../api/actions/write-marker.ts'
import { type Answer, printResult } from '../output.ts'
import { withDecisions } from '../record-decision.ts'

type Options = { item: string; evidenceId: string; markers: string; estate?: string; dryRun?: boolean; ledger: string; json?: boolean }

/**
 * `evidence escrow mark`: writes the marker of an item, after a passed `--dry-run` of the same item and evidence id
 * (runbook, Credential Escrow Evidence Checklist). Nothing that was given is repeated: the evidence id goes into the
 * marker file and nowhere else. Throws `escrow_item_unknown` or `evidence_id_refused`; exit 1 without the dry run.
 */
export async function run(_args: [], options: Options): Promise<Answer> {
  const { item, evidenceId, markers } = options
  const items = options.estate === undefined ? null : await itemsOf(options.estate)
  const { value, text, isYes } = await withDecisions(options.ledger, (decisions) => {
    const ports = { ...decisions, rounds: decisions.ledger, items, assertFolder: () => assertMarkerFolder(markers, '--markers') }
    if (options.dryRun === true) return dryRunEscrow(ports, { item, evidenceId })
    return markEscrow({ ...ports, writeMarker: (marker) => writeMarker(markers, marker) }, { item, evidenceId })
  })
  printResult(options.json, value, text)
  return isYes ? 0 : 1
}

async function itemsOf(file: string): Promise<readonly string[]> {
  const { loadEstate } = await import('../../producers/estate-file.ts')
  return (await loadEstate(file)).estate.sections.escrow?.items ?? []
}
