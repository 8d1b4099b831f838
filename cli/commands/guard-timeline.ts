import { readBootedRound, timelineOf } from '../../api/actions/round-timeline.ts'
import { timelineText } from '../../guards/timeline.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence guard timeline`: exit 0 once the recovery has reached FULL_STACK_GREEN. Nothing is recorded: it decides nothing. */
export async function run([id]: [string], options: { since?: string; policy?: string; ledger: string; json?: boolean }): Promise<Answer> {
  const round = await withLedger(options.ledger, 'readonly', (ledger) => readBootedRound(ledger, id, options.policy))
  const result = timelineOf(round, options.since)
  printResult(options.json, result, timelineText(result))
  return result.layer === 'FULL_STACK_GREEN' ? 0 : 1
}
