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

/** A path of plain words, which no command line can mistake for anything else. */
export const PlainPath = z
  .string()
  .max(300)
  .regex(/^\/[A-Za-z0-9_./-]*$/, 'an absolute path of letters, digits, dots, dashes and underscores')

export const OffsiteCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('offsite'),
  local: PlainPath.optional().describe('folder with one restic repository each'),
  remote: z
    .string()
    .max(200)
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*:[A-Za-z0-9_./-]*$/, 'an rclone path, such as gdrive:backup')
    .optional()
    .describe('where rclone mirrors that folder to'),
  repositories: z
    .array(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/, 'a folder name'))
    .min(1)
    .max(50)
    .optional(),
  password_file: PlainPath.optional().describe('read by restic on the host; its content never leaves it'),
  rclone_config: PlainPath.optional().describe('of the remote; without its path rclone would make a folder for one'),
  max_age_s: MaxAge.optional().describe('age of the latest snapshot of each repository'),
  full_marker: PlainPath.optional().describe('file that a full verification writes when it succeeded'),
  full_marker_max_age_s: MaxAge.optional(),
})

/** What a live check must say. */
export const OFFSITE_SETTINGS = [
  ...(['local', 'remote', 'repositories', 'password_file', 'rclone_config', 'max_age_s', 'full_marker', 'full_marker_max_age_s'] as const),
] as const

export const OffsiteFacts = z.strictObject({
  configured: z.boolean().nullable(),
  fresh: z.boolean().nullable(),
  repositories: Count.nullable(),
  latest_only: z.boolean().nullable(),
  remote_verify_ok: z.boolean().nullable(),
  full_verify_fresh: z.boolean().nullable(),
  details: z
    .array(
      z.strictObject({
        repository: Name,
        latest_at: Time.nullable().describe('latest snapshot of the local repository'),
        local_snapshots: Count.nullable(),
        remote_snapshots: Count.nullable(),
        same: z.boolean().nullable().describe('the remote has exactly the snapshots of the local one'),
      }),
    )
    .max(50)
    .optional()
    .describe('left out of recorded rounds'),
  full_verified_at: Time.nullable().optional(),
})
