import { escrowAnswer, type Standings } from '../../api/actions/escrow-standing.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

type Options = { estate?: string; round?: string; ledger: string; json?: boolean }

/** `evidence escrow status`: where each item in escrow stands. Exit 0 only when none is missing. */
export async function run(_args: [], options: Options): Promise<Answer> {
  const { value, text, isYes } = escrowAnswer(await readStandings(options), options.round ?? null)
  printResult(options.json, value, text)
  return isYes ? 0 : 1
}

async function readStandings({ estate, round, ledger: path }: Options): Promise<Standings> {
  if (round !== undefined) return ofRound(path, round, estate)
  if (estate === undefined) throw new EvidenceError('usage', 'name --estate to look now, or --round to see what a round saw')
  return withLedger(path, 'readonly', async (ledger) => (await import('../escrow-look.ts')).lookAtEscrow(estate, ledger))
}

async function ofRound(path: string, round: string, estateFile: string | undefined): Promise<Standings> {
  const { escrowOfRound } = await import('../../api/actions/escrow-of-round.ts')
  const estateId = estateFile === undefined ? null : await estateIdOf(estateFile)
  return withLedger(path, 'readonly', (ledger) => escrowOfRound(ledger, round, estateId))
}

async function estateIdOf(file: string): Promise<string> {
  const { loadEstate } = await import('../../producers/estate-file.ts')
  return (await loadEstate(file)).estate.estate
}
