import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence ledger stats`. */
export async function run(_args: [], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const stats = await withLedger(options.ledger, 'readonly', (ledger) => ledger.stats())
  const text = `events ${stats.events}\nrounds ${stats.rounds} (${stats.sealedRounds} sealed)\nlast position ${stats.lastPosition}\nbytes ${stats.bytes}\n`
  printResult(options.json, stats, text)
  return 0
}
