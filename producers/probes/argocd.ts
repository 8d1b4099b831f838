import { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { argocdUnmet } from '../../schemas/expectations/argocd.ts'
import { ArgocdFacts } from '../../schemas/platform-checks.ts'
import { targetOf } from '../check-target.ts'
import { K8S_PATHS } from '../commands/k8s-path.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { createKubectl } from './kubectl.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'

const MAX_OUTPUT_BYTES = 16_777_216
const Application = z.object({
  kind: z.literal('Application'),
  metadata: z.object({ name: z.string() }),
  status: z.object({
    sync: z.object({ status: z.string(), revision: z.string().optional() }),
    health: z.object({ status: z.string() }),
    operationState: z.object({ phase: z.string() }).optional(),
    reconciledAt: z.string().optional(),
  }),
})

/**
 * Reads sync, health, revision and the last operation of one Argo CD Application from the Kubernetes API, as its
 * controller last wrote them: evidence is as old as that, because a controller that is gone leaves Synced and Healthy.
 */
export async function probeArgocd(check: CheckOf<'argocd'>, context: ProbeContext): Promise<Look<'argocd'>> {
  const { application } = check
  if (application === undefined) throw new ProbeFailure('internal', 'probe', 'the check names no application')
  const kubectl = createKubectl(context, check.kubeconfig)
  const answer = await kubectl(K8S_PATHS.application(check.namespace ?? 'argocd', application), createLookBudget(context)(MAX_OUTPUT_BYTES))
  if (answer === null) throw new ProbeFailure('permission', 'read', 'the Application is not there, or may not be read')
  const read = Application.safeParse(answer)
  if (!read.success || read.data.metadata.name !== application) throw new ProbeFailure('parse', 'parse', 'not an Application with a status')
  const { sync, health, operationState, reconciledAt } = read.data.status
  const revision = sync.revision === undefined || sync.revision === '' ? null : sync.revision
  const facts = toFacts(ArgocdFacts, { application, sync: sync.status, health: health.status, revision, operation: operationState?.phase ?? null })
  return { target: targetOf(check), asOf: toTime(reconciledAt), met: argocdUnmet(facts).length === 0, facts }
}

/** A time that is there and cannot be read must not look like one of now. */
function toTime(text: string | undefined): string | null {
  if (text === undefined) return null
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw new ProbeFailure('parse', 'parse', 'an Application has a time that is none')
  return at.toISOString()
}
