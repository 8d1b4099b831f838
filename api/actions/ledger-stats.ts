import type { Ledger, LedgerStats } from '../../ledger/ledger.ts'
import { readRelayTargets } from '../../ledger/relay-state.ts'

export type RelayLag = { target: string; position: number; lag: number }
export type LedgerStatsAnswer = LedgerStats & { relay: RelayLag[] }

/** Size of a ledger, with how far each relay target is behind; `file` null: the ledger is no file and has no relay. */
export async function ledgerStats(ledger: Pick<Ledger, 'stats'>, file: string | null): Promise<LedgerStatsAnswer> {
  const stats = await ledger.stats()
  const targets = file === null ? [] : readRelayTargets({ path: file, mode: 'readonly' })
  return { ...stats, relay: targets.map(({ target, position }) => ({ target, position, lag: stats.lastPosition - position })) }
}

/** One line a number. */
export function ledgerStatsText(stats: LedgerStatsAnswer): string {
  const lines = [
    `events ${stats.events}`,
    `rounds ${stats.rounds} (${stats.sealedRounds} sealed)`,
    `last position ${stats.lastPosition}`,
    `bytes ${stats.bytes}`,
    ...stats.relay.map(({ target, position, lag }) => `relayed to ${target}: position ${position}, lag ${lag}`),
  ]
  return `${lines.join('\n')}\n`
}
