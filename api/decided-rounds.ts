import type { RoundReader } from '../ledger/ledger.ts'
import type { ApiPorts } from './ports.ts'

/**
 * Reads a round together with every decision about it, also those that were appended a moment ago: where questions are
 * answered from ClickHouse, what this service appended is there only once it was carried on. Events may come twice.
 */
export function decidedRounds({ rounds, ledger }: Pick<ApiPorts, 'rounds' | 'ledger'>): RoundReader {
  if (rounds === ledger) return ledger
  return {
    async *readRound(roundId) {
      yield* rounds.readRound(roundId)
      yield* ledger.readRound(roundId)
    },
  }
}
