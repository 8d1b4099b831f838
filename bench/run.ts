import { cpus, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { type BenchRow, benchAppend } from './append.ts'
import { benchFold } from './fold.ts'
import { benchGuards } from './guards.ts'
import { benchHistory } from './history.ts'
import { benchRelay } from './relay.ts'
import { benchStart } from './start.ts'

const HELP = `node bench/run.ts [--events N] [--only append,fold,guards,history,relay,start]

Compares with the floor in the same run and prints ratios: 1 is as fast as what it is compared with, 0.5 half as fast.
"history" and "relay" take minutes and run only where they are named. Absolute times are only there to read the ratios by; machines differ and are noisy.
`

const { values } = parseArgs({ options: { events: { type: 'string', default: '1000000' }, only: { type: 'string' }, help: { type: 'boolean' } } })
if (values.help) process.stdout.write(HELP)
else await main(Number(values.events), values.only?.split(',') ?? ['append', 'fold', 'guards', 'start'])

async function main(events: number, only: readonly string[]): Promise<void> {
  const groups: Record<string, () => Promise<BenchRow[]>> = {
    append: benchAppend,
    fold: () => benchFold(events),
    guards: () => benchGuards(),
    history: () => benchHistory([100_000, events]),
    relay: () => benchRelay(Math.min(events, 40_000)),
    start: async () => benchStart(),
  }
  console.log(`node ${process.versions.node}, ${cpus().length} processors, ${Math.round(totalmem() / 1e9)} GB`)
  for (const name of only) {
    const group = groups[name]
    if (group === undefined) throw new Error(`no bench ${name}`)
    for (const row of await group()) print(row)
  }
}

function print({ name, ratio, floor, detail }: BenchRow): void {
  const aim = floor === null ? '' : ratio >= floor ? `  aim ${floor.toFixed(2)} reached` : `  aim ${floor.toFixed(2)} MISSED`
  console.log(`${ratio.toFixed(2).padStart(6)}  ${name}${aim}\n        ${detail}`)
}
