import type { DatedTable, DateRange } from '../../schemas/sql-checks.ts'

/**
 * The only queries there are. `{…}` are identifiers between double quotes and dates; nothing else of an estate gets into
 * a query. Both are one statement, so that both tables are read in one snapshot.
 */
const READ_ONLY = `'read_only', current_setting('transaction_read_only')`
const BOUNDS = `'rows', count(*), 'min', min({column}::date), 'max', max({column}::date)`
const FRESHNESS = `SELECT json_build_object('rows', count(*), 'latest', max({column}::date), 'age_days', current_date - max({column}::date), ${READ_ONLY}) FROM {table}`
const RANGES = {
  all: '',
  current_month: ` WHERE {column}::date >= date_trunc('month', current_date)::date AND {column}::date < (date_trunc('month', current_date) + interval '1 month')::date`,
  dates: ` WHERE {column}::date BETWEEN DATE '{from}' AND DATE '{to}'`,
} as const

const NAME = '"[\\p{L}_][\\p{L}\\p{N}_$]{0,62}"'
const FORMS: Readonly<Record<string, string>> = {
  column: NAME,
  table: `${NAME}(?:\\.${NAME})?`,
  from: '\\d{4}-\\d{2}-\\d{2}',
  to: '\\d{4}-\\d{2}-\\d{2}',
}

function parity(range: keyof typeof RANGES): string {
  const side = `(SELECT json_build_object(${BOUNDS}) FROM {table}${RANGES[range]})`
  return `SELECT json_build_object('left', ${side}, 'right', ${side}, ${READ_ONLY})`
}

const QUERIES: readonly RegExp[] = [FRESHNESS, parity('all'), parity('current_month'), parity('dates')].map(
  (text) =>
    new RegExp(
      `^${text
        .split(/\{(\w+)\}/u)
        .map((part, n) => (n % 2 === 1 ? FORMS[part] : part.replace(/[\\^$.*+?()[\]{}|]/gu, '\\$&')))
        .join('')}$`,
      'u',
    ),
)

/** Whether a text is one of the queries, from its first character to its last. */
export function isQuery(text: string): boolean {
  return QUERIES.some((query) => query.test(text))
}

export function freshnessQuery(dated: DatedTable): string {
  return fill(FRESHNESS, [dated], {})
}

export function parityQuery(left: DatedTable, right: DatedTable, range: DateRange): string {
  const isDates = typeof range !== 'string'
  return fill(parity(isDates ? 'dates' : range), [left, right], isDates ? range : {})
}

/** The first half of the placeholders is of the first table, the second of the second. */
function fill(text: string, tables: readonly DatedTable[], dates: { from?: string; to?: string }): string {
  const marks = text.match(/\{\w+\}/gu)?.length ?? 0
  let n = 0
  return text.replace(/\{(\w+)\}/gu, (_whole, name: string) => {
    const dated = tables[Math.floor((n++ * tables.length) / marks)]
    if (name === 'from' || name === 'to') return dates[name] ?? ''
    return name === 'column'
      ? `"${dated?.column ?? ''}"`
      : (dated?.table ?? '')
          .split('.')
          .map((part) => `"${part}"`)
          .join('.')
  })
}
