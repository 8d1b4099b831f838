import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

type Check = CheckOf<'k8s'>
type Facts = FactsOf<'k8s'>

/** Failed Jobs split by whether a later official run of the same work succeeded (runbook §14.25). */
export type JobCounts = { failed: number; stale_failed: number; active_failed: number }

/** CronJob runs are named `<work>-<scheduled minute>`; a later success has a higher minute. */
export function splitRun(job: string): { work: string; run: number } {
  const match = /^(.*)-(\d+)$/.exec(job)
  return match ? { work: match[1] as string, run: Number(match[2]) } : { work: job, run: -1 }
}

export function countJobs(jobs: NonNullable<Facts['jobs']>, staleJobsAreEvidence: boolean): JobCounts {
  const successes = jobs.later_successes.map(splitRun)
  const stale = jobs.failed.map(splitRun).filter((failed) => successes.some((s) => s.work === failed.work && s.run > failed.run)).length
  const counted = staleJobsAreEvidence ? stale : 0
  return { failed: jobs.failed.length, stale_failed: counted, active_failed: jobs.failed.length - counted }
}

/** Runbook §6.3: replicated workloads must span nodes with a skew of at most one. */
export function workloadPlacement(placement: NonNullable<Facts['placement']>): 'WORKLOAD_BALANCED' | 'WORKLOAD_IMBALANCED' {
  const replicated = placement.filter((one) => one.nodes.length >= 2)
  return replicated.length > 0 && replicated.every((one) => isSpread(one.nodes)) ? 'WORKLOAD_BALANCED' : 'WORKLOAD_IMBALANCED'
}

function isSpread(nodes: readonly string[]): boolean {
  const perNode = new Map<string, number>()
  for (const node of nodes) perNode.set(node, (perNode.get(node) ?? 0) + 1)
  const counts = [...perNode.values()]
  return counts.length >= 2 && Math.max(...counts) - Math.min(...counts) <= 1
}

/**
 * What a k8s check lacks; empty means met. It reports one or more topics; one that is null is not this check's, unless
 * the check asks for it. A failed Job with a later official success is evidence and no failure since policy 1.25.
 */
export function k8sUnmet(check: Check, facts: Facts, staleJobsAreEvidence: boolean): string[] {
  if (Object.values(facts).every((topic) => topic === null || topic === undefined)) return ['not observed: any Kubernetes fact']
  return [...nodesUnmet(check, facts), ...countsUnmet(check, facts), ...jobsUnmet(check, facts, staleJobsAreEvidence), ...workloadsUnmet(check, facts)]
}

function nodesUnmet(check: Check, { nodes }: Facts): string[] {
  const unmet: string[] = []
  if (nodes === null && check.nodes !== undefined) unmet.push('not observed: nodes')
  if (nodes?.length === 0) unmet.push('no node')
  for (const node of nodes ?? []) {
    if (!node.ready) unmet.push(reason(`node ${node.name} is not Ready`))
    else if (node.schedulable === false) unmet.push(reason(`node ${node.name} is cordoned`))
  }
  const names = new Set((nodes ?? []).map((node) => node.name))
  if (nodes !== null) for (const name of check.nodes ?? []) if (!names.has(name)) unmet.push(reason(`node ${name} is not there`))
  const planes = (nodes ?? []).filter((node) => node.control_plane && node.ready).length
  // Runbook §6.3: one Ready control plane is no active-active one, whatever else is green.
  if (check.establishes?.includes('K3S_CONTROL_PLANE_AA') && planes < 2) unmet.push(`${planes} of 2 control planes Ready`)
  return unmet
}

function countsUnmet(check: Check, facts: Facts): string[] {
  const unmet: string[] = []
  if (check.pods && facts.bad_pods === null) unmet.push('not observed: pods')
  if (check.node_events && facts.node_fs_error_events === null) unmet.push('not observed: node events')
  if (check.nodes !== undefined && facts.disk_pressure_nodes === null) unmet.push('not observed: disk pressure')
  if (check.vip !== undefined && facts.vip_present === null) unmet.push('not observed: VIP')
  if ((facts.bad_pods ?? 0) > 0) unmet.push(`${facts.bad_pods} bad pods`)
  if ((facts.node_fs_error_events ?? 0) > 0) unmet.push(`${facts.node_fs_error_events} node file-system error events`)
  if ((facts.readonly_filesystem_nodes ?? 0) > 0) unmet.push(`${facts.readonly_filesystem_nodes} nodes with a read-only file system`)
  if ((facts.disk_pressure_nodes ?? 0) > 0) unmet.push(`${facts.disk_pressure_nodes} nodes under disk pressure`)
  if (facts.vip_present === false) unmet.push('VIP is absent')
  return unmet
}

function jobsUnmet(check: Check, { jobs }: Facts, staleJobsAreEvidence: boolean): string[] {
  if (jobs === null) return check.jobs ? ['not observed: jobs'] : []
  const active = countJobs(jobs, staleJobsAreEvidence).active_failed
  return active > 0 ? [`${active} failed Jobs without a later success`] : []
}

function workloadsUnmet(check: Check, { placement, deployments }: Facts): string[] {
  const unmet: string[] = []
  if (placement === null && (check.placement !== undefined || check.establishes?.includes('WORKLOAD_BALANCED'))) unmet.push('not observed: placement')
  for (const name of placement === null ? [] : (check.placement ?? [])) {
    const replicas = placement?.find((one) => one.workload === name)?.nodes.length ?? 0
    if (replicas < 2) unmet.push(reason(`workload ${name} runs ${replicas} replicas, fewer than 2`))
  }
  if (placement !== null && workloadPlacement(placement) !== 'WORKLOAD_BALANCED') unmet.push('WORKLOAD_IMBALANCED')
  if (check.deployments !== undefined && !deployments) unmet.push('not observed: deployments')
  for (const name of deployments ? (check.deployments ?? []) : []) {
    const own = deployments?.find((one) => one.name === name)
    if (own === undefined) unmet.push(reason(`deployment ${name} is not there`))
    else if (own.desired === 0) unmet.push(reason(`deployment ${name} is scaled to 0`))
    else if (own.available < own.desired) unmet.push(reason(`deployment ${name} has ${own.available} of ${own.desired} replicas`))
    else if (!own.rolled_out) unmet.push(reason(`deployment ${name} is not rolled out`))
  }
  return unmet
}
