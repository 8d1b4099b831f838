import { existsSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { isK8sPath, K8S_PATHS } from '../../producers/commands/k8s-path.ts'
import { readEstate } from '../../producers/estate-file.ts'
import { probeArgocd } from '../../producers/probes/argocd.ts'
import { probeK8s } from '../../producers/probes/k8s.ts'
import { argocdUnmet } from '../../schemas/expectations/argocd.ts'
import { countJobs, k8sUnmet } from '../../schemas/expectations/k8s.ts'
import { FACTS } from '../../schemas/facts.ts'
import { serveHttp } from '../support/http-server.ts'
import { brokenLists, kubectlInPath } from '../support/kubectl-in-path.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'
import { freePort } from '../support/sshd.ts'
import { application, deployment, goodCluster, job, listOf, node, nodeEvent, pod } from '../support/stand-in-cluster.ts'

const ALL = {
  ...{
    namespace: 'shop',
    nodes: ['mon', 'mon1'],
    pods: true,
    deployments: ['api', 'web'],
    placement: ['api', 'web'],
    jobs: true,
    node_events: true,
    vip: '192.0.2.125',
  },
  establishes: ['K3S_CONTROL_PLANE_AA', 'WORKLOAD_BALANCED'],
}
const realPath = process.env.PATH ?? ''
const cluster = kubectlInPath()

/** What the policy says of a look at a cluster that differs from the good one. */
const look = (settings: Record<string, unknown> = ALL) => probeK8s(makeCheck('k8s', settings), makeContext())
const unmet = async (change: Record<string, unknown>, settings: Record<string, unknown> = ALL, staleJobsAreEvidence = true): Promise<string[]> => {
  cluster.serve({ ...goodCluster(), ...change })
  const seen = await look(settings)
  expect(FACTS.k8s.parse(seen.facts)).toEqual(seen.facts)
  return k8sUnmet(makeCheck('k8s', settings), seen.facts, staleJobsAreEvidence)
}
const NODES = '/api/v1/nodes'
const PODS = '/api/v1/pods'
const OWN_PODS = '/api/v1/namespaces/shop/pods'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/shop/deployments'
const JOBS = '/apis/batch/v1/namespaces/shop/jobs'
const EVENTS = '/api/v1/events?fieldSelector=involvedObject.kind=Node'

describe('k8s probe with a stand-in kubectl', () => {
  it('is met by a whole cluster', async () => {
    const seen = await look()
    expect(seen.met).toBe(true)
    expect(seen.facts).toEqual({
      nodes: [
        { name: 'mon', ready: true, control_plane: true, schedulable: true },
        { name: 'mon1', ready: true, control_plane: true, schedulable: true },
      ],
      jobs: { failed: [], later_successes: [] },
      ...{ bad_pods: 0, node_fs_error_events: 0, readonly_filesystem_nodes: null, disk_pressure_nodes: 0, vip_present: true },
      placement: [
        { workload: 'api', nodes: ['mon', 'mon1'] },
        { workload: 'web', nodes: ['mon', 'mon1'] },
      ],
      deployments: ['api', 'web'].map((name) => ({ name, desired: 2, available: 2, rolled_out: true })),
    })
  })

  it('reads only what a check asks for', async () => {
    cluster.serve({ [PODS]: goodCluster()[PODS] })
    expect(await look({ pods: true })).toMatchObject({
      met: true,
      facts: { bad_pods: 0, nodes: null, jobs: null, placement: null, deployments: null, vip_present: null },
    })
  })

  it.each<[string, Record<string, unknown>, string[]]>([
    ['a node that is not Ready', listOf(NODES, [node('mon'), node('mon1', { ready: 'Unknown' })]), ['node mon1 is not Ready', '1 of 2 control planes Ready']],
    ['a cordoned node', listOf(NODES, [node('mon'), node('mon1', { cordoned: true })]), ['node mon1 is cordoned']],
    ['a node that is gone', listOf(NODES, [node('mon')]), ['node mon1 is not there', '1 of 2 control planes Ready']],
    ['one control plane', listOf(NODES, [node('mon'), node('mon1', { plane: false })]), ['1 of 2 control planes Ready']],
    ['no node', listOf(NODES, []), ['no node', 'node mon is not there', 'node mon1 is not there', '0 of 2 control planes Ready']],
    ['disk pressure', listOf(NODES, [node('mon', { pressure: 'True' }), node('mon1', { pressure: 'Unknown' })]), ['2 nodes under disk pressure']],
    [
      'a read-only file system',
      listOf(
        NODES,
        ['mon', 'mon1'].map((name) => node(name, { conditions: [{ type: 'ReadonlyFilesystem', status: name === 'mon' ? 'True' : 'False' }] })),
      ),
      ['1 nodes with a read-only file system'],
    ],
    ['a crash loop', listOf(PODS, [pod('api', { waiting: 'CrashLoopBackOff' })]), ['1 bad pods']],
    ['a container that was killed', listOf(PODS, [pod('api', { exitCode: 137 })]), ['1 bad pods']],
    ['a container that is done', listOf(PODS, [pod('api', { exitCode: 0 })]), []],
    ['a killed container of a Job', listOf(PODS, [pod('x', { exitCode: 137, owner: ['Job', 'x-1'] })]), []],
    ['a pod that does not go', listOf(PODS, [pod('api', { deleting: true }), pod('x', { phase: 'Succeeded', deleting: true })]), ['1 bad pods']],
    ['a pending pod', listOf(PODS, [pod('api', { phase: 'Pending' })]), ['1 bad pods']],
    ['a failed pod of no Job', listOf(PODS, [pod('api', { phase: 'Failed' })]), ['1 bad pods']],
    ['a failed pod of a Job', listOf(PODS, [pod('x', { phase: 'Failed', owner: ['Job', 'x-1'] })]), []],
    ['both on one node', listOf(OWN_PODS, [pod('api'), pod('api'), pod('web'), pod('web', { node: 'mon1' })]), ['WORKLOAD_IMBALANCED']],
    [
      'a skew of two',
      listOf(OWN_PODS, [pod('api'), pod('api'), pod('api'), pod('api', { node: 'mon1' }), pod('web'), pod('web', { node: 'mon1' })]),
      ['WORKLOAD_IMBALANCED'],
    ],
    ['one replica', listOf(OWN_PODS, [pod('api'), pod('web'), pod('web', { node: 'mon1' })]), ['workload api runs 1 replicas, fewer than 2']],
    [
      'a replica that is not Ready',
      listOf(OWN_PODS, [pod('api'), pod('api', { node: 'mon1', ready: 'False' }), pod('web'), pod('web', { node: 'mon1' })]),
      ['workload api runs 1 replicas, fewer than 2'],
    ],
    [
      'a replica that is going',
      listOf(OWN_PODS, [pod('api'), pod('api', { node: 'mon1', deleting: true }), pod('web'), pod('web', { node: 'mon1' })]),
      ['workload api runs 1 replicas, fewer than 2'],
    ],
    [
      'pods of nobody',
      listOf(OWN_PODS, []),
      ['workload api runs 0 replicas, fewer than 2', 'workload web runs 0 replicas, fewer than 2', 'WORKLOAD_IMBALANCED'],
    ],
    ['too few available', listOf(DEPLOYMENTS, [deployment('api', { available: 0 }), deployment('web')]), ['deployment api has 0 of 2 replicas']],
    [
      'a rollout',
      listOf(DEPLOYMENTS, [deployment('api', { updated: 1 }), deployment('web', { observed: 6 })]),
      ['deployment api is not rolled out', 'deployment web is not rolled out'],
    ],
    [
      'scaled to nothing',
      listOf(DEPLOYMENTS, [deployment('api', { desired: 0, available: 0, updated: 0 }), deployment('web')]),
      ['deployment api is scaled to 0'],
    ],
    ['a deployment that is gone', listOf(DEPLOYMENTS, [deployment('web')]), ['deployment api is not there']],
    [
      'an error of a disk',
      listOf(EVENTS, [nodeEvent('EXT4-fs (sda2): I/O error while writing superblock'), nodeEvent('Buffer I/O error on dev sda2', 'Pod')]),
      ['1 node file-system error events'],
    ],
    [
      'a remount',
      listOf(EVENTS, [nodeEvent('Remounting filesystem read-only'), nodeEvent('x', 'Node', 'FilesystemIsReadOnly')]),
      ['2 node file-system error events'],
    ],
  ])('sees %s', async (_what, change, expected) => {
    expect(await unmet(change)).toEqual(expected)
  })

  it.each([
    ['now', 0, []],
    ['three reports ago', 900, []],
    ['longer ago', 901, ['node mon is not Ready']],
    ['ahead of us', -901, ['node mon is not Ready']],
  ])('takes a node that told of itself %s for what it is', async (_what, seconds, expected) => {
    const now = new Date('2026-06-27T04:00:00.000Z')
    const ready = { type: 'Ready', status: 'True', lastHeartbeatTime: new Date(now.getTime() - seconds * 1000).toISOString() }
    const one = node('mon')
    cluster.serve(listOf(NODES, [{ ...one, status: { conditions: [{ type: 'DiskPressure', status: 'False' }, ready] } }]))
    const check = makeCheck('k8s', { nodes: ['mon'] })
    const { facts, met } = await probeK8s(check, makeContext({ now: () => now }))
    expect([k8sUnmet(check, facts, true), met]).toEqual([expected, expected.length === 0])
  })

  it('tells stale failed Jobs from active ones, by what ran officially later', async () => {
    const failed = job('vectorize-29689620', 'Failed')
    const later = job('vectorize-29692500', 'Complete')
    const jobs = (...items: unknown[]) => listOf(JOBS, items)
    expect(await unmet(jobs(failed, later))).toEqual([])
    expect(await unmet(jobs(failed, later), ALL, false)).toEqual(['1 failed Jobs without a later success'])
    const seen = await look()
    expect(seen.facts.jobs).toEqual({ failed: ['vectorize-29689620'], later_successes: ['vectorize-29692500'] })
    expect(countJobs(seen.facts.jobs ?? { failed: [], later_successes: [] }, true)).toEqual({ failed: 1, stale_failed: 1, active_failed: 0 })
    for (const other of [
      job('vectorize-29689000', 'Complete'),
      job('vectorize-29692500', null),
      job('vectorize-29692500', 'Failed'),
      job('other-29692500', 'Complete'),
      job('vectorize-29692500', 'Complete', { cronJob: null }),
      job('vectorize-29692500', 'Complete', { cronJob: 'other' }),
      job('vectorize-29692500', 'Complete', { manual: true }),
    ]) {
      expect((await unmet(jobs(failed, other)))[0], JSON.stringify(other)).toMatch(/^[12] failed Jobs without a later success$/u)
    }
    expect(await unmet(jobs(job('migrate', 'Failed', { cronJob: null })))).toEqual(['1 failed Jobs without a later success'])
  })

  it('misses what it may not read, and an address that the host does not hold', async () => {
    cluster.serve({ [NODES]: goodCluster()[NODES] })
    expect(k8sUnmet(makeCheck('k8s', ALL), (await look()).facts, true)).toEqual([
      'not observed: pods',
      'not observed: node events',
      'not observed: jobs',
      'not observed: placement',
      'not observed: deployments',
    ])
    expect(await unmet({}, { vip: '192.0.2.12' })).toEqual(['VIP is absent'])
    cluster.serve({})
    expect(k8sUnmet(makeCheck('k8s', { nodes: ['mon'] }), (await look({ nodes: ['mon'] })).facts, true)).toEqual(['not observed: any Kubernetes fact'])
  })

  it('fails on answers that are junk, cut or not whole', async () => {
    const good = JSON.stringify(goodCluster()[NODES])
    for (const text of [...brokenLists(good, 'Node'), good.replace('"status":"True"', '"status":1')]) {
      cluster.serve({ ...goodCluster(), [NODES]: text })
      expect(await failureOf(look()), text.slice(0, 60)).toMatch(/^parse parse/u)
    }
  })

  it('fails where it does not reach the API', async () => {
    const says = (stderrLine: string, exitCode = 1) =>
      failureOf(probeK8s(makeCheck('k8s', { pods: true }), makeContext({ transport: createScriptedTransport({ kubectl: { exitCode, stderrLine } }) })))
    expect(await says('The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?')).toMatch(/^refused connect/u)
    expect(await says('Unable to connect to the server: dial tcp 192.0.2.1:6443: i/o timeout')).toMatch(/^unreachable connect/u)
    expect(await says('Unable to connect to the server: x509: certificate signed by unknown authority')).toMatch(/^tls connect/u)
    expect(await says('error: You must be logged in to the server (Unauthorized)')).toMatch(/^auth auth/u)
    expect(await says('error: error loading config file "/etc/rancher/k3s/k3s.yaml": open: permission denied')).toMatch(/^permission exec/u)
    expect(await says('not found', 127)).toMatch(/^exit_status exec: kubectl: exit code 127/u)
  })
})

describe('argocd probe with a stand-in kubectl', () => {
  it('is as old as the word of the controller, and says how the last operation ended', async () => {
    const good = application('shop')
    const seen = async (more: object) => {
      cluster.serve({ [path]: { ...good, status: { ...good.status, ...more } } })
      return await argocd()
    }
    expect(await seen({})).toMatchObject({ met: true, asOf: null, facts: { operation: null } })
    expect(await seen({ reconciledAt: '2026-06-27T03:00:00Z', operationState: { phase: 'Succeeded' } })).toMatchObject({
      ...{ met: true, asOf: '2026-06-27T03:00:00.000Z' },
      facts: { operation: 'Succeeded' },
    })
    for (const phase of ['Failed', 'Error']) {
      const { facts, met } = await seen({ operationState: { phase } })
      expect([met, argocdUnmet(facts)]).toEqual([false, [`last operation is ${phase}`]])
    }
    expect(await failureOf(seen({ reconciledAt: 'yesterday' }))).toMatch(/^parse parse/u)
  })

  const path = '/apis/argoproj.io/v1alpha1/namespaces/argocd/applications/shop'
  const argocd = (settings: Record<string, unknown> = { application: 'shop' }) => probeArgocd(makeCheck('argocd', settings), makeContext())

  it('reads sync, health and revision', async () => {
    const seen = await argocd()
    expect(seen).toMatchObject({
      met: true,
      target: 'shop',
      facts: { sync: 'Synced', health: 'Healthy', revision: '1fd5e2a8b0f18d24eed16aa2a44286bcbf230603' },
    })
    expect(FACTS.argocd.parse(seen.facts)).toEqual(seen.facts)
    for (const [sync, health] of [
      ['OutOfSync', 'Healthy'],
      ['Synced', 'Progressing'],
      ['Synced', 'Degraded'],
      ['Unknown', 'Missing'],
      ['', ''],
    ]) {
      cluster.serve({ [path]: application('shop', sync, health, '') })
      const { facts, met } = await argocd()
      expect(met).toBe(false)
      expect(facts.revision).toBeNull()
      expect(argocdUnmet(facts).length).toBeGreaterThan(0)
    }
  })

  it('fails where there is no such Application, or another, or none with a status', async () => {
    for (const answer of [application('other'), { ...application('shop'), status: {} }, { ...application('shop'), kind: 'Status' }]) {
      cluster.serve({ [path]: answer })
      expect(await failureOf(argocd())).toBe('parse parse: not an Application with a status')
    }
    cluster.serve({})
    expect(await failureOf(argocd())).toBe('permission read: the Application is not there, or may not be read')
    expect(await failureOf(argocd({}))).toBe('internal probe: the check names no application')
  })
})

describe('the real kubectl against a stand-in API', () => {
  const kubectl = realPath.split(delimiter).map((folder) => join(folder, 'kubectl'))
  const serve = async (): Promise<string> => {
    const { port } = await serveHttp((request, response) => {
      // kubectl tells the API its time limit, and writes `=` as %3D.
      const answer = goodCluster()[decodeURIComponent(request.url ?? '').replace(/[?&]timeout=30s$/u, '')]
      response.setHeader('content-type', 'application/json')
      response.statusCode = request.method !== 'GET' ? 405 : answer === undefined ? 403 : 200
      response.end(JSON.stringify(answer ?? { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Forbidden', code: 403, message: 'no' }))
    })
    return config(port)
  }
  const config = (port: number): string => {
    const file = join(cluster.dir, `kubeconfig-${port}`)
    writeFileSync(
      file,
      `apiVersion: v1\nkind: Config\nclusters: [{name: c, cluster: {server: "http://127.0.0.1:${port}"}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\ncurrent-context: c\nusers: [{name: u, user: {}}]\n`,
    )
    return file
  }
  const real = <T>(work: () => Promise<T>): Promise<T> => {
    vi.stubEnv('PATH', realPath)
    return work().finally(() => vi.stubEnv('PATH', `${cluster.dir}${delimiter}${realPath}`))
  }

  it('takes every path, and is refused like an operator', async () => {
    if (!kubectl.some((file) => existsSync(file))) return console.log('REAL KUBECTL ABSENT: install kubernetes-client')
    const { vip: _, ...settings } = ALL
    const kubeconfig = await serve()
    await real(async () => {
      const timeoutMs = 20_000
      const ask = (more: Record<string, unknown>) => probeK8s(makeCheck('k8s', { ...settings, kubeconfig, ...more }), makeContext({ timeoutMs }))
      expect(await ask({})).toMatchObject({ met: true })
      expect(await ask({ namespace: 'other' })).toMatchObject({ met: false, facts: { jobs: null, placement: null, deployments: null } })
      expect(await probeArgocd(makeCheck('argocd', { application: 'shop', kubeconfig }), makeContext({ timeoutMs }))).toMatchObject({ met: true })
      expect(await failureOf(ask({ kubeconfig: config(await freePort()) }))).toMatch(/^refused connect/u)
    })
  }, 60_000)
})

it('knows its own paths and nothing else', () => {
  for (const path of [
    K8S_PATHS.nodes(),
    K8S_PATHS.pods(),
    K8S_PATHS.podsIn('a-b'),
    K8S_PATHS.nodeEvents(),
    K8S_PATHS.deploymentsIn('a'),
    K8S_PATHS.jobsIn('a'),
    K8S_PATHS.application('a', 'b.c'),
  ]) {
    expect(isK8sPath(path), path).toBe(true)
    for (const other of [`${path}/x`, `${path}?x=1`, `x${path}`, `${path}/exec`, path.toUpperCase()]) expect(isK8sPath(other), other).toBe(false)
  }
  for (const other of ['/api/v1/secrets', '/api/v1/namespaces/a/secrets', '/api/v1/namespaces/../secrets/pods', '/api/v1/namespaces/a/pods/x/exec', ''])
    expect(isK8sPath(other), other).toBe(false)
})

it('an estate asks for something, and establishes only what it looks at', () => {
  const problems = (settings: string, allowRecordedKinds = false): string => {
    const text = `estate: e\nversion: "1"\npolicy: sop@1.78\ngates: [{id: G}]\nchecks:\n  - {id: b, gate: G, ${settings}}\n`
    try {
      readEstate(text, 'e', { allowRecordedKinds })
      return ''
    } catch (error) {
      return String(error)
    }
  }
  expect(problems('kind: k8s, establishes: [WORKLOAD_BALANCED]', true)).toBe('')
  expect(problems('kind: k8s')).toMatch(/asks nothing/u)
  expect(problems('kind: k8s, pods: true, jobs: true')).toMatch(/jobs: needs `namespace`/u)
  expect(problems('kind: k8s, pods: true, establishes: [K3S_CONTROL_PLANE_AA, WORKLOAD_BALANCED]')).toMatch(
    /AA needs `nodes`[\s\S]*BALANCED needs `placement`/u,
  )
  expect(problems('kind: k8s, nodes: [mon, mon1], establishes: [K3S_CONTROL_PLANE_AA]')).toBe('')
  expect(problems('kind: argocd')).toMatch(/needs `application`/u)
  expect(problems('kind: argocd, application: shop')).toBe('')
  expect(problems('kind: argocd, application: "a/../b"')).not.toBe('')
})
