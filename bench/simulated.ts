import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asOperator, missingParts, startSimulatedEstate, stopSimulatedEstate } from '../examples/awoooi/simulated/simulated-estate.ts'
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts'
import { readRoundFold } from '../projector/project-round.ts'
import { readRoundEvidence } from '../projector/round-evidence.ts'
import type { EvidenceEvent } from '../schemas/event.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'
import { slowestChain } from './round.ts'

const TIMES = 5
const ESTATE = 'examples/awoooi/estate.yaml'

type Times = { round: number; chain: number; sum: number; checks: number }

/**
 * Whole rounds over the simulated AWOOOI estate, over SSH and with real servers, against the slowest chain of gates and
 * the sum of the checks, both of what the same round's own attempts took: they were made side by side, so alone each would
 * have been quicker.
 */
export async function benchSimulated(): Promise<BenchRow[] | string> {
  const missing = missingParts()
  if (missing !== null) return `simulated estate not measured: this machine ${missing}`
  const dir = mkdtempSync(join(tmpdir(), 'bench-simulated-'))
  try {
    await startSimulatedEstate(dir)
    const all: Times[] = []
    for (let i = 0; i <= TIMES; i++) all.push(await timeRound(dir, `bench-${i}`))
    return toRows(all.slice(1))
  } finally {
    await stopSimulatedEstate(dir)
    rmSync(dir, { recursive: true, force: true })
  }
}

async function timeRound(dir: string, id: string): Promise<Times> {
  const { words, env } = asOperator(dir)
  const [program = '', ...before] = words
  const ran = spawnSync(program, [...before, 'round', 'run', '--estate', ESTATE, '--id', id, '--quiet', '--ledger', 'bench.db'], {
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  if (ran.status !== 0) throw new Error(`round ${id}: exit ${ran.status}: ${ran.stdout}${ran.stderr}`)
  const ledger = openSqliteLedger({ path: join(dir, 'bench.db'), mode: 'readonly' })
  try {
    const { opened, sealedAt, estate, byCheck } = readRoundEvidence(id, await readRoundFold(ledger, id))
    const took = new Map([...byCheck].map(([check, events]) => [check, events.reduce((sum, event) => sum + attemptsMs(event), 0)]))
    const sum = [...took.values()].reduce((a, b) => a + b, 0)
    return { round: Date.parse(sealedAt ?? '') - Date.parse(opened.time), chain: slowestChain(estate, took), sum, checks: took.size }
  } finally {
    await ledger.close()
  }
}

function attemptsMs({ data }: EvidenceEvent): number {
  return 'attempts' in data ? data.attempts.reduce((sum, { ms }) => sum + ms, 0) : 0
}

function toRows(all: readonly Times[]): BenchRow[] {
  const [round, chain, sum] = [median(all.map((one) => one.round)), median(all.map((one) => one.chain)), median(all.map((one) => one.sum))]
  const what = `${all[0]?.checks ?? 0} checks of the simulated AWOOOI estate: ${round} ms`
  return [
    {
      name: 'round over the simulated estate against its slowest chain of gates',
      ratio: chain / round,
      floor: 0.5,
      detail: `${what} against ${chain.toFixed(0)} ms`,
    },
    { name: 'round over the simulated estate against the sum of its checks', ratio: sum / round, floor: 2, detail: `${what} against ${sum} ms` },
  ]
}

if (import.meta.main) console.log(await benchSimulated())
