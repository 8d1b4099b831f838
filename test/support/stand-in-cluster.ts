import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { condition, list, owner } from '../../examples/awoooi/simulated/cluster-objects.ts'

/** No cluster can run on a test machine: these are lists of the shape that the API of K3s 1.28 gives, with what each test changes. */
export const node = (name: string, { ready = 'True', plane = true, cordoned = false, pressure = 'False', conditions = [] as unknown[] } = {}) => ({
  metadata: {
    name,
    uid: 'u',
    creationTimestamp: '2026-05-01T00:00:00Z',
    labels: { 'kubernetes.io/os': 'linux', ...(plane ? { 'node-role.kubernetes.io/control-plane': 'true' } : {}) },
  },
  spec: { podCIDR: '10.42.0.0/24', ...(cordoned ? { unschedulable: true } : {}) },
  status: {
    capacity: { cpu: '4' },
    conditions: [condition('MemoryPressure', 'False'), condition('DiskPressure', pressure), condition('Ready', ready), ...conditions],
  },
})

type PodChange = { node?: string; ready?: string; phase?: string; waiting?: string; exitCode?: number; owner?: [string, string]; deleting?: boolean }
const stateOf = ({ waiting, exitCode }: PodChange): object =>
  waiting !== undefined ? { waiting: { reason: waiting } } : exitCode !== undefined ? { terminated: { exitCode, reason: 'x' } } : { running: {} }
export const pod = (deployment: string, change: PodChange = {}) => ({
  metadata: {
    name: `${deployment}-6f5d8c7b9-x2x4z`,
    namespace: 'shop',
    labels: { app: deployment, 'pod-template-hash': '6f5d8c7b9' },
    ownerReferences: [owner(...(change.owner ?? (['ReplicaSet', `${deployment}-6f5d8c7b9`] as const)))],
    ...(change.deleting ? { deletionTimestamp: '2026-06-27T03:00:00Z' } : {}),
  },
  spec: { nodeName: change.node ?? 'mon', containers: [] },
  status: {
    phase: change.phase ?? 'Running',
    conditions: [condition('Ready', change.ready ?? 'True')],
    containerStatuses: [{ name: 'c', ready: true, restartCount: 0, state: stateOf(change) }],
  },
})

export const deployment = (name: string, { desired = 2, available = 2, updated = 2, generation = 7, observed = 7 } = {}) => ({
  metadata: { name, namespace: 'shop', generation },
  spec: { replicas: desired, selector: {} },
  // The API leaves counts of zero out.
  status: { observedGeneration: observed, ...(available > 0 ? { availableReplicas: available } : {}), updatedReplicas: updated, replicas: desired },
})

export const job = (name: string, result: 'Complete' | 'Failed' | null, { cronJob = name.replace(/-\d+$/u, '') as string | null, manual = false } = {}) => ({
  metadata: {
    name,
    namespace: 'shop',
    ...(cronJob === null ? {} : { ownerReferences: [owner('CronJob', cronJob)] }),
    ...(manual ? { annotations: { 'cronjob.kubernetes.io/instantiate': 'manual' } } : {}),
  },
  status: { ...(result === null ? { active: 1 } : { conditions: [condition(result, 'True')] }) },
})

type CronJobChange = { suspend?: boolean; schedule?: string; zone?: string; active?: number; scheduled?: string | null; succeeded?: string | null }
export const cronJob = (name: string, change: CronJobChange = {}) => ({
  metadata: { name, namespace: 'shop' },
  spec: {
    schedule: change.schedule ?? '0 3 * * *',
    ...(change.zone === undefined ? {} : { timeZone: change.zone }),
    suspend: change.suspend ?? false,
    jobTemplate: { spec: { template: { spec: { containers: [{ name: 'c', env: [{ name: 'TOKEN', value: 'never-read' }] }] } } } },
  },
  // The API leaves out what has not happened yet.
  status: {
    ...(change.scheduled === null ? {} : { lastScheduleTime: change.scheduled ?? '2026-06-26T19:00:00Z' }),
    ...(change.succeeded === null ? {} : { lastSuccessfulTime: change.succeeded ?? '2026-06-26T19:00:55Z' }),
    ...(change.active === undefined ? {} : { active: Array.from({ length: change.active }, (_, n) => ({ kind: 'Job', name: `${name}-${n}` })) }),
  },
})

export const nodeEvent = (message: string, kind = 'Node', reason = 'NodeEvent') => ({
  metadata: { name: 'e' },
  involvedObject: { kind, name: 'mon' },
  reason,
  message,
  type: 'Warning',
})

export const application = (name: string, sync = 'Synced', health = 'Healthy', revision = '1fd5e2a8b0f18d24eed16aa2a44286bcbf230603') => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name, namespace: 'argocd' },
  spec: { project: 'default' },
  status: { health: { status: health, lastTransitionTime: '2026-06-27T03:00:00Z' }, sync: { status: sync, revision, comparedTo: {} }, resources: [] },
})

/** Everything as it should be, by path of the API. */
export function goodCluster(): Record<string, unknown> {
  const pods = ['api', 'web'].flatMap((name) => [pod(name, { node: 'mon' }), pod(name, { node: 'mon1' })])
  const done = pod('vectorize', { owner: ['Job', 'vectorize-29695380'], phase: 'Succeeded', ready: 'False' })
  return {
    '/api/v1/nodes': list('NodeList', 'v1', [node('mon'), node('mon1')]),
    '/api/v1/pods': list('PodList', 'v1', [...pods, done]),
    '/api/v1/namespaces/shop/pods': list('PodList', 'v1', [...pods, done]),
    '/apis/apps/v1/namespaces/shop/deployments': list('DeploymentList', 'apps/v1', [deployment('api'), deployment('web')]),
    '/apis/batch/v1/namespaces/shop/jobs': list('JobList', 'batch/v1', [job('vectorize-29692500', 'Complete'), job('vectorize-29695380', 'Complete')]),
    '/apis/batch/v1/namespaces/shop/cronjobs': list('CronJobList', 'batch/v1', [cronJob('vectorize', { zone: 'Asia/Taipei' }), cronJob('other')]),
    '/api/v1/events?fieldSelector=involvedObject.kind=Node': list('EventList', 'v1', [nodeEvent('Node mon status is now: NodeReady')]),
    '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop': application('shop'),
  }
}

export type StandInKubectl = { dir: string; serve: (answers: Record<string, unknown>) => void; remove: () => void }

/** A `kubectl` that answers `get --raw PATH` from files, and says what the real one says where there is none. */
export function standInKubectl(): StandInKubectl {
  const dir = mkdtempSync(join(tmpdir(), 'evidence-kubectl-'))
  const fileOf = (path: string): string => join(dir, `${path.replace(/[/?=]/gu, '_')}.json`)
  const script = `#!/bin/sh
for last; do :; done
file="${dir}/$(printf %s "$last" | tr '/?=' '___').json"
[ "$1 $2" = 'get --request-timeout=30s' ] || [ "$1 $3" = '--kubeconfig get' ] || exit 2
[ -e "$file" ] || { echo 'Error from server (NotFound): the server could not find the requested resource' >&2; exit 1; }
exec cat "$file"
`
  writeFileSync(join(dir, 'kubectl'), script, { mode: 0o755 })
  writeFileSync(
    join(dir, 'ip'),
    `#!/bin/sh\necho '1: lo    inet 127.0.0.1/8 scope host lo'\necho '2: eth0    inet 192.0.2.120/24 brd 192.0.2.255 scope global eth0'\necho '2: eth0    inet 192.0.2.125/32 scope global eth0'\n`,
    { mode: 0o755 },
  )
  return {
    dir,
    serve: (answers) => {
      for (const [path, answer] of Object.entries(answers)) writeFileSync(fileOf(path), typeof answer === 'string' ? answer : JSON.stringify(answer))
      for (const path of Object.keys(goodCluster())) if (!(path in answers)) rmSync(fileOf(path), { force: true })
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}

/** A list as the API gives it, for one path of `goodCluster`. */
export function listOf(path: string, items: unknown[], more: object = {}): Record<string, unknown> {
  const { kind, apiVersion } = goodCluster()[path] as { kind: string; apiVersion: string }
  const all = list(kind, apiVersion, items)
  return { [path]: { ...all, metadata: { ...all.metadata, ...more } } }
}
