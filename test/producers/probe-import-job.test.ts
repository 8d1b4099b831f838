import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { importJobQuery, isImportJobQuery } from '../../producers/commands/import-job-text.ts'
import { isParameter } from '../../producers/commands/parameters.ts'
import { estateProblems } from '../../producers/estate-problems.ts'
import { probeImportJob } from '../../producers/probes/import-job.ts'
import { ProbeFailure } from '../../producers/transport.ts'
import { Check, Estate } from '../../schemas/estate.ts'
import { importJobUnmet } from '../../schemas/expectations/import-job.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { type PostgresServer, postgresBin, startPostgres } from '../support/postgres-server.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
type Job = NonNullable<FactsOf<'import-job'>['job']>
const COLUMNS = {
  id: 'id',
  status: 'status',
  finished_at: 'completed_at',
  total: 'total_rows',
  succeeded: 'success_rows',
  failed: 'error_rows',
  synced: 'sync_success',
  type: 'import_type',
}
const SETTINGS = { database: { name: 'momo', role: 'reader' }, table: 'public.import_jobs', columns: COLUMNS, type: 'daily_sales', max_age_s: 172_800 }
const JOB: Job = { id: '57', status: 'completed', age_s: 86_400, total: 15383, succeeded: 15383, failed: 0, synced: true }
const unmet = (change: Partial<Job>, settings: object = {}) =>
  importJobUnmet(makeCheck('import-job', { ...SETTINGS, ...settings }), { source: 's', job: { ...JOB, ...change } }, AT)

describe('import-job expectation', () => {
  it('is met by a whole, synced and recent import', () => {
    expect(unmet({})).toEqual([])
    expect(unmet({ age_s: 172_800, status: 'done' }, { ok_status: ['done'] })).toEqual([])
    const { failed: _f, synced: _s, ...few } = COLUMNS
    expect(unmet({ failed: null, synced: null }, { columns: few })).toEqual([])
  })

  it.each<[string, Partial<Job>, string[]]>([
    ['another status', { status: 'failed' }, ['import job 57 is failed']],
    ['a job that runs', { status: 'running', age_s: null }, ['import job 57 is running', 'import job 57 has not finished']],
    ['no status', { status: null }, ['not observed: status of the import job']],
    ['rows that are missing', { succeeded: 15382 }, ['import job 57 took 15382 rows of 15383']],
    ['more rows than there were', { succeeded: 15384 }, ['import job 57 took 15384 rows of 15383']],
    ['failed rows', { failed: 1 }, ['import job 57 failed on 1 rows']],
    ['no rows at all', { total: 0, succeeded: 0 }, ['import job 57 had no rows']],
    ['unknown rows', { total: null }, ['not observed: rows of the import job']],
    ['unknown failures', { failed: null }, ['not observed: failed rows of the import job']],
    ['a sync that failed', { synced: false }, ['import job 57 is not synced']],
    ['an unknown sync', { synced: null }, ['not observed: sync of the import job']],
    ['an old job', { age_s: 172_801 }, ['import job 57 is 172801 s old > 172800 s']],
    ['a job of the future', { age_s: -301 }, ['import job 57 finished in the future']],
  ])('is not met by %s', (_what, change, reasons) => {
    expect(unmet(change)).toEqual(reasons)
  })

  it('is not met by no job', () => {
    expect(importJobUnmet(makeCheck('import-job', SETTINGS), { source: 's', job: null }, AT)).toEqual(['no import job'])
  })
})

describe('the query', () => {
  const query = importJobQuery(makeCheck('import-job', SETTINGS))

  it('is the one fixed text, with and without its options', () => {
    const { failed: _f, synced: _s, type: _t, ...few } = COLUMNS
    for (const text of [query, importJobQuery(makeCheck('import-job', { ...SETTINGS, table: '匯入', columns: few, type: undefined }))]) {
      expect(isImportJobQuery(text)).toBe(true)
      expect(isParameter('query', text)).toBe(true)
    }
  })

  it.each([
    ['a second statement', `${query}; DROP TABLE import_jobs`],
    ['the end of the transaction', `COMMIT; ${query}`],
    ['a statement in a type', query.replace("'daily_sales'", "'x'; DELETE FROM import_jobs; --'")],
    ['a function for a column', query.replace('"total_rows"', 'pg_sleep(9)')],
    ['a quote in a name', query.replace('"total_rows"', '"total""rows"')],
    ['another query', 'SELECT 1'],
    ['nothing', ''],
  ])('is not %s', (_what, text) => {
    expect(isParameter('query', text)).toBe(false)
  })

  it('holds whatever names an estate may give', () => {
    const name = fc.string({ minLength: 1, maxLength: 20, unit: fc.constantFrom(...'aZ_9"\'; -.\\日%(') })
    fc.assert(
      fc.property(name, name, name, (table, column, type) => {
        const check = Check.safeParse({ id: 'one', gate: 'G', kind: 'import-job', ...SETTINGS, table, columns: { ...COLUMNS, status: column }, type })
        if (check.success && check.data.kind === 'import-job') expect(isImportJobQuery(importJobQuery(check.data))).toBe(true)
        if (/["'; \\%(-]/u.test(`${table}${column}`)) expect(check.success).toBe(false)
      }),
    )
  })

  it('needs the column and the type together', () => {
    const problems = (change: object) => {
      const one = { id: 'one', gate: 'G', kind: 'import-job', ...SETTINGS, ...change }
      return estateProblems(Estate.parse({ estate: 'e', version: '1', policy: 'sop@1.78', gates: [{ id: 'G' }], checks: [one] }), { allowRecordedKinds: false })
    }
    const { type: _, ...untyped } = COLUMNS
    expect(problems({})).toEqual([])
    expect(problems({ columns: untyped }).map((one) => one.message)).toEqual(['needs `columns.type`'])
    expect(problems({ type: undefined }).map((one) => one.message)).toEqual(['needs `type`'])
  })
})

describe('answers of psql', () => {
  const good = `{"job" : {"id" : "57", "status" : "completed", "age_s" : 86400, "total" : 15383, "succeeded" : 15383, "failed" : 0, "synced" : true}, "read_only" : "on"}\n`
  const look = (answer: { text?: string; exitCode?: number; stderrLine?: string } | ProbeFailure) =>
    probeImportJob(makeCheck('import-job', SETTINGS), makeContext({ now: () => AT, transport: createScriptedTransport({ psql: answer }) }))

  it('are facts', async () => {
    const { facts, met, target } = await look({ text: good })
    expect(FACTS['import-job'].parse(facts)).toEqual(facts)
    expect([facts.job, met, target]).toEqual([JOB, true, 'momo/public.import_jobs daily_sales'])
    expect(await look({ text: '{"job" : null, "read_only" : "on"}' })).toMatchObject({ met: false, facts: { job: null } })
  })

  it('are failures where they are missing, cut, doubled, junk, negative or not read-only', async () => {
    for (const text of [
      '',
      good.slice(0, 50),
      good + good,
      '{}',
      '{"read_only" : "on"}',
      good.replace('57', ''.padEnd(61, '7')),
      good.replace('15383', '-1'),
      good.replace('true', '"true"'),
    ]) {
      expect(await failureOf(look({ text })), text).toMatch(/^parse parse: /u)
    }
    expect(await failureOf(look({ text: good.replace('"on"', '"off"') }))).toMatch(/^internal exec: /u)
    expect(await failureOf(look({ text: good, exitCode: 1 }))).toMatch(/^exit_status query: /u)
    expect(await failureOf(look({ exitCode: 127 }))).toMatch(/^exit_status query: /u)
    expect(await failureOf(look(new ProbeFailure('timeout', 'exec', 'x')))).toBe('timeout exec: x')
  })
})

if (postgresBin() === null) console.log('REAL POSTGRESQL ABSENT: install postgresql')

describe.skipIf(postgresBin() === null)('a real PostgreSQL', () => {
  let server: PostgresServer
  beforeAll(async () => {
    server = await startPostgres()
    server.sql('postgres', 'CREATE DATABASE momo')
    server.sql(
      'momo',
      `CREATE TABLE import_jobs (id serial, import_type text, status varchar(20), file text, completed_at timestamp, total_rows int, success_rows int, error_rows int, sync_success boolean);
       CREATE ROLE reader LOGIN; GRANT SELECT ON import_jobs TO reader`,
    )
  })
  afterAll(() => server.remove())

  const look = (settings: object = {}) =>
    probeImportJob(
      makeCheck('import-job', { ...SETTINGS, ...settings, database: { name: 'momo', role: 'reader', address: '127.0.0.1', port: server.port } }),
      makeContext(),
    )
  const insert = (type: string, status: string, finished: string, rows: string) =>
    server.sql(
      'momo',
      `INSERT INTO import_jobs (import_type, status, completed_at, total_rows, success_rows, error_rows, sync_success) VALUES ('${type}', '${status}', ${finished}, ${rows})`,
    )

  it('tells no job, a good one, one of another type, and a later failed one', async () => {
    expect(await look()).toMatchObject({ met: false, facts: { job: null } })
    insert('daily_sales', 'completed', "localtimestamp - interval '1 hour'", '15383, 15383, 0, true')
    const { facts, met } = await look()
    expect(facts.job).toMatchObject({ id: '1', status: 'completed', total: 15383, succeeded: 15383, failed: 0, synced: true })
    expect(Math.abs((facts.job?.age_s ?? 0) - 3600)).toBeLessThan(60)
    expect(met).toBe(true)
    insert('monthly', 'failed', 'NULL', '0, 0, 0, NULL')
    expect((await look()).met).toBe(true)
    expect((await look({ columns: { ...COLUMNS, type: undefined }, type: undefined })).met).toBe(false)
    insert('daily_sales', 'completed', 'localtimestamp', '100, 100, 0, false')
    expect(await look()).toMatchObject({ met: false, facts: { job: { id: '3', synced: false } } })
    insert('daily_sales', 'running', 'NULL', '100, NULL, NULL, NULL')
    expect(await look()).toMatchObject({ met: false, facts: { job: { id: '4', age_s: null, succeeded: null } } })
  })

  it('orders by number and not by text', async () => {
    for (let i = 0; i < 7; i++) insert('daily_sales', 'completed', 'localtimestamp', `${i + 1}, ${i + 1}, 0, true`)
    expect(await look()).toMatchObject({ met: true, facts: { job: { id: '11', total: 7 } } })
  })

  it('fails without the table, the column or the right, and when the server is gone', async () => {
    expect(await failureOf(look({ table: 'nowhere' }))).toMatch(/^exit_status query: /u)
    expect(await failureOf(look({ columns: { ...COLUMNS, total: 'nothing' } }))).toMatch(/^exit_status query: /u)
    expect(await failureOf(look({ columns: { ...COLUMNS, total: 'status' } }))).toMatch(/^exit_status query: /u)
    server.sql('momo', 'REVOKE SELECT ON import_jobs FROM reader')
    expect(await failureOf(look())).toMatch(/^permission query: /u)
    await server.stop('fast')
    expect(await failureOf(look())).toMatch(/^refused connect: /u)
  })
})
