import { z } from 'zod'
import { checkBase, Port } from './check-base.ts'
import { Count, DateOnly, line } from './primitives.ts'
import { Address } from './service-checks.ts'

/** Checks that read tables, and their facts. */

/** A PostgreSQL identifier as it is written between double quotes; letters of every script, at most 63 bytes. */
const IDENTIFIER = '[\\p{L}_][\\p{L}\\p{N}_$]{0,62}'
const isShort = (text: string): boolean => text.split('.').every((part) => Buffer.byteLength(part) <= 63)
export const Identifier = z
  .string()
  .regex(new RegExp(`^${IDENTIFIER}$`, 'u'), 'letters, digits and underscores')
  .refine(isShort, 'more than 63 bytes')
export const TableName = z
  .string()
  .regex(new RegExp(`^${IDENTIFIER}(\\.${IDENTIFIER})?$`, 'u'), 'table or schema.table: letters, digits and underscores')
  .refine(isShort, 'a name of more than 63 bytes')
const Token = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_-]{0,62}$/, 'letters, digits, dashes and underscores')

/** How to reach a database. A password is none of it: psql takes it from the host's own ~/.pgpass or needs none. */
export const Database = z.strictObject({
  name: Token,
  role: Token.describe('a role that may only read'),
  address: Address.default('localhost').describe('as seen from the host of the check, or from inside the container'),
  port: Port.default(5432),
  container: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, 'a container name')
    .optional()
    .describe('run psql in this container with docker exec'),
})
export type Database = z.infer<typeof Database>

/** A table and the column with its dates; text is read as a date by PostgreSQL itself. */
export const DatedTable = z.strictObject({ table: TableName, column: Identifier })
export type DatedTable = z.infer<typeof DatedTable>

export const DateRange = z.union([z.literal('all'), z.literal('current_month'), z.strictObject({ from: DateOnly, to: DateOnly })])
export type DateRange = z.infer<typeof DateRange>

export const SqlFreshnessCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('sql-freshness'),
  database: Database,
  ...DatedTable.shape,
  max_age_days: z.number().int().min(0).max(3660),
})

/** Recorded rounds carry this kind without settings. */
export const SqlParityCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('sql-parity'),
  database: Database.optional(),
  left: DatedTable.optional(),
  right: DatedTable.optional(),
  range: DateRange.optional().describe('all where it is left out'),
})

export const SqlFreshnessFacts = z.strictObject({
  source: line(300).describe('database/table.column'),
  rows: Count,
  latest_date: DateOnly.nullable(),
  age_days: z.number().int().min(-3_660_000).max(3_660_000).nullable().describe('by the date of the database itself'),
})

const Bounds = z.strictObject({ rows: Count, min: DateOnly.nullable(), max: DateOnly.nullable() }).describe('dates are null where there is no row')
export const SqlParityFacts = z.strictObject({ left: Bounds, right: Bounds })
