import { z } from 'zod'
import { checkBase, MaxAge } from './check-base.ts'
import { Count, line } from './primitives.ts'
import { Database, Identifier, TableName } from './sql-checks.ts'

/** The check of an application's own table of import jobs, and its facts. */

export const ImportJobCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('import-job'),
  database: Database,
  table: TableName,
  columns: z
    .strictObject({
      id: Identifier.describe('grows with every job; the highest is the latest'),
      status: Identifier,
      finished_at: Identifier,
      total: Identifier.describe('rows the source had'),
      succeeded: Identifier.describe('rows that were taken'),
      failed: Identifier.optional(),
      synced: Identifier.optional().describe('a boolean: what depends on the import was brought up to date as well'),
      type: Identifier.optional().describe('needs `type`'),
    })
    .describe('names of the table’s columns'),
  type: z
    .string()
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,59}$/, 'letters, digits, dashes, points and underscores')
    .optional()
    .describe('only jobs of this type; needs `columns.type`'),
  ok_status: z.array(line(60).min(1)).min(1).max(10).default(['completed']),
  max_age_s: MaxAge,
})
export type ImportJobCheck = z.infer<typeof ImportJobCheck>

export const ImportJobFacts = z.strictObject({
  source: line(300).describe('database/table, and the type of job'),
  job: z
    .strictObject({
      id: line(60),
      status: line(60).nullable(),
      age_s: z.number().int().nullable().describe('since it finished, by the clock of the database'),
      total: Count.nullable(),
      succeeded: Count.nullable(),
      failed: Count.nullable().describe('null also where no such column is declared'),
      synced: z.boolean().nullable().describe('null also where no such column is declared'),
    })
    .nullable()
    .describe('the latest job; null where there is none'),
})
