import { EvidenceError } from '../../schemas/errors.ts'
import { escrowStanding, type InventoryLook, type ItemStanding, type Standings, standingText } from '../escrow-standing.ts'
import { type Answer, printResult } from '../output.ts'
import { withLedger } from '../stores.ts'

type Options = { estate?: string; round?: string; ledger: string; json?: boolean }

/** `evidence escrow status`: where each item in escrow stands. Exit 0 only when none is missing. */
export async function run(_args: [], options: Options): Promise<Answer> {
  const { input, looks } = await readStandings(options)
  const standing = escrowStanding(input)
  printResult(
    options.json,
    toResult(options, standing, looks),
    looks.map(({ check, outcome }) => `LOOK ${check} ${outcome}\n`).join('') + standingText(standing),
  )
  return standing.length > 0 && standing.every((one) => !one.missing) ? 0 : 1
}

async function readStandings({ estate, round, ledger: path }: Options): Promise<Standings> {
  if (round !== undefined) return withLedger(path, 'readonly', async (ledger) => (await import('../escrow-of-round.ts')).escrowOfRound(ledger, round, estate))
  if (estate === undefined) throw new EvidenceError('usage', 'name --estate to look now, or --round to see what a round saw')
  return withLedger(path, 'readonly', async (ledger) => (await import('../escrow-look.ts')).lookAtEscrow(estate, ledger))
}

function toResult({ round }: Options, items: readonly ItemStanding[], looks: readonly InventoryLook[]) {
  return { artifact_id: round ?? null, looks, items, escrow_missing_count: items.filter((one) => one.missing).length, runtime_gate: 0 }
}
