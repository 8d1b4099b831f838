import { verifyLedger } from '../../ledger/verify-ledger.ts'
import { type Answer, note, printResult } from '../output.ts'

/** `evidence ledger verify`: exit 1 with the first thing that is wrong. */
export async function run(_args: [], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const result = await verifyLedger(options.ledger, {
    onProgress: (checked, total) => {
      if (checked % 50_000 === 0) note(`verified ${checked} of ${total} events`)
    },
  })
  const text = result.ok
    ? `LEDGER_VERIFY_OK events=${result.events} rounds=${result.rounds} sealed=${result.sealed} unsealed=${result.unsealed.length} head=${result.head.position}:${result.head.chain}\n`
    : `LEDGER_VERIFY_FAILED code=${result.first.code} position=${result.first.position ?? 'none'} round=${result.first.roundId ?? 'none'}\n${result.first.message}\n`
  printResult(options.json, result, text)
  return result.ok ? 0 : 1
}
