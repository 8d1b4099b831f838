import { isSchedule, neverComes, ranCommand } from './crontab-line.ts'

/** One line of a crontab that cron acts on. `user` is null in a user's own crontab, which runs as its owner. */
export type CronJob = { source: string; line: number; schedule: string; user: string | null; command: string }
export type CronText = { jobs: CronJob[]; badLines: { source: string; line: number }[] }

/** `NAME = value`, with or without quotes around either (crontab(5)). */
const ASSIGNMENT = /^(?:"[^"]+"|'[^']+'|[A-Za-z_][A-Za-z0-9_]*)\s*=/u

/** Shells that run nothing: jobs below such a line are switched off (crontab(5), SHELL). */
const NO_SHELL = /^["']?SHELL["']?\s*=\s*["']?\S*\b(?:false|true|nologin)["']?\s*$/u

/**
 * Reads numbered lines of one crontab; `isSystem` where the sixth field is a user. What is neither a job, a comment nor a
 * setting is bad, and so is a carriage return: cron hands it on as a part of the command, or cannot read the line. A line
 * whose date never comes, and one that only mentions a command and does not run it, is no job.
 */
export function readCrontab(source: string, lines: readonly (readonly [number, string])[], isSystem: boolean): CronText {
  const text: CronText = { jobs: [], badLines: [] }
  let runs = true
  for (const [number, raw] of lines) {
    const line = raw.trim()
    if (line.startsWith('#') || raw === '') continue
    if (raw.includes('\r')) text.badLines.push({ source, line: number })
    else if (line === '') continue
    else if (ASSIGNMENT.test(line)) runs = /^["']?SHELL\b/u.test(line) ? !NO_SHELL.test(line) : runs
    else {
      const job = readJob(line, isSystem)
      if (job === null) text.badLines.push({ source, line: number })
      else if (runs && job.command !== '' && !neverComes(job.schedule)) text.jobs.push({ source, line: number, ...job })
    }
  }
  return text
}

/** Null where cron cannot read the line; its command is empty where nothing would be run. */
function readJob(line: string, isSystem: boolean): Omit<CronJob, 'source' | 'line'> | null {
  const fields = line.startsWith('@') ? 1 : 5
  const words = line.split(/\s+/u)
  const schedule = words.slice(0, fields)
  const rest = words.slice(fields)
  const user = isSystem ? (rest.shift() ?? '') : null
  if (!isSchedule(schedule) || rest.length === 0 || user === '') return null
  return { schedule: schedule.join(' '), user, command: ranCommand(rest.join(' ')) }
}

/** Names that cron takes in /etc/cron.d; it ignores all others, such as `backup.bak` (cron(8) of Debian, run-parts(8)). */
const CRON_D = /^\/etc\/cron\.d\/[A-Za-z0-9_-]+$/u

/** Splits what `grep -n -H` printed of /etc/crontab and /etc/cron.d into files that cron reads; null where a line is of another shape. */
export function splitSystemCrontabs(text: string): Map<string, (readonly [number, string])[]> | null {
  const files = new Map<string, (readonly [number, string])[]>()
  for (const raw of text.split('\n')) {
    if (raw === '') continue
    const match = /^(\/[^:]+):(\d{1,9}):(.*)$/su.exec(raw)
    if (match === null) return null
    const [, file = '', number = '', line = ''] = match
    if (file === '/etc/crontab' || CRON_D.test(file)) files.set(file, [...(files.get(file) ?? []), [Number(number), line]])
  }
  return files
}
