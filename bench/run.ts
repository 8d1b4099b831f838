import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { benchApi } from './api.ts'
import { type BenchRow, benchAppend } from './append.ts'
import { benchFold } from './fold.ts'
import { benchGuards } from './guards.ts'
import { benchHistory } from './history.ts'
import { benchProjector } from './projector.ts'
import { benchRelay } from './relay.ts'
import { benchRound } from './round.ts'
import { benchGoss } from './round-goss.ts'
import { benchSimulated } from './simulated.ts'
import { benchStart } from './start.ts'

const HELP = `node bench/run.ts [--events N] [--only api,append,fold,goss,guards,history,projector,relay,round,simulated,start]

Compares with the floor in the same run and prints ratios: 1 is as fast as what it is compared with, 0.5 half as fast.
Without arguments everything runs in a small size, within ten minutes; --events sets the size of api, fold, history,
projector and relay, and history then compares 100,000 events with that many. "projector" and "relay" need a Kafka, as the tests do;
"round" needs an sshd, "goss" needs goss (GOSS names the program) or a Go to build it with;
"simulated" needs root and the servers of examples/awoooi/simulated.
Absolute times are only there to read the ratios by; machines differ and are noisy. Memory: node bench/projector-memory.ts --help
`

const { values } = parseArgs({ options: { events: { type: 'string' }, only: { type: 'string' }, help: { type: 'boolean' } } })
if (values.help) process.stdout.write(HELP)
else await main(values.events === undefined ? null : Number(values.events), values.only?.split(',') ?? null)

/** `events` and `only` null: small sizes, everything. */
async function main(events: number | null, only: readonly string[] | null): Promise<void> {
  const groups: Record<string, () => Promise<BenchRow[] | string>> = {
    api: () => benchApi(events ?? 20_000),
    append: benchAppend,
    fold: () => benchFold(events ?? 200_000),
    goss: () => benchGoss(),
    guards: () => benchGuards(),
    history: () => benchHistory(events === null ? [10_000, 40_000] : [100_000, events]),
    projector: () => benchProjector(events ?? 30_000),
    relay: () => benchRelay(events ?? 20_000),
    round: () => benchRound(),
    simulated: () => benchSimulated(),
    start: async () => benchStart(),
  }
  console.log(`node ${process.versions.node}, ${cpus().length} processors, ${Math.round(totalmem() / 1e9)} GB`)
  for (const name of only ?? Object.keys(groups)) {
    const group = groups[name]
    if (group === undefined) throw new Error(`no bench ${name}`)
    const rows = await group()
    if (typeof rows === 'string') {
      console.log(`   -    ${rows}`)
      continue
    }
    if (rows.length === 0) console.log(`   -    ${name} did not run: no Kafka here`)
    for (const row of rows) print(row)
  }
}

function print({ name, ratio, floor, detail }: BenchRow): void {
  const aim = floor === null ? '' : ratio >= floor ? `  aim ${floor.toFixed(2)} reached` : `  aim ${floor.toFixed(2)} MISSED`
  console.log(`${ratio.toFixed(2).padStart(6)}  ${name}${aim}\n        ${detail}`)
}
