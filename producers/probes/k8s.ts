import type { CheckOf } from '../../schemas/estate.ts'
import { k8sUnmet } from '../../schemas/expectations/k8s.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { K8sFacts } from '../../schemas/platform-checks.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import { K8S_PATHS } from '../commands/k8s-path.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { readBadPods, readDeployments, readJobs, readNodeEvents, readNodes, readPlacement } from './k8s-facts.ts'
import { createKubectl } from './kubectl.ts'
import { createLookBudget } from './look-budget.ts'
import { nullIfRefused } from './optional-fact.ts'
import { toFacts } from './to-facts.ts'

type Check = CheckOf<'k8s'>
type Facts = FactsOf<'k8s'>

const MAX_OUTPUT_BYTES = 67_108_864

/**
 * Reads the topics that a check asks for from the Kubernetes API, with the kubectl of the check's host and GET requests
 * only. A list that this user may not read is null.
 */
export async function probeK8s(check: Check, context: ProbeContext): Promise<Look<'k8s'>> {
  const budget = createLookBudget(context)
  const kubectl = createKubectl(context, check.kubeconfig)
  const ask = async <T>(path: string, read: (answer: unknown, now: Date) => T): Promise<T | null> => {
    const answer = await kubectl(path, budget(MAX_OUTPUT_BYTES))
    return answer === null ? null : read(answer, context.now())
  }
  const { deployments, placement } = check
  const namespace = check.namespace ?? 'default'
  const nodes = check.nodes === undefined ? null : await ask(K8S_PATHS.nodes(), readNodes)
  const facts = toFacts(K8sFacts, {
    ...(nodes ?? { nodes: null, disk_pressure_nodes: null, readonly_filesystem_nodes: null }),
    bad_pods: check.pods ? await ask(K8S_PATHS.pods(), readBadPods) : null,
    deployments: deployments === undefined ? null : await ask(K8S_PATHS.deploymentsIn(namespace), (answer) => readDeployments(answer, deployments)),
    placement: placement === undefined ? null : await ask(K8S_PATHS.podsIn(namespace), (answer) => readPlacement(answer, placement)),
    jobs: check.jobs ? await ask(K8S_PATHS.jobsIn(namespace), readJobs) : null,
    node_fs_error_events: check.node_events ? await ask(K8S_PATHS.nodeEvents(), readNodeEvents) : null,
    vip_present: check.vip === undefined ? null : await holdsAddress(check.vip, context, budget),
  } satisfies Facts)
  // The policy decides about stale Jobs; another try would see the same ones.
  return { target: targetOf(check), asOf: null, met: k8sUnmet(check, facts, true).length === 0, facts }
}

/** Lines such as `2: eth0    inet 192.0.2.125/32 scope global eth0`. */
async function holdsAddress(address: string, { transport }: ProbeContext, budget: ReturnType<typeof createLookBudget>): Promise<boolean | null> {
  const result = await nullIfRefused(transport.run(commandLine('network.addresses'), budget(MAX_OUTPUT_BYTES)))
  if (result === null || result.exitCode !== 0) return null
  const held = [...result.stdout.toString('utf8').matchAll(/^\d+: +\S+ +inet6? ([0-9a-f.:]+)(?:\/\d+)? /gmu)].map((match) => match[1])
  // A host without any address, not even the loopback's, has not told.
  return held.length === 0 ? null : held.includes(address)
}
