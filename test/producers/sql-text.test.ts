import fc from 'fast-check'
import { expect, it } from 'vitest'
import { freshnessQuery, isQuery, parityQuery } from '../../producers/commands/sql-text.ts'
import { DatedTable } from '../../schemas/sql-checks.ts'
import { makeCheck } from '../support/probe-context.ts'

const LEFT = { table: 'public.daily_sales_snapshot', column: 'snapshot_date' }
const RIGHT = { table: 'realtime_sales_monthly', column: '日期' }

it('writes the queries of the runbook, each one statement', () => {
  expect(freshnessQuery(LEFT)).toBe(
    `SELECT json_build_object('rows', count(*), 'latest', max("snapshot_date"::date), 'age_days', current_date - max("snapshot_date"::date), 'read_only', current_setting('transaction_read_only')) FROM "public"."daily_sales_snapshot"`,
  )
  expect(parityQuery(LEFT, RIGHT, { from: '2026-05-01', to: '2026-05-28' })).toBe(
    `SELECT json_build_object('left', (SELECT json_build_object('rows', count(*), 'min', min("snapshot_date"::date), 'max', max("snapshot_date"::date)) FROM "public"."daily_sales_snapshot" WHERE "snapshot_date"::date BETWEEN DATE '2026-05-01' AND DATE '2026-05-28'), 'right', (SELECT json_build_object('rows', count(*), 'min', min("日期"::date), 'max', max("日期"::date)) FROM "realtime_sales_monthly" WHERE "日期"::date BETWEEN DATE '2026-05-01' AND DATE '2026-05-28'), 'read_only', current_setting('transaction_read_only'))`,
  )
  for (const query of [freshnessQuery(RIGHT), parityQuery(LEFT, RIGHT, 'all'), parityQuery(LEFT, RIGHT, 'current_month')]) {
    expect(isQuery(query)).toBe(true)
    expect(query).not.toMatch(/[{};\n]|--/u)
  }
})

it('knows its own queries and nothing else', () => {
  const query = freshnessQuery(LEFT)
  for (const other of [
    '',
    'SELECT 1',
    `${query};`,
    `${query}; DROP TABLE x`,
    ` ${query}`,
    `${query}\n`,
    query.replace('"public"', 'public'),
    query.replace('max', 'pg_terminate_backend'),
    query.replace('_snapshot', '"; DELETE FROM "x'),
  ]) {
    expect(isQuery(other), other).toBe(false)
  }
})

it('takes no name that could be more than a name', () => {
  const names = ['a"b', "a'b", 'a;b', 'a b', 'a.b.c', '.a', 'a.', '', '1a', 'a-b', 'a/*b', 'a\nb', 'a\\b', '$1', 'a'.repeat(64), '日'.repeat(22)]
  for (const table of names) expect(DatedTable.safeParse({ table, column: 'c' }).success, table).toBe(false)
  for (const column of [...names, 'a.b']) expect(DatedTable.safeParse({ table: 't', column }).success, column).toBe(false)
  const good = { name: 'momo', role: 'reader' }
  expect(makeCheck('sql-freshness', { database: good, ...LEFT, max_age_days: 2 }).database).toEqual({ ...good, address: 'localhost', port: 5432 })
  for (const database of [
    { ...good, name: 'a b' },
    { ...good, name: "a'" },
    { ...good, role: '-x' },
    { ...good, name: 'host=evil' },
    { ...good, address: '-h' },
    { ...good, container: '-it' },
  ]) {
    expect(() => makeCheck('sql-freshness', { database, ...LEFT, max_age_days: 2 }), JSON.stringify(database)).toThrow()
  }
  expect(() => makeCheck('sql-parity', { database: good, left: LEFT, right: RIGHT, range: { from: "2026-05-01' OR '1", to: '2026-05-02' } })).toThrow()
})

it('whatever passes as a name gives one of the queries', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 12 }), fc.string({ unit: 'grapheme', maxLength: 12 }), (table, column) => {
      const dated = DatedTable.safeParse({ table, column })
      if (dated.success) expect(isQuery(freshnessQuery(dated.data))).toBe(true)
    }),
  )
})
