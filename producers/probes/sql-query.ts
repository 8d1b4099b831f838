import { z } from 'zod'
import { parseJsonText } from '../../schemas/json-text.ts'
import type { Database } from '../../schemas/sql-checks.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunOptions, type RunResult } from '../transport.ts'
import { toUtf8Text } from './utf8-text.ts'

const AUTH = /no password supplied|password authentication failed|authentication failed for user|no pg_hba\.conf entry|role "[^"]*" does not exist/u

/**
 * Runs one of the fixed queries (`commands/sql-text.ts`) with psql in a read-only transaction and gives the one JSON
 * object it prints, without `read_only`, which must say that the transaction really was.
 */
export async function querySql<T extends z.ZodRawShape>(
  database: Database,
  sql: string,
  shape: T,
  context: ProbeContext,
  options: RunOptions,
): Promise<z.infer<z.ZodObject<T>>> {
  const result = await context.transport.run(psqlLine(database, sql), options)
  if (result.exitCode !== 0) throw toSqlFailure(result)
  const parsed = parseJsonText(toUtf8Text(result.stdout).trim())
  const answer = z.strictObject({ read_only: z.string() }).safeParse(parsed.ok && isRecord(parsed.value) ? { read_only: parsed.value.read_only } : null)
  if (!answer.success || !parsed.ok) throw new ProbeFailure('parse', 'parse', 'not the answer of the query')
  if (answer.data.read_only !== 'on') throw new ProbeFailure('internal', 'exec', 'the transaction was not read-only')
  const { read_only: _, ...rest } = parsed.value as Record<string, unknown>
  const row = z.strictObject(shape).safeParse(rest)
  if (!row.success) throw new ProbeFailure('parse', 'parse', `not the answer of the query: ${row.error.issues[0]?.path.join('.') ?? ''}`)
  return row.data as z.infer<z.ZodObject<T>>
}

function psqlLine({ container, name: database, ...rest }: Database, query: string): string[] {
  const values = { address: rest.address, port: String(rest.port), role: rest.role, database, query }
  return container === undefined ? commandLine('sql.query', values) : commandLine('sql.query-in-container', { container, ...values })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** psql ends with 2 where it got no connection, and with 1 or 3 where the server refused the query. */
function toSqlFailure({ exitCode, stderrLine }: RunResult): ProbeFailure {
  // What stands behind a colon is a value of the table, which is nobody's business here.
  const said = stderrLine.replace(/: "[^"]*"$/u, '')
  const detail = scrubLine(`psql: exit code ${exitCode}${said === '' ? '' : `: ${said}`}`)
  if (/permission denied for/u.test(said)) return new ProbeFailure('permission', 'query', detail)
  if (exitCode !== 2) return new ProbeFailure('exit_status', 'query', detail)
  if (AUTH.test(said)) return new ProbeFailure('auth', 'connect', detail)
  return new ProbeFailure(/Connection refused/u.test(said) ? 'refused' : 'unreachable', 'connect', detail)
}
