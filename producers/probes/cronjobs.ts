import { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { cronjobsUnmet } from '../../schemas/expectations/cronjobs.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { K8S_PATHS } from '../commands/k8s-path.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import { createKubectl, readList } from './kubectl.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'

type Seen = NonNullable<FactsOf<'cronjobs'>['cronjobs']>[number]
const MAX_OUTPUT_BYTES = 16_777_216

/** Only these fields of a CronJob are read; its template may hold secrets. */
const Item = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({ schedule: z.string(), timeZone: z.string().optional(), suspend: z.boolean().optional() }),
  status: z.object({ active: z.array(z.unknown()).optional(), lastScheduleTime: z.string().optional(), lastSuccessfulTime: z.string().optional() }).optional(),
})

/** Reads the declared CronJobs of a namespace from the Kubernetes API, with one GET. */
export async function probeCronjobs(check: CheckOf<'cronjobs'>, context: ProbeContext): Promise<Look<'cronjobs'>> {
  const kubectl = createKubectl(context, check.kubeconfig)
  const answer = await kubectl(K8S_PATHS.cronJobsIn(check.namespace), createLookBudget(context)(MAX_OUTPUT_BYTES))
  const names = new Set(check.cronjobs.map((one) => one.name))
  const all = answer === null ? null : readList(answer, 'CronJobList', Item)
  const facts = toFacts(FACTS.cronjobs, {
    namespace: check.namespace,
    cronjobs: all === null ? null : all.filter((one) => names.has(one.metadata.name)).map(toSeen),
  })
  return { target: `${check.namespace} cronjobs`, asOf: null, met: cronjobsUnmet(check, facts, context.now()).length === 0, facts }
}

function toSeen({ metadata, spec, status }: z.infer<typeof Item>): Seen {
  return {
    name: metadata.name,
    suspended: spec.suspend ?? false,
    schedule: spec.schedule,
    time_zone: spec.timeZone ?? null,
    active: status?.active?.length ?? 0,
    last_schedule_at: toTime(status?.lastScheduleTime),
    last_success_at: toTime(status?.lastSuccessfulTime),
  }
}

/** The API writes whole seconds; a time that is there and cannot be read must not look like one that never was. */
function toTime(text: string | undefined): string | null {
  if (text === undefined) return null
  const at = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}T/u.test(text) || Number.isNaN(at.getTime())) throw new ProbeFailure('parse', 'parse', 'a CronJob has a time that is none')
  return at.toISOString()
}
