import { z } from 'zod'
import { PlainPath } from './backup-checks.ts'
import { checkBase, MaxAge } from './check-base.ts'
import { Count, line, Time } from './primitives.ts'

/** Checks of what runs workloads and their facts. Recorded rounds carry these kinds without settings. */

const Names = z.array(line(200)).max(500)
/** Name of a Kubernetes object (RFC 1123). */
const ObjectName = z.string().regex(/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/, 'lower-case letters, digits, dots and dashes')
const Namespace = z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and dashes')

export const K8sCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('k8s'),
  kubeconfig: PlainPath.optional().describe('file on the host; kubectl’s own default where it is left out'),
  namespace: Namespace.optional().describe('of deployments, placement and jobs'),
  nodes: z.array(ObjectName).min(1).max(100).optional().describe('nodes there must be, all Ready and schedulable'),
  pods: z.literal(true).optional().describe('no pod of any namespace is bad'),
  deployments: z.array(ObjectName).min(1).max(100).optional().describe('all replicas available'),
  placement: z.array(ObjectName).min(1).max(100).optional().describe('deployments with two replicas or more, spread over nodes'),
  jobs: z.literal(true).optional().describe('no failed Job without a later official success'),
  node_events: z.literal(true).optional().describe('no event of a node tells of a broken file system'),
  vip: z
    .string()
    .regex(/^[0-9a-f.:]{2,39}$/, 'an IP address')
    .optional()
    .describe('address that the host of the check must hold'),
})

export const K8sFacts = z.strictObject({
  nodes: z
    .array(z.strictObject({ name: line(100), ready: z.boolean(), control_plane: z.boolean(), schedulable: z.boolean().optional() }))
    .max(500)
    .nullable(),
  jobs: z.strictObject({ failed: Names, later_successes: Names.describe('official Jobs of the same work that completed after the failed ones') }).nullable(),
  bad_pods: Count.nullable(),
  node_fs_error_events: Count.nullable(),
  readonly_filesystem_nodes: Count.nullable(),
  disk_pressure_nodes: Count.nullable(),
  vip_present: z.boolean().nullable(),
  placement: z
    .array(z.strictObject({ workload: line(100), nodes: Names }))
    .max(200)
    .nullable(),
  deployments: z
    .array(z.strictObject({ name: line(253), desired: Count, available: Count, rolled_out: z.boolean() }))
    .max(200)
    .nullable()
    .optional()
    .describe('left out of recorded rounds'),
})

export const ArgocdCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('argocd'),
  kubeconfig: PlainPath.optional(),
  namespace: Namespace.optional().describe('of the Application; argocd where it is left out'),
  application: ObjectName.optional(),
})

export const ArgocdFacts = z.strictObject({
  application: line(120),
  sync: line(40),
  health: line(40),
  revision: line(80).nullable(),
  operation: line(40).nullable().optional().describe('phase of the last operation; null where there was none, left out of older events'),
})

export const CronjobsCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('cronjobs'),
  kubeconfig: PlainPath.optional(),
  namespace: Namespace,
  cronjobs: z
    .array(
      z.strictObject({
        name: ObjectName,
        schedule: line(100).optional().describe('its schedule is exactly this'),
        max_success_age_s: MaxAge.optional().describe('age of its last success'),
      }),
    )
    .min(1)
    .max(100),
})
export type DeclaredCronjob = z.infer<typeof CronjobsCheck>['cronjobs'][number]

export const CronjobsFacts = z.strictObject({
  namespace: line(63),
  cronjobs: z
    .array(
      z.strictObject({
        name: line(253),
        suspended: z.boolean(),
        schedule: line(100),
        time_zone: line(100).nullable(),
        active: Count.describe('runs that have not ended'),
        last_schedule_at: Time.nullable().describe('null: it has never run'),
        last_success_at: Time.nullable().describe('null: it has never succeeded'),
      }),
    )
    .max(100)
    .nullable()
    .describe('the declared ones that are there; null where they may not be read'),
})
