import { z } from 'zod'
import { checkBase, HttpUrl, MaxAge, Path, SampleCondition } from './check-base.ts'
import { Count, line, Time } from './primitives.ts'

/** Checks of backups and their facts. Recorded rounds carry these kinds without settings. */

const Name = line(100).min(1)
const MetricName = SampleCondition.shape.name
const Metric = z.strictObject({ name: MetricName, condition: SampleCondition.shape.condition.unwrap().optional().describe('what a good series holds') })

/** What a textfile of jobs can tell, with the condition of a good series; each is a count of those that do not hold it. */
export const BACKUP_TOPICS = { fresh: '== 1', failed: '== 0', cron: '== 1', script: '== 1', config: '== 1', integrity: '== 1' } as const
export type BackupTopic = keyof typeof BACKUP_TOPICS

export const BackupHealthCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('backup-health'),
  path: Path.optional(),
  url: HttpUrl.optional().describe('a node exporter that serves the textfile'),
  textfile: line(500).min(1).optional().describe('name of the textfile in the node exporter, for its age'),
  max_age_s: MaxAge.optional().describe('age of the textfile'),
  labels: SampleCondition.shape.labels.unwrap().optional().describe('labels a series must have'),
  job_label: z
    .string()
    .regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/)
    .max(100)
    .optional()
    .describe('label that names the job; default job'),
  jobs: z.array(Name).min(1).max(100).optional().describe('every job there must be'),
  metrics: z
    .strictObject({
      monitor_up: MetricName.optional(),
      fresh: Metric.optional(),
      failed: Metric.optional(),
      cron: Metric.optional(),
      script: Metric.optional(),
      config: Metric.optional(),
      integrity: Metric.optional(),
      last_aggregate: MetricName.optional(),
    })
    .optional(),
})

export const BackupHealthFacts = z.strictObject({
  jobs_total: Count.nullable(),
  jobs_stale: Count.nullable(),
  jobs_failed: Count.nullable(),
  missing_cron: Count.nullable(),
  missing_script: Count.nullable(),
  config_failed: Count.nullable(),
  integrity_stale: Count.nullable(),
  last_aggregate_at: Time.nullable(),
})
