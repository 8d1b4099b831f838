import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { application, cronJob, deployment, job, list, node, nodeEvent, pod } from './cluster-objects.ts'

const NAMESPACE = 'awoooi-prod'
const HOUR_MS = 3_600_000

/** What the API of a healthy cluster answers, by path: two nodes, two replicas spread over them, schedules that ran. */
function clusterAnswers(now: Date): Record<string, unknown> {
  const lastNight = new Date(now.getTime() - 10 * HOUR_MS)
  const minute = Math.floor(lastNight.getTime() / 60_000)
  const pods = ['awoooi-api', 'awoooi-web']
    .flatMap((name) => ['mon', 'mon1'].map((on) => pod(NAMESPACE, name, on)))
    .concat(pod(NAMESPACE, 'awoooi-worker', 'mon'))
  return {
    '/api/v1/nodes': list('NodeList', 'v1', [node('mon'), node('mon1')]),
    '/api/v1/pods': list('PodList', 'v1', pods),
    [`/api/v1/namespaces/${NAMESPACE}/pods`]: list('PodList', 'v1', pods),
    '/api/v1/events?fieldSelector=involvedObject.kind=Node': list('EventList', 'v1', [nodeEvent('Node mon status is now: NodeReady')]),
    [`/apis/apps/v1/namespaces/${NAMESPACE}/deployments`]: list('DeploymentList', 'apps/v1', [
      deployment(NAMESPACE, 'awoooi-api', 2),
      deployment(NAMESPACE, 'awoooi-web', 2),
      deployment(NAMESPACE, 'awoooi-worker', 1),
    ]),
    [`/apis/batch/v1/namespaces/${NAMESPACE}/jobs`]: list('JobList', 'batch/v1', [
      job(NAMESPACE, 'km-vectorize', minute - 1440, 'Complete'),
      job(NAMESPACE, 'km-vectorize', minute, 'Complete'),
    ]),
    [`/apis/batch/v1/namespaces/${NAMESPACE}/cronjobs`]: list('CronJobList', 'batch/v1', [
      cronJob(NAMESPACE, 'km-vectorize', '0 3 * * *', `${lastNight.toISOString().slice(0, 19)}Z`),
    ]),
    '/apis/velero.io/v1/namespaces/velero/backupstoragelocations/default': {
      ...{ apiVersion: 'velero.io/v1', kind: 'BackupStorageLocation', metadata: { name: 'default', namespace: 'velero' } },
      status: { phase: 'Available', lastSyncedTime: `${now.toISOString().slice(0, 19)}Z` },
    },
    [`/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/${NAMESPACE}`]: application(NAMESPACE),
  }
}

/** Writes the answers where the stand-in `kubectl` finds them: a file a path, with `_` for `/`, `?` and `=`. */
export function writeCluster(dir: string, now: Date): void {
  mkdirSync(dir, { recursive: true })
  for (const [path, answer] of Object.entries(clusterAnswers(now))) writeFileSync(join(dir, `${path.replace(/[/?=]/gu, '_')}.json`), JSON.stringify(answer))
}
