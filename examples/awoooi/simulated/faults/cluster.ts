import { all, blocked, coldStartWarning, type Fault, serviceWarning, warning } from '../fault.ts'

const AT = '/etc/simulated/cluster'
const PODS = `${AT}/_api_v1_pods.json ${AT}/_api_v1_namespaces_awoooi-prod_pods.json`
const ARGOCD = `${AT}/_apis_argoproj.io_v1alpha1_namespaces_argocd_applications_awoooi-prod.json`
/** Puts the answers of the cluster's API back. */
const REPAIR = `cp ${AT}.good/* ${AT}/`

/** Changes a file of the API's answers with sed. */
const answers = (file: string, script: string): string => `[ -e ${AT}.good ] || cp -r ${AT} ${AT}.good; sed -i '${script}' ${file}`

/** 120 and 121: nodes, VIP, workloads. */
export const CLUSTER_FAULTS: readonly Fault[] = [
  {
    id: 'k3s-failed-121',
    title: 'K3s on 121 is not running',
    on: 'host-121',
    break: 'unit k3s.service ActiveState=inactive SubState=dead',
    repair: 'unit k3s.service',
    expect: blocked('P1-K3S', all('BLOCKED', 'k3s-121')),
  },
  {
    id: 'keepalived-exited-120',
    title: 'keepalived on 120 is active, and its processes have ended',
    on: 'host-120',
    break: 'unit keepalived.service SubState=exited Type=forking',
    repair: 'unit keepalived.service',
    expect: blocked('P1-K3S', all('BLOCKED', 'k3s-120')),
  },
  {
    id: 'node-not-ready',
    title: 'node mon1 is not Ready',
    on: 'host-120',
    break: answers(`${AT}/_api_v1_nodes.json`, 's/\\(.*"type":"Ready","status":\\)"True"/\\1"False"/'),
    repair: REPAIR,
    expect: blocked('P1-K3S', all('BLOCKED', 'k3s-nodes'), 'K3S_CONTROL_PLANE_AA'),
  },
  {
    id: 'cluster-api-gone',
    title: 'the API of the cluster does not answer',
    on: 'host-120',
    break: 'touch /run/cluster.broken',
    repair: 'rm /run/cluster.broken',
    expect: blocked('P1-K3S', { ...all('BLOCKED', 'k3s-nodes'), ...all('WARN', 'k3s-bad-pods', 'k3s-storage') }, 'K3S_CONTROL_PLANE_AA'),
  },
  {
    id: 'pod-crash-loop',
    title: 'a pod is in CrashLoopBackOff',
    on: 'host-120',
    break: answers(
      PODS,
      's/"phase":"Running"/"phase":"Running","x":0/; s/"ready":true,"restartCount":0,"state":{"running":{}}/"ready":false,"restartCount":9,"state":{"waiting":{"reason":"CrashLoopBackOff"}}/',
    ),
    repair: REPAIR,
    expect: coldStartWarning(all('WARN', 'k3s-bad-pods')),
  },
  {
    id: 'node-silent',
    title: 'a node is Ready by a word of long ago, and nobody turned it to Unknown',
    on: 'host-120',
    break: answers(`${AT}/_api_v1_nodes.json`, 's/"type":"Ready"/"type":"Ready","lastHeartbeatTime":"2026-06-27T03:00:00Z"/'),
    repair: REPAIR,
    expect: blocked('P1-K3S', all('BLOCKED', 'k3s-nodes'), 'K3S_CONTROL_PLANE_AA'),
  },
  {
    id: 'node-file-system-error',
    title: 'a node tells of a damaged file system',
    on: 'host-120',
    break: answers(
      `${AT}/_api_v1_events_fieldSelector_involvedObject.kind_Node.json`,
      's/Node mon status is now: NodeReady/EXT4-fs error (device vda1): Structure needs cleaning/',
    ),
    repair: REPAIR,
    expect: serviceWarning(all('WARN', 'k3s-storage')),
  },
  {
    id: 'kernel-io-error-121',
    title: 'the kernel of 121 tells of I/O errors',
    on: 'host-121',
    break: `echo 'EXT4-fs error (device vda1): ext4_lookup: Structure needs cleaning' >> /var/log/kernel.log`,
    repair: 'kernel_log',
    expect: blocked('P1-K3S', all('BLOCKED', 'storage-121')),
  },
  {
    id: 'disk-dying-120',
    title: 'the kernel of 120 cannot read a sector of its disk',
    on: 'host-120',
    break: `echo 'blk_update_request: I/O error, dev sda, sector 12345 op 0x0:(READ) flags 0x0' >> /var/log/kernel.log`,
    repair: 'kernel_log',
    expect: blocked('P1-K3S', all('BLOCKED', 'storage-120')),
  },
  {
    id: 'vip-lost',
    title: 'no node holds the VIP',
    on: 'host-120',
    break: 'ip address del 192.168.0.125/32 dev eth0',
    repair: 'ip address add 192.168.0.125/32 dev eth0',
    expect: blocked('P1-K3S', { ...all('BLOCKED', 'vip-api-port', 'vip-web-port'), ...all('WARN', 'k3s-vip') }),
  },
  {
    id: 'api-in-mock-mode',
    title: 'the API answers 200 in mock mode',
    on: 'host-120',
    break: `nginx_edit 's/"mock_mode":false/"mock_mode":true/'`,
    repair: `nginx_edit 's/"mock_mode":true/"mock_mode":false/'`,
    expect: blocked('P2-WORKLOAD-ALERTCHAIN', all('BLOCKED', 'awoooi-api')),
  },
  {
    id: 'webhook-refuses',
    title: 'the alert webhook answers 500',
    on: 'host-120',
    break: `nginx_edit '/webhooks/s/return 200/return 500/'`,
    repair: `nginx_edit '/webhooks/s/return 500/return 200/'`,
    expect: warning(all('WARN', 'alert-chain')),
  },
  {
    id: 'argocd-out-of-sync',
    title: 'Argo CD is OutOfSync',
    on: 'host-120',
    break: answers(ARGOCD, 's/"Synced"/"OutOfSync"/'),
    repair: REPAIR,
    expect: serviceWarning(all('WARN', 'argocd-awoooi'), 'ARGOCD_HEALTHY'),
  },
  {
    id: 'argocd-controller-gone',
    title: 'Argo CD is Synced and Healthy by a word of long ago',
    on: 'host-120',
    break: answers(ARGOCD, 's/"status":{/"status":{"reconciledAt":"2026-06-27T03:00:00Z",/'),
    repair: REPAIR,
    expect: serviceWarning(all('WARN', 'argocd-awoooi'), 'ARGOCD_HEALTHY'),
  },
  {
    id: 'replicas-on-one-node',
    title: 'all replicas run on one node',
    on: 'host-120',
    break: answers(PODS, 's/"nodeName":"mon1"/"nodeName":"mon"/g'),
    repair: REPAIR,
    expect: serviceWarning(all('WARN', 'placement'), 'WORKLOAD_BALANCED'),
  },
  {
    id: 'worker-unavailable',
    title: 'the worker has no available replica',
    on: 'host-120',
    break: answers(`${AT}/_apis_apps_v1_namespaces_awoooi-prod_deployments.json`, 's/"availableReplicas":1,"updatedReplicas":1/"updatedReplicas":1/'),
    repair: REPAIR,
    expect: serviceWarning(all('WARN', 'deployment-worker')),
  },
  {
    id: 'job-failed-for-good',
    title: 'the last run of a Job failed',
    on: 'host-120',
    break: answers(`${AT}/_apis_batch_v1_namespaces_awoooi-prod_jobs.json`, 's/\\(.*\\)"type":"Complete"/\\1"type":"Failed"/'),
    repair: REPAIR,
    expect: serviceWarning(all('WARN', 'k8s-jobs')),
  },
  {
    id: 'job-failed-then-succeeded',
    title: 'a run of a Job failed, and a later one succeeded',
    on: 'host-120',
    break: answers(`${AT}/_apis_batch_v1_namespaces_awoooi-prod_jobs.json`, 's/"type":"Complete"/"type":"Failed"/'),
    repair: REPAIR,
    expect: warning({}),
  },
  {
    id: 'cronjob-suspended',
    title: 'a CronJob is suspended',
    on: 'host-120',
    break: answers(`${AT}/_apis_batch_v1_namespaces_awoooi-prod_cronjobs.json`, 's/"suspend":false/"suspend":true/'),
    repair: REPAIR,
    expect: serviceWarning(all('WARN', 'cronjobs-awoooi')),
  },
]
