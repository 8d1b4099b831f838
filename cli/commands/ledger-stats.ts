import { ledgerStats, ledgerStatsText } from '../../api/actions/ledger-stats.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence ledger stats`, with how far each relay target is behind. */
export async function run(_args: [], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const stats = await withLedger(options.ledger, 'readonly', (ledger) => ledgerStats(ledger, options.ledger))
  printResult(options.json, stats, ledgerStatsText(stats))
  return 0
}
