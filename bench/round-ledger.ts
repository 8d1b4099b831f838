import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runOneRound } from '../api/actions/run-one-round.ts'
import { type LoadedEstate, loadEstate } from '../producers/estate-file.ts'
import { makeBenchLedger } from './api-ledger.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'
import { openRoundStores, planBenchRound, type RoundGround, type RoundStores } from './round-work.ts'

const CHECKS = 20
const WARM_UP = 3

/** A small round, projected, with so many events before it in the ledger, against one in a ledger of a few rounds; in turns. */
export async function benchRoundLedger(ground: RoundGround, events = 20_000, times = 15): Promise<BenchRow> {
  await makeBenchLedger(join(ground.folder, 'full.db'), events)
  const [full, empty] = [openRoundStores(join(ground.folder, 'full.db')), openRoundStores(join(ground.folder, 'empty.db'))]
  try {
    const loaded = await smallEstate(ground)
    const spent = { full: [] as number[], empty: [] as number[] }
    for (let i = 0; i < WARM_UP + times; i++) {
      const took = { full: await timeRound(full, loaded), empty: await timeRound(empty, loaded) }
      if (i < WARM_UP) continue
      spent.full.push(took.full)
      spent.empty.push(took.empty)
    }
    const [own, least] = [median(spent.full), median(spent.empty)]
    const detail = `${CHECKS} checks: ${own.toFixed(1)} ms against ${least.toFixed(1)} ms, ${((1000 * (own - least)) / events).toFixed(2)} µs an event that was there before`
    return { name: `round in a ledger of ${events} events against an empty one`, ratio: least / own, floor: 0.5, detail }
  } finally {
    await full.close()
    await empty.close()
  }
}

async function smallEstate({ folder, file }: RoundGround): Promise<LoadedEstate> {
  const checks = Array.from({ length: CHECKS }, (_, n) => ({ id: `file-${n}`, gate: 'P0-ALL', kind: 'file', path: file.path }))
  const path = join(folder, 'small.json')
  writeFileSync(path, JSON.stringify({ estate: 'test', version: '1', policy: 'sop@1.78', gates: [{ id: 'P0-ALL' }], checks }))
  return await loadEstate(path)
}

async function timeRound(stores: RoundStores, loaded: LoadedEstate): Promise<number> {
  const start = performance.now()
  await runOneRound(stores, planBenchRound(loaded))
  return performance.now() - start
}
