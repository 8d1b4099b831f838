import type { CheckOf } from '../../schemas/estate.ts'
import { postgresUnmet } from '../../schemas/expectations/postgres.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure, type RunResult } from '../transport.ts'
import { createLookBudget } from './look-budget.ts'
import { nullIfRefused } from './optional-fact.ts'
import { readPostgresLog } from './postgres-log.ts'

type Facts = FactsOf<'postgres'>
type Budget = ReturnType<typeof createLookBudget>

const MAX_OUTPUT_BYTES = 1_048_576
const ENDPOINTS = { 0: 'accepting', 1: 'rejecting', 2: 'no_response' } as const

/**
 * Asks who accepts connections, what state the host's own cluster is in, and whether its log tells of damaged WAL.
 * Three questions, three facts: none stands for another. A cluster or a log that cannot be read is null.
 */
export async function probePostgres(check: CheckOf<'postgres'>, context: ProbeContext): Promise<Look<'postgres'>> {
  const budget = createLookBudget(context)
  const endpoint = await lookAtEndpoint(check, context, budget)
  const cluster = check.cluster === undefined ? null : await lookAtCluster(check.cluster, context, budget)
  const log = check.log === undefined ? null : await lookAtLog(check.log, context, budget)
  const facts: Facts = { address: check.address, port: check.port, endpoint, cluster, log }
  return { target: targetOf(check), asOf: null, met: postgresUnmet(check, facts, context.now()).length === 0, facts }
}

async function lookAtEndpoint(check: CheckOf<'postgres'>, { transport }: ProbeContext, budget: Budget): Promise<Facts['endpoint']> {
  const options = budget(MAX_OUTPUT_BYTES)
  const seconds = String(Math.max(1, Math.floor(options.timeoutMs / 1000)))
  const result = await transport.run(commandLine('postgres.accepting', { address: check.address, port: String(check.port), seconds }), options)
  const endpoint = ENDPOINTS[result.exitCode as keyof typeof ENDPOINTS]
  // Its word must agree with its exit code: 0 from something that is not pg_isready is no proof.
  const isSaid = result.stdout
    .toString('utf8')
    .trimEnd()
    .endsWith(endpoint === 'accepting' ? ' - accepting connections' : '')
  if (endpoint === undefined || !isSaid) throw new ProbeFailure('exit_status', 'exec', `pg_isready: exit code ${result.exitCode}`)
  return endpoint
}

async function lookAtCluster(name: string, { transport }: ProbeContext, budget: Budget): Promise<Facts['cluster']> {
  const result = await nullIfRefused(transport.run(commandLine('postgres.clusters'), budget(MAX_OUTPUT_BYTES)))
  return result === null || result.exitCode !== 0 ? null : clusterIn(result, name)
}

/** Columns: version, name, port, status, owner, data directory, log file. A line of another shape makes the list unusable. */
function clusterIn(result: RunResult, name: string): Facts['cluster'] {
  const lines = result.stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const clusters = lines.map((line) => /^(\d+(?:\.\d+)?) +(\S+) +(\d+) +(\S+) +\S+ +\S/u.exec(line))
  if (clusters.some((one) => one === null)) return null
  const own = clusters.find((one) => `${one?.[1]}/${one?.[2]}` === name)
  if (!own) return { name, state: 'absent', port: null }
  const port = Number(own[3])
  return { name, state: (own[4] ?? '').slice(0, 80), port: port >= 1 && port <= 65535 ? port : null }
}

/** The time first: a log written to in between counts as older than it is, never as younger. */
async function lookAtLog(path: string, { transport }: ProbeContext, budget: Budget): Promise<Facts['log']> {
  const stat = await nullIfRefused(transport.stat(path, budget(MAX_OUTPUT_BYTES)))
  if (stat === null || !stat.exists) return null
  const result = await nullIfRefused(transport.run(commandLine('file.tail', { path }), budget(MAX_OUTPUT_BYTES)))
  if (result === null || result.exitCode !== 0) return null
  return { source: path, size_bytes: stat.sizeBytes, modified_at: stat.modifiedAt, ...readPostgresLog(result.stdout.toString('utf8')) }
}
