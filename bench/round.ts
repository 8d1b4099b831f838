import { join } from 'node:path'
import { v7 } from 'uuid'
import { runPlannedRound } from '../api/actions/run-one-round.ts'
import type { LoadedEstate } from '../producers/estate-file.ts'
import { inDependencyOrder } from '../producers/gate-order.ts'
import { createHostTransports } from '../producers/host-transports.ts'
import { buildOpenTransport } from '../producers/open-transport.ts'
import { PROBES } from '../producers/probes.ts'
import type { RoundProgress } from '../producers/round-input.ts'
import { runCheck } from '../producers/run-check.ts'
import type { Check, Estate } from '../schemas/estate.ts'
import { startSshd } from '../test/support/sshd.ts'
import type { BenchRow } from './append.ts'
import { median } from './median.ts'
import { chainEstate } from './round-estate.ts'
import { benchRoundLedger } from './round-ledger.ts'
import { makeGround, openRoundStores, planBenchRound, type RoundGround, type RoundStores } from './round-work.ts'

const TIMES = 7
const WARM_UP = 2

/** Milliseconds of each check alone, by its id, and of opening one connection to a host. */
type Alone = { checks: Map<string, number>; connectMs: number }

/**
 * A round of 77 checks in seven gates against its slowest chain of gates (the floor: what each check takes alone, added up
 * along the chain) and against the sum of its checks; on this machine, and with the three hosts behind a real sshd. Rounds
 * and checks alone take turns; every time is a median. And what the events that are in the ledger already cost a round.
 */
export async function benchRound(times = TIMES): Promise<BenchRow[]> {
  const ground = await makeGround()
  const sshd = await startSshd()
  const stores = openRoundStores(join(ground.folder, 'evidence.db'))
  try {
    const here = await compare('on this machine', ground, stores, null, times)
    const there = await compare('over SSH', ground, stores, sshd, times)
    return [...here, ...there, await benchRoundLedger(ground)]
  } finally {
    await stores.close()
    await sshd.stop()
    ground.remove()
  }
}

async function compare(where: string, ground: RoundGround, stores: RoundStores, sshd: Parameters<typeof chainEstate>[1], times: number): Promise<BenchRow[]> {
  const loaded = await chainEstate(ground, sshd)
  const rounds: number[] = []
  const alone: Alone[] = []
  for (let i = 0; i < WARM_UP + times; i++) {
    const round = await timeRound(stores, loaded)
    const each = await timeAlone(loaded)
    if (i < WARM_UP) continue
    rounds.push(round)
    alone.push(each)
  }
  const typical: Alone = {
    checks: new Map(loaded.estate.checks.map(({ id }) => [id, median(alone.map((one) => one.checks.get(id) ?? Number.NaN))])),
    connectMs: median(alone.map((one) => one.connectMs)),
  }
  return toRows(where, loaded, median(rounds), typical, sshd === null ? 0 : loaded.estate.hosts.length)
}

function toRows(where: string, loaded: LoadedEstate, roundMs: number, alone: Alone, connections: number): BenchRow[] {
  const connectMs = connections === 0 ? 0 : alone.connectMs
  const chainMs = slowestChain(loaded.estate, alone.checks) + connectMs
  const sumMs = sumOf(loaded.estate.checks, alone.checks) + connections * connectMs
  const connecting = connections === 0 ? '' : `, of which ${connectMs.toFixed(0)} ms are one connection`
  const checks = `${loaded.estate.checks.length} checks in ${loaded.estate.gates.length} gates`
  return [
    {
      name: `round ${where} against its slowest chain of gates`,
      ratio: chainMs / roundMs,
      floor: 0.5,
      detail: `${checks}: ${roundMs.toFixed(0)} ms against ${chainMs.toFixed(0)} ms${connecting}: ${(roundMs / chainMs).toFixed(2)} times as long`,
    },
    {
      name: `round ${where} against the sum of its checks`,
      ratio: sumMs / roundMs,
      floor: 2,
      detail: `${roundMs.toFixed(0)} ms against ${sumMs.toFixed(0)} ms, ${connections} connections`,
    },
  ]
}

/** From `round.opened` to the seal, everything durable. A gate that were blocked would make the round shorter. */
async function timeRound(stores: RoundStores, loaded: LoadedEstate): Promise<number> {
  const onProgress = (progress: RoundProgress): void => {
    if (progress.type === 'check_done' && progress.outcome !== 'met' && !progress.check.endsWith('-10'))
      throw new Error(`${progress.check}: ${progress.outcome}`)
  }
  const planned = planBenchRound(loaded)
  const start = performance.now()
  await runPlannedRound({ ...stores, onProgress }, planned)
  return performance.now() - start
}

/** One check after the other, over connections that are open already. */
async function timeAlone({ estate, baseDir }: LoadedEstate): Promise<Alone> {
  const { signal } = new AbortController()
  const hosts = createHostTransports(estate, await buildOpenTransport(estate, baseDir, undefined), signal)
  const frame = { roundId: 'bench-alone', source: 'urn:evidence-ledger:bench', now: () => new Date(), newId: v7 }
  const limits = { timeoutMs: 10_000, maxBytes: 1000, signal }
  const connecting: number[] = []
  for (const { id } of estate.hosts) {
    const first = await timed(() => hosts.of(id).run(['true'], limits))
    connecting.push(first - (await timed(() => hosts.of(id).run(['true'], limits))))
  }
  const checks = new Map<string, number>()
  for (const check of estate.checks) {
    const run = { estate, baseDir, probes: PROBES, frame, signal, alertTest: false, transport: hosts.of(check.host) }
    checks.set(check.id, await timed(() => runCheck(check, run)))
  }
  await hosts.closeAll()
  return { checks, connectMs: Math.max(0, median(connecting)) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const sumOf = (checks: readonly Check[], alone: ReadonlyMap<string, number>): number => checks.reduce((sum, { id }) => sum + (alone.get(id) ?? 0), 0)

/** The least that the declared order and limits allow: a gate starts after those before it, and has so many looks at once. */
export function slowestChain(estate: Estate, alone: ReadonlyMap<string, number>): number {
  const ends = new Map<string, number>()
  for (const gate of inDependencyOrder(estate.gates)) {
    const own = estate.checks.filter((check) => check.gate === gate.id)
    const ofHosts = estate.hosts.map(
      ({ id }) =>
        sumOf(
          own.filter((check) => check.host === id),
          alone,
        ) / estate.limits.per_host,
    )
    const takes = Math.max(...own.map(({ id }) => alone.get(id) ?? 0), ...ofHosts, sumOf(own, alone) / estate.limits.overall)
    ends.set(gate.id, takes + Math.max(0, ...gate.depends_on.map((id) => ends.get(id) ?? 0)))
  }
  return Math.max(...ends.values())
}

if (import.meta.main) {
  for (const { name, ratio, detail } of await benchRound()) console.info(`${ratio.toFixed(2).padStart(6)}  ${name}\n        ${detail}`)
}
