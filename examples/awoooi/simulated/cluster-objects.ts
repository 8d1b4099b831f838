/** Objects of the shape that the API of K3s 1.28 gives, as far as probes read them, and one thing more so that they see more than they read. */

export const owner = (kind: string, name: string) => ({ apiVersion: 'v1', kind, name, uid: 'c6f7', controller: true, blockOwnerDeletion: true })
export const condition = (type: string, status: string) => ({ type, status, lastTransitionTime: '2026-06-27T03:00:00Z', reason: 'x' })

export const list = (kind: string, apiVersion: string, items: unknown[]) => ({ kind, apiVersion, metadata: { resourceVersion: '8123' }, items })

export const node = (name: string) => ({
  metadata: {
    name,
    uid: 'u',
    creationTimestamp: '2026-05-01T00:00:00Z',
    labels: { 'kubernetes.io/os': 'linux', 'node-role.kubernetes.io/control-plane': 'true' },
  },
  spec: { podCIDR: '10.42.0.0/24' },
  status: { capacity: { cpu: '4' }, conditions: ['MemoryPressure', 'DiskPressure'].map((type) => condition(type, 'False')).concat(condition('Ready', 'True')) },
})

/** A pod of a deployment that runs on a node. */
export const pod = (namespace: string, deployment: string, nodeName: string) => ({
  metadata: {
    name: `${deployment}-6f5d8c7b9-${nodeName}`,
    namespace,
    labels: { app: deployment, 'pod-template-hash': '6f5d8c7b9' },
    ownerReferences: [owner('ReplicaSet', `${deployment}-6f5d8c7b9`)],
  },
  spec: { nodeName, containers: [] },
  status: {
    phase: 'Running',
    conditions: [condition('Ready', 'True')],
    containerStatuses: [{ name: 'c', ready: true, restartCount: 0, state: { running: {} } }],
  },
})

export const deployment = (namespace: string, name: string, replicas: number) => ({
  metadata: { name, namespace, generation: 7 },
  spec: { replicas, selector: {} },
  status: { observedGeneration: 7, availableReplicas: replicas, updatedReplicas: replicas, replicas },
})

/** A Job that a CronJob started; the digits are the minute it was due at. */
export const job = (namespace: string, cronJob: string, minute: number, result: 'Complete' | 'Failed') => ({
  metadata: { name: `${cronJob}-${minute}`, namespace, ownerReferences: [owner('CronJob', cronJob)] },
  status: { conditions: [condition(result, 'True')] },
})

export const cronJob = (namespace: string, name: string, schedule: string, last: string) => ({
  metadata: { name, namespace },
  spec: { schedule, suspend: false, jobTemplate: { spec: { template: { spec: { containers: [{ name: 'c' }] } } } } },
  status: { lastScheduleTime: last, lastSuccessfulTime: last },
})

export const nodeEvent = (message: string) => ({
  metadata: { name: 'e' },
  involvedObject: { kind: 'Node', name: 'mon' },
  reason: 'NodeEvent',
  message,
  type: 'Normal',
})

export const application = (name: string) => ({
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Application',
  metadata: { name, namespace: 'argocd' },
  spec: { project: 'default' },
  status: { health: { status: 'Healthy' }, sync: { status: 'Synced', revision: '1fd5e2a8b0f18d24eed16aa2a44286bcbf230603', comparedTo: {} }, resources: [] },
})
