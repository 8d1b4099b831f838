import { readBundleInput, reviewsOfLedger } from '../api/actions/read-bundle-input.ts'
import type { BundleInput } from '../api/exports/bundle.ts'
import { withLedger } from './stores.ts'

export type ExportOptions = { ledger: string; policy?: string; output?: string; json?: boolean }

/** A round of the ledger as all export forms take it. */
export function readExportInput(id: string, { ledger: path, policy }: ExportOptions): Promise<BundleInput> {
  return withLedger(path, 'readonly', (ledger) => readBundleInput(ledger, id, policy, reviewsOfLedger(ledger)))
}
