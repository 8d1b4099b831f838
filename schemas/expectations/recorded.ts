import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

/** Failed Jobs split by whether a later official run of the same work succeeded (runbook §14.25). */
export type JobCounts = { failed: number; stale_failed: number; active_failed: number }

/** CronJob runs are named `<work>-<scheduled minute>`; a later success has a higher minute. */
function splitRun(job: string): { work: string; run: number } {
  const match = /^(.*)-(\d+)$/.exec(job)
  return match ? { work: match[1] as string, run: Number(match[2]) } : { work: job, run: -1 }
}

export function countJobs(jobs: NonNullable<FactsOf<'k8s'>['jobs']>, staleJobsAreEvidence: boolean): JobCounts {
  const successes = jobs.later_successes.map(splitRun)
  const stale = jobs.failed.map(splitRun).filter((failed) => successes.some((s) => s.work === failed.work && s.run > failed.run)).length
  const counted = staleJobsAreEvidence ? stale : 0
  return { failed: jobs.failed.length, stale_failed: counted, active_failed: jobs.failed.length - counted }
}

/** Runbook §6.3: replicated workloads must span nodes with a skew of at most one. */
export function workloadPlacement(placement: NonNullable<FactsOf<'k8s'>['placement']>): 'WORKLOAD_BALANCED' | 'WORKLOAD_IMBALANCED' {
  const replicated = placement.filter((one) => one.nodes.length >= 2)
  return replicated.length > 0 && replicated.every((one) => isSpread(one.nodes)) ? 'WORKLOAD_BALANCED' : 'WORKLOAD_IMBALANCED'
}

function isSpread(nodes: readonly string[]): boolean {
  const perNode = new Map<string, number>()
  for (const node of nodes) perNode.set(node, (perNode.get(node) ?? 0) + 1)
  const counts = [...perNode.values()]
  return counts.length >= 2 && Math.max(...counts) - Math.min(...counts) <= 1
}

/** A k8s check reports one or more topics; a topic that is null is not this check's. At least one must be there. */
export function k8sUnmet(facts: FactsOf<'k8s'>, staleJobsAreEvidence: boolean): string[] {
  const unmet: string[] = []
  if (Object.values(facts).every((topic) => topic === null)) return ['not observed: any Kubernetes fact']
  if (facts.nodes?.length === 0) unmet.push('no node')
  for (const node of facts.nodes ?? []) if (!node.ready) unmet.push(reason(`node ${node.name} is not Ready`))
  const active = facts.jobs === null ? 0 : countJobs(facts.jobs, staleJobsAreEvidence).active_failed
  if (active > 0) unmet.push(`${active} failed Jobs without a later success`)
  if ((facts.bad_pods ?? 0) > 0) unmet.push(`${facts.bad_pods} bad pods`)
  if ((facts.node_fs_error_events ?? 0) > 0) unmet.push(`${facts.node_fs_error_events} node file-system error events`)
  if ((facts.readonly_filesystem_nodes ?? 0) > 0) unmet.push(`${facts.readonly_filesystem_nodes} nodes with a read-only file system`)
  if ((facts.disk_pressure_nodes ?? 0) > 0) unmet.push(`${facts.disk_pressure_nodes} nodes under disk pressure`)
  if (facts.vip_present === false) unmet.push('VIP is absent')
  if (facts.placement !== null && workloadPlacement(facts.placement) !== 'WORKLOAD_BALANCED') unmet.push('WORKLOAD_IMBALANCED')
  return unmet
}

export function argocdUnmet(facts: FactsOf<'argocd'>): string[] {
  const unmet: string[] = []
  if (facts.sync !== 'Synced') unmet.push(reason(`sync is ${facts.sync}`))
  if (facts.health !== 'Healthy') unmet.push(reason(`health is ${facts.health}`))
  return unmet
}

export function sourcePresenceUnmet(facts: FactsOf<'source-presence'>): string[] {
  return facts.available ? [] : ['source absent']
}

export function releaseParityUnmet(facts: FactsOf<'release-parity'>): string[] {
  return facts.live === facts.repository ? [] : ['live release is not the one of the repository']
}
