/** Pure readers of the parts of one line of a crontab (crontab(5) of Debian). */

const NICKNAME = /^@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)$/u
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']
/** 29 February comes. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

type Field = { least: number; most: number; names: readonly string[] }
const FIELDS: readonly Field[] = [
  { least: 0, most: 59, names: [] },
  { least: 0, most: 23, names: [] },
  { least: 1, most: 31, names: [] },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 7, names: DAYS },
]

/** Whether cron takes these words for a time: a nickname, or five fields in their ranges. It ignores a whole file of /etc/cron.d for one that is not. */
export function isSchedule(words: readonly string[]): boolean {
  if (words.length === 1) return NICKNAME.test(words[0] ?? '')
  return words.length === FIELDS.length && FIELDS.every((field, i) => valuesOf(words[i] ?? '', field) !== null)
}

/** Whether no day is ever one of a schedule, such as 31 February; days of the week, where they are given, always come. */
export function neverComes(schedule: string): boolean {
  const words = schedule.split(' ')
  if (words.length === 1 || !words[4]?.startsWith('*')) return false
  const [days, months] = [2, 3].map((i) => valuesOf(words[i] ?? '', FIELDS[i] as Field) ?? [])
  return !months?.some((month) => days?.some((day) => day <= (LONGEST[month - 1] ?? 0)))
}

/** Values that a field stands for; null where cron refuses it. */
function valuesOf(text: string, field: Field): number[] | null {
  const parts = text.split(',').map((part) => partOf(part, field))
  return parts.includes(null) ? null : parts.flatMap((part) => part ?? [])
}

/** `*`, `n`, `n-m` or `n~m`, each with or without a step. */
function partOf(text: string, { least, most, names }: Field): number[] | null {
  const match = /^(?:(\*)|(\d{1,2}|[a-z]{3})(?:[-~](\d{1,2}|[a-z]{3}))?)(?:\/(\d{1,2}))?$/iu.exec(text)
  if (match === null) return null
  const [, star, first = '', last = first, step = '1'] = match
  const from = star === undefined ? numberOf(first, names, least) : least
  const to = star === undefined ? numberOf(last, names, least) : most
  if (!(from >= least && to <= most && from <= to) || Number(step) === 0) return null
  return Array.from({ length: to - from + 1 }, (_, i) => from + i).filter((value) => (value - from) % Number(step) === 0)
}

function numberOf(text: string, names: readonly string[], least: number): number {
  if (/^\d+$/u.test(text)) return Number(text)
  const at = names.indexOf(text.toLowerCase())
  return at < 0 ? Number.NaN : at + least
}

/** Programs that do nothing with the words behind them, where no other command follows. */
const IDLE = /^(?:\S*\/)?(?:true|false|:|echo|printf)(?:\s[^;&|`$()]*)?$/u

/**
 * What of a command cron has run: not what stands behind a `%`, which is its input, and not a comment of the shell. Empty
 * where nothing is run, as behind `exit`, `true` or `echo`, with which lines are switched off.
 */
export function ranCommand(text: string): string {
  const command = withoutComment(/^(?:\\.|[^%\\])*/su.exec(text)?.[0] ?? '').trim()
  return IDLE.test(command) || /^exit(?:[\s;]|$)/u.test(command) ? '' : command
}

/** A `#` that begins a word, outside of quotes, begins a comment. */
function withoutComment(text: string): string {
  for (const { 0: piece, index } of text.matchAll(/"(?:\\.|[^"\\])*"|'[^']*'|\\.|./gsu)) {
    if (piece === '#' && /(?:^|[\s;&|()])$/u.test(text.slice(0, index))) return text.slice(0, index)
  }
  return text
}
