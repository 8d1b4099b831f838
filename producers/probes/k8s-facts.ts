import { z } from 'zod'
import { splitRun } from '../../schemas/expectations/k8s.ts'
import { FUTURE_SKEW_S } from '../../schemas/expectations/reason.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { readList } from './kubectl.ts'

type Facts = FactsOf<'k8s'>

/** Pure readers of lists of the Kubernetes API; only what is used is looked at. */

const Conditions = z.array(z.object({ type: z.string(), status: z.string(), lastHeartbeatTime: z.string().nullish() }))
const Owners = z.array(z.object({ kind: z.string(), name: z.string() })).default([])
const Labels = z.record(z.string(), z.string()).default({})
const Metadata = z.object({ name: z.string(), labels: Labels, annotations: Labels, ownerReferences: Owners, deletionTimestamp: z.string().optional() })

const Node = z.object({
  metadata: Metadata,
  spec: z.object({ unschedulable: z.boolean().default(false) }),
  status: z.object({ conditions: Conditions }),
})

/** A kubelet tells of itself every five minutes at least (nodeStatusReportFrequency): three of its reports. */
const HEARTBEAT_S = 900

/**
 * A node that went silent is turned to Unknown by the node controller. Where that one is gone as well, only the age of
 * the node's last report tells. All readers take the time of the look as `now`.
 */
export function readNodes(answer: unknown, now: Date): Pick<Facts, 'nodes' | 'disk_pressure_nodes' | 'readonly_filesystem_nodes'> {
  const nodes = readList(answer, 'NodeList', Node)
  return {
    nodes: nodes.map(({ metadata: { name, labels }, spec, status }) => ({
      name,
      ready: isTrue(status.conditions, 'Ready') === true && isHeard(status.conditions, now),
      control_plane: 'node-role.kubernetes.io/control-plane' in labels || 'node-role.kubernetes.io/master' in labels,
      schedulable: !spec.unschedulable,
    })),
    disk_pressure_nodes: countTrue(nodes, 'DiskPressure'),
    // Only a node problem detector sets it.
    readonly_filesystem_nodes: countTrue(nodes, 'ReadonlyFilesystem'),
  }
}

/** A time that cannot be read, or that lies ahead, is no report of now; an API that gives none is believed. */
function isHeard(conditions: z.infer<typeof Conditions>, now: Date): boolean {
  const heard = conditions.find((one) => one.type === 'Ready')?.lastHeartbeatTime
  return heard === undefined || heard === null || Math.abs(now.getTime() - Date.parse(heard)) <= HEARTBEAT_S * 1000
}

function isTrue(conditions: z.infer<typeof Conditions>, type: string): boolean | null {
  const status = conditions.find((one) => one.type === type)?.status
  return status === undefined ? null : status === 'True'
}

/** Null where a node does not tell; a pressure that is Unknown is counted, because nobody denies it. */
function countTrue(nodes: readonly z.infer<typeof Node>[], type: string): number | null {
  const states = nodes.map(({ status }) => status.conditions.find((one) => one.type === type)?.status)
  return states.includes(undefined) ? null : states.filter((state) => state !== 'False').length
}

const Waiting = z.object({ reason: z.string().optional() })
const Terminated = z.object({ exitCode: z.number().int() })
const ContainerStatuses = z.array(z.object({ state: z.object({ waiting: Waiting.optional(), terminated: Terminated.optional() }).default({}) })).default([])
const Pod = z.object({
  metadata: Metadata,
  spec: z.object({ nodeName: z.string().optional() }),
  status: z.object({ phase: z.string(), conditions: Conditions.default([]), containerStatuses: ContainerStatuses, initContainerStatuses: ContainerStatuses }),
})
type PodItem = z.infer<typeof Pod>

/** Pods whose STATUS is neither Running nor Completed. A failed pod of a Job is that Job's matter. */
export function readBadPods(answer: unknown, now: Date): number {
  return readList(answer, 'PodList', Pod).filter((pod) => isBad(pod, now)).length
}

function isBad({ metadata, status }: PodItem, now: Date): boolean {
  const isOfJob = metadata.ownerReferences.some((owner) => owner.kind === 'Job')
  if (status.phase === 'Succeeded') return false
  if (status.phase === 'Failed') return !isOfJob
  const containers = status.containerStatuses.map((one) => one.state)
  const isWaiting = [...containers, ...status.initContainerStatuses.map((one) => one.state)].some((state) => state.waiting !== undefined)
  const hasFailed = !isOfJob && containers.some(({ terminated }) => terminated !== undefined && terminated.exitCode !== 0)
  return status.phase !== 'Running' || isWaiting || hasFailed || isStuck(metadata, now)
}

/** The time of deletion is when its grace ends: a pod that is still there long after is on a node that does not answer. */
function isStuck({ deletionTimestamp }: z.infer<typeof Metadata>, now: Date): boolean {
  return deletionTimestamp !== undefined && !(now.getTime() - Date.parse(deletionTimestamp) <= FUTURE_SKEW_S * 1000)
}

/** Nodes of the Ready pods of each deployment; a deployment's pods belong to a ReplicaSet `<deployment>-<hash>`. */
export function readPlacement(answer: unknown, deployments: readonly string[]): NonNullable<Facts['placement']> {
  const pods = readList(answer, 'PodList', Pod).filter((pod) => isTrue(pod.status.conditions, 'Ready') === true && pod.metadata.deletionTimestamp === undefined)
  return deployments.map((workload) => ({
    workload,
    nodes: pods
      .filter((pod) => deploymentOf(pod) === workload)
      .flatMap(({ spec }) => spec.nodeName ?? [])
      .toSorted(),
  }))
}

function deploymentOf({ metadata }: PodItem): string | null {
  const set = metadata.ownerReferences.find((owner) => owner.kind === 'ReplicaSet')?.name
  const hash = metadata.labels['pod-template-hash']
  return set === undefined || hash === undefined || !set.endsWith(`-${hash}`) ? null : set.slice(0, -hash.length - 1)
}

const Replicas = z.number().int().min(0).default(0)
const Deployment = z.object({
  metadata: Metadata.extend({ generation: z.number().int() }),
  spec: z.object({ replicas: z.number().int().min(0).default(1) }),
  status: z.object({ observedGeneration: z.number().int().default(0), availableReplicas: Replicas, updatedReplicas: Replicas, replicas: Replicas }),
})

/** A status that is older than the specification says nothing about it. */
export function readDeployments(answer: unknown, names: readonly string[]): NonNullable<Facts['deployments']> {
  const own = readList(answer, 'DeploymentList', Deployment).filter((one) => names.includes(one.metadata.name))
  return own.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    desired: spec.replicas,
    available: status.availableReplicas,
    rolled_out: status.observedGeneration >= metadata.generation && status.updatedReplicas === spec.replicas && status.replicas === spec.replicas,
  }))
}

const Job = z.object({ metadata: Metadata, status: z.object({ conditions: Conditions.default([]) }) })
type JobItem = z.infer<typeof Job>

/** Failed Jobs, and the official runs of the same work that completed later (runbook §14.25). */
export function readJobs(answer: unknown): NonNullable<Facts['jobs']> {
  const jobs = readList(answer, 'JobList', Job)
  const failed = jobs.filter(({ status }) => isTrue(status.conditions, 'Failed') === true).map((job) => job.metadata.name)
  const complete = jobs.filter((job) => isOfficial(job) && isTrue(job.status.conditions, 'Complete') === true).map((job) => job.metadata.name)
  const isLater = (name: string): boolean => failed.some((one) => splitRun(one).work === splitRun(name).work && splitRun(name).run > splitRun(one).run)
  return { failed: failed.toSorted(), later_successes: complete.filter(isLater).toSorted() }
}

/** Made by its CronJob on schedule, and not by hand from it. */
function isOfficial({ metadata }: JobItem): boolean {
  const isScheduled = metadata.ownerReferences.some((owner) => owner.kind === 'CronJob' && owner.name === splitRun(metadata.name).work)
  return isScheduled && metadata.annotations['cronjob.kubernetes.io/instantiate'] !== 'manual'
}

const Event = z.object({ involvedObject: z.object({ kind: z.string() }), reason: z.string().nullish(), message: z.string().nullish() })
const FILE_SYSTEM =
  /\bEXT[234]-fs\b.*\berror|\bXFS\b.*\b(?:error|corrupt|shut)|\bBTRFS\b.*\b(?:error|critical)|\bI\/O error|[Rr]emount(?:ing|ed)? .*read-only|[Rr]ead-only file ?system|FilesystemIsReadOnly|Ext4Error|CorruptDockerImage|Structure needs cleaning/u

/** Events of nodes that tell of a broken file system; the API keeps them for about an hour. */
export function readNodeEvents(answer: unknown): number {
  const events = readList(answer, 'EventList', Event).filter((event) => event.involvedObject.kind === 'Node')
  return events.filter(({ reason, message }) => FILE_SYSTEM.test(`${reason ?? ''} ${message ?? ''}`)).length
}
