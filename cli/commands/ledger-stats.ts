import { readRelayTargets } from '../../ledger/relay-state.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

/** `evidence ledger stats`, with how far each relay target is behind. */
export async function run(_args: [], options: { ledger: string; json?: boolean }): Promise<Answer> {
  const stats = await withLedger(options.ledger, 'readonly', (ledger) => ledger.stats())
  const targets = readRelayTargets({ path: options.ledger, mode: 'readonly' })
  const relay = targets.map(({ target, position }) => ({ target, position, lag: stats.lastPosition - position }))
  const lines = [
    `events ${stats.events}`,
    `rounds ${stats.rounds} (${stats.sealedRounds} sealed)`,
    `last position ${stats.lastPosition}`,
    `bytes ${stats.bytes}`,
    ...relay.map(({ target, position, lag }) => `relayed to ${target}: position ${position}, lag ${lag}`),
  ]
  printResult(options.json, { ...stats, relay }, `${lines.join('\n')}\n`)
  return 0
}
