import { checkPacketContract } from '../guards/contract.ts'
import { declarationText, evaluateDeclarations } from '../guards/declaration.ts'
import { dispatchNextGates, dispatchText } from '../guards/dispatch.ts'
import { snapshotInput } from '../guards/guard-input.ts'
import { buildOwnerPackets } from '../guards/packets.ts'
import { preflightResponse } from '../guards/preflight.ts'
import { responseTemplate } from '../guards/response-template.ts'
import { loadRecordedRounds, recordedRoundEvents } from '../producers/recorded-round.ts'
import { emptyFold, foldEvents } from '../projector/fold.ts'
import { judgeFold } from '../projector/project-round.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'

const ROUNDS_FILE = new URL('../examples/awoooi/rounds/june-26-to-27.yaml', import.meta.url).pathname

/** Every guard on one snapshot, against writing and reading that snapshot as JSON, the least anything with it costs. */
export async function benchGuards(times = 300): Promise<BenchRow[]> {
  const { estate, rounds } = await loadRecordedRounds(ROUNDS_FILE)
  const [round] = rounds
  if (round === undefined) throw new Error('no recorded round')
  const texts = recordedRoundEvents(round, estate.estate, estate.digest).map((event) => Buffer.from(event.bytes).toString('utf8'))
  const snapshot = judgeFold(round.id, foldEvents(emptyFold(), texts))
  const input = snapshotInput(snapshot)
  const packets = JSON.stringify(buildOwnerPackets(input))
  const response = Buffer.from(JSON.stringify(responseTemplate(buildOwnerPackets(input))))
  const guards: Record<string, () => unknown> = {
    declaration: () => declarationText(evaluateDeclarations(input)),
    dispatch: () => dispatchText(dispatchNextGates(input)),
    packets: () => JSON.stringify(buildOwnerPackets(input)),
    contract: () => checkPacketContract(input, packets),
    preflight: () => preflightResponse(input, response, { at: '2026-06-27T12:00:00.000Z', isReplayed: false }),
  }
  const floor = (): unknown => JSON.parse(JSON.stringify(snapshot))
  return Object.entries(guards).map(([name, guard]) => compare(`guard ${name} against JSON round trip of its snapshot`, guard, floor, times))
}

function compare(name: string, work: () => unknown, floor: () => unknown, times: number): BenchRow {
  const spent = { work: [] as number[], floor: [] as number[] }
  for (let i = 0; i < times + 50; i++) {
    const start = performance.now()
    work()
    const middle = performance.now()
    floor()
    // The first turns are the compiler's.
    if (i < 50) continue
    spent.work.push(middle - start)
    spent.floor.push(performance.now() - middle)
  }
  const [own, least] = [median(spent.work), median(spent.floor)]
  return { name, ratio: least / own, floor: null, detail: `${own.toFixed(3)} ms against ${least.toFixed(3)} ms` }
}
