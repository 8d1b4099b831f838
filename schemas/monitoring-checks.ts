import { z } from 'zod'
import { checkBase, HttpUrl, Path, SampleCondition } from './check-base.ts'
import { Count, Finite, line, Slug } from './primitives.ts'

/** Checks of what watches the estate, and their facts. */

const Name = line(200).min(1)
const BaseUrl = HttpUrl.refine((text) => !/[?#]/.test(text), 'a URL without query and fragment')

export const PrometheusCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('prometheus'),
  url: BaseUrl,
  targets: z
    .array(z.strictObject({ job: Name, instance: Name.optional(), min: z.number().int().min(1).max(1000).default(1).describe('how many at least') }))
    .max(50)
    .default([])
    .describe('scrape targets that must all be up'),
  rules: z.array(Name).max(100).default([]).describe('alerting and recording rules that must be loaded and evaluate'),
  queries: z
    .array(z.strictObject({ id: Slug, expr: line(1000).min(1), condition: SampleCondition.shape.condition.unwrap() }))
    .max(20)
    .default([])
    .describe('instant queries whose every sample must hold the condition'),
  ca_file: Path.optional(),
})

const SampleValue = z.union([Finite, z.enum(['NaN', '+Inf', '-Inf'])])

export const PrometheusFacts = z.strictObject({
  url: line(2000),
  ready: z.boolean(),
  targets: z
    .array(z.strictObject({ job: Name, instance: line(500), health: z.enum(['up', 'down', 'unknown']) }))
    .max(500)
    .nullable()
    .describe('active targets of the declared jobs'),
  rules: z
    .array(z.strictObject({ name: Name, type: z.enum(['alerting', 'recording']), health: line(40), state: line(40).nullable() }))
    .max(500)
    .nullable()
    .describe('rules of the declared names; state is that of an alerting rule'),
  alertmanagers: Count.nullable().optional().describe('that alerts are sent to; null where no alerting rule is declared, left out of older events'),
  queries: z
    .array(z.strictObject({ id: Slug, samples: z.array(z.strictObject({ labels: z.record(line(100), line(500)), value: SampleValue })).max(100) }))
    .max(20)
    .nullable(),
})

export const AlertmanagerCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('alertmanager'),
  url: BaseUrl,
  expect_active: z.array(Name).max(50).default([]).describe('alerts that must be firing, such as a watchdog'),
  forbid: z.array(Name).max(100).default([]).describe('alerts that must not be there, silenced or not'),
  test_webhook: BaseUrl.optional().describe('receiver that the end-to-end test alert is sent to with --send-alert-test'),
  ca_file: Path.optional(),
})

export const AlertmanagerFacts = z.strictObject({
  url: line(2000),
  healthy: z.boolean(),
  alerts: z
    .array(z.strictObject({ name: Name, active: Count, suppressed: Count }))
    .max(200)
    .nullable()
    .describe('of the declared names'),
  total: Count.nullable().describe('alerts of any name'),
  test: z
    .strictObject({ sent: z.boolean(), status: z.number().int().min(100).max(599).nullable(), failure: line(40).nullable().describe('why there is no status') })
    .nullable()
    .describe('the end-to-end alert; null where none is declared'),
})
