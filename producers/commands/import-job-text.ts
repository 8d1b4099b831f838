import type { ImportJobCheck } from '../../schemas/import-checks.ts'

/**
 * The one query for the latest import job. Columns and the table are identifiers between double quotes, and the type of
 * job is a plain word between single quotes; nothing else of an estate gets into it.
 */
const NAME = '"[\\p{L}_][\\p{L}\\p{N}_$]{0,62}"'
const TYPE = "'[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}'"

type Parts = { id: string; status: string; finished: string; total: string; succeeded: string; failed: string; synced: string; table: string; where: string }

function build({ id, status, finished, total, succeeded, failed, synced, table, where }: Parts): string {
  // A time without a zone is one of the database's own: what its session says is what its application wrote.
  const age = `floor(extract(epoch FROM (current_timestamp - ${finished}::timestamptz)))::bigint`
  const job = `json_build_object('id', ${id}::text, 'status', ${status}::text, 'age_s', ${age}, 'total', ${total}::bigint, 'succeeded', ${succeeded}::bigint, 'failed', ${failed}, 'synced', ${synced})`
  return `SELECT json_build_object('job', (SELECT ${job} FROM ${table}${where} ORDER BY ${id} DESC LIMIT 1), 'read_only', current_setting('transaction_read_only'))`
}

const quoted = (name: string): string => `"${name}"`
const literal = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/gu, '\\$&')

/** The query of a check, whose schema has checked every name. */
export function importJobQuery({ table, columns, type }: Pick<ImportJobCheck, 'table' | 'columns' | 'type'>): string {
  const { id, status, finished_at: finished, total, succeeded, failed, synced } = columns
  const isTyped = columns.type !== undefined && type !== undefined
  return build({
    ...{ id: quoted(id), status: quoted(status), finished: quoted(finished), total: quoted(total), succeeded: quoted(succeeded) },
    failed: failed === undefined ? 'NULL' : `${quoted(failed)}::bigint`,
    synced: synced === undefined ? 'NULL' : `${quoted(synced)}::boolean`,
    table: table.split('.').map(quoted).join('.'),
    where: isTyped ? ` WHERE ${quoted(columns.type ?? '')}::text = '${type}'` : '',
  })
}

/** Marks that stand for the parts while the rest of the query is made literal. */
const MARKS = ['id', 'status', 'finished', 'total', 'succeeded', 'failed', 'synced', 'table', 'where'] as const
const FORMS: Readonly<Record<(typeof MARKS)[number], string>> = {
  ...{ id: NAME, status: NAME, finished: NAME, total: NAME, succeeded: NAME },
  failed: `(?:NULL|${NAME}::bigint)`,
  synced: `(?:NULL|${NAME}::boolean)`,
  table: `${NAME}(?:\\.${NAME})?`,
  where: `(?: WHERE ${NAME}::text = ${TYPE})?`,
}
const QUERY = new RegExp(
  `^${literal(build(Object.fromEntries(MARKS.map((mark) => [mark, `<${mark}>`])) as Parts)).replace(/<([a-z]+)>/gu, (_whole, mark: (typeof MARKS)[number]) => FORMS[mark])}$`,
  'u',
)

/** Whether a text is this query, from its first character to its last. */
export function isImportJobQuery(text: string): boolean {
  return QUERY.test(text)
}
