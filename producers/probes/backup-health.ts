import { BACKUP_TOPICS, type BackupTopic } from '../../schemas/backup-checks.ts'
import type { CheckOf } from '../../schemas/estate.ts'
import { backupHealthUnmet } from '../../schemas/expectations/backup-health.ts'
import { holdsCondition } from '../../schemas/expectations/condition.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure } from '../transport.ts'
import type { Sample } from './prometheus-text.ts'
import { mustBeOfNow, readMetrics } from './read-metrics.ts'

type Check = CheckOf<'backup-health'>
type Facts = FactsOf<'backup-health'>
/** Topics that are told job by job; the others have series of their own. */
const PER_JOB: ReadonlySet<BackupTopic> = new Set<BackupTopic>(['fresh', 'failed', 'cron', 'script'])

/**
 * Counts what is wrong with backup jobs in the textfile that their monitor writes for a node exporter. A job that the
 * estate declares and a metric does not know counts as wrong; a metric without any series was not observed.
 */
export async function probeBackupHealth(check: Check, context: ProbeContext): Promise<Look<'backup-health'>> {
  const { samples, modifiedAt } = await readMetrics(check, context)
  const asOf = modifiedAt ?? servedFileTime(check, samples)
  const own = samples.filter((sample) => Object.entries(check.labels ?? {}).every(([label, value]) => sample.labels[label] === value))
  mustBeOfNow(
    own.filter(({ name }) => declaredNames(check).has(name)),
    context.now(),
  )
  const facts = isMonitorUp(check, own) ? toFacts(check, own) : NOTHING
  return { target: targetOf(check), asOf, met: backupHealthUnmet(check, facts, context.now(), asOf).length === 0, facts }
}

function declaredNames({ metrics }: Check): Set<string> {
  return new Set(Object.values(metrics ?? {}).flatMap((one) => (one === undefined ? [] : [typeof one === 'string' ? one : one.name])))
}

const NOTHING: Facts = {
  jobs_total: null,
  jobs_stale: null,
  jobs_failed: null,
  missing_cron: null,
  missing_script: null,
  config_failed: null,
  integrity_stale: null,
  last_aggregate_at: null,
}

/** What a monitor says of jobs counts only while it says of itself that it is up. */
function isMonitorUp(check: Check, samples: readonly Sample[]): boolean {
  const name = check.metrics?.monitor_up
  if (name === undefined) return true
  const own = samples.filter((sample) => sample.name === name)
  return own.length > 0 && own.every((sample) => sample.value === 1)
}

function toFacts(check: Check, samples: readonly Sample[]): Facts {
  const wrong = (topic: BackupTopic): number | null => countWrong(topic, check, samples)
  return {
    jobs_total: jobsIn(check, samples).size,
    jobs_stale: wrong('fresh'),
    jobs_failed: wrong('failed'),
    missing_cron: wrong('cron'),
    missing_script: wrong('script'),
    config_failed: wrong('config'),
    integrity_stale: wrong('integrity'),
    last_aggregate_at: lastAggregate(check, samples),
  }
}

/** Jobs or series that do not hold the condition of a good one. NaN and the infinities hold nothing. */
function countWrong(topic: BackupTopic, check: Check, samples: readonly Sample[]): number | null {
  const metric = check.metrics?.[topic]
  if (metric === undefined) return null
  const own = samples.filter((sample) => sample.name === metric.name)
  if (own.length === 0) return null
  const isGood = ({ value }: Sample): boolean => typeof value === 'number' && holdsCondition(metric.condition ?? BACKUP_TOPICS[topic], value)
  if (!PER_JOB.has(topic)) return own.filter((sample) => !isGood(sample)).length
  const good = (job: string): boolean => {
    const ofJob = own.filter((sample) => sample.labels[jobLabel(check)] === job)
    return ofJob.length > 0 && ofJob.every(isGood)
  }
  // A series that names no job is about something, and nobody can say what: it is wrong where it is not good.
  const nameless = own.filter((sample) => sample.labels[jobLabel(check)] === undefined && !isGood(sample)).length
  return [...jobsIn(check, samples)].filter((job) => !good(job)).length + nameless
}

/** The declared jobs, and those that the series of the declared metrics are about. */
function jobsIn(check: Check, samples: readonly Sample[]): Set<string> {
  const names = new Set([...PER_JOB].flatMap((topic) => check.metrics?.[topic]?.name ?? []))
  const seen = samples.flatMap((sample) => (names.has(sample.name) ? (sample.labels[jobLabel(check)] ?? []) : []))
  return new Set([...(check.jobs ?? []), ...seen])
}

function jobLabel(check: Check): string {
  return check.job_label ?? 'job'
}

function lastAggregate(check: Check, samples: readonly Sample[]): string | null {
  const values = samples.filter((sample) => sample.name === check.metrics?.last_aggregate).map((sample) => sample.value)
  const oldest = values.length === 0 || values.some((value) => typeof value !== 'number') ? Number.NaN : Math.min(...(values as number[]))
  return toTime(oldest)
}

/**
 * A node exporter serves a textfile for ever, and tells when it was written only in a metric of its own. One that could
 * not read its textfiles says nothing about them.
 */
function servedFileTime(check: Check, samples: readonly Sample[]): string | null {
  const failed = samples.filter((sample) => sample.name === 'node_textfile_scrape_error' && sample.value !== 0)
  if (failed.length > 0) throw new ProbeFailure('parse', 'read', 'the node exporter could not read its textfiles')
  const { textfile } = check
  if (textfile === undefined) return null
  const times = samples.filter(({ name, labels }) => name === 'node_textfile_mtime_seconds' && labels.file?.split('/').at(-1) === textfile.split('/').at(-1))
  const [only] = times
  return times.length === 1 && typeof only?.value === 'number' ? toTime(only.value) : null
}

/** RFC 3339 time of Unix seconds; null where no date can hold it, or it is no time at all. */
function toTime(seconds: number): string | null {
  if (!(seconds > 0)) return null
  const time = new Date(seconds * 1000)
  const text = Number.isNaN(time.getTime()) ? '' : time.toISOString()
  return text.length === 24 ? text : null
}
