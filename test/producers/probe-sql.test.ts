import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { probeSqlFreshness } from '../../producers/probes/sql-freshness.ts'
import { probeSqlParity } from '../../producers/probes/sql-parity.ts'
import type { ProbeFailure } from '../../producers/transport.ts'
import { sqlFreshnessUnmet } from '../../schemas/expectations/sql-freshness.ts'
import { sqlParityUnmet } from '../../schemas/expectations/sql-parity.ts'
import { FACTS } from '../../schemas/facts.ts'
import { type PostgresServer, postgresBin, startPostgres } from '../support/postgres-server.ts'
import { makeCheck, makeContext } from '../support/probe-context.ts'
import { failureOf } from '../support/probe-failure.ts'
import { createScriptedTransport } from '../support/scripted-transport.ts'
import { freePort } from '../support/sshd.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')
const DATABASE = { name: 'momo', role: 'reader' }
const LEFT = { table: 'public.daily_sales_snapshot', column: 'snapshot_date' }
const RIGHT = { table: 'realtime_sales_monthly', column: '日期' }

describe('sql-freshness expectation', () => {
  const unmet = (latest_date: string | null, age_days: number | null, rows = 5) =>
    sqlFreshnessUnmet(makeCheck('sql-freshness', { database: DATABASE, ...LEFT, max_age_days: 2 }), { source: 's', rows, latest_date, age_days }, AT)

  it('holds the limit on the edge', () => {
    expect(unmet('2026-06-25', 2)).toEqual([])
    expect(unmet('2026-06-24', 3)).toEqual(['3 days old, more than 2'])
    expect(unmet('2026-06-28', -1)).toEqual([])
  })

  it('is not met by nothing, by the future, or by a database whose clock is behind', () => {
    expect(unmet(null, null, 0)).toEqual(['the table has no row'])
    expect(unmet(null, null)).toEqual(['not observed: latest date'])
    expect(unmet('2026-06-27', null)).toEqual(['not observed: latest date'])
    expect(unmet('2027-06-27', -365)).toEqual(['latest date 2027-06-27 is in the future'])
    expect(unmet('2026-06-17', 1)).toEqual(['10 days old, more than 2'])
  })
})

describe('sql-parity expectation', () => {
  const side = { rows: 10936, min: '2026-06-01', max: '2026-06-17' }
  it('wants the same count and the same bounds of something', () => {
    expect(sqlParityUnmet({ left: side, right: side })).toEqual([])
    for (const change of [{ rows: 10935 }, { min: '2026-06-02' }, { max: '2026-06-16' }, { max: null }]) {
      expect(sqlParityUnmet({ left: side, right: { ...side, ...change } })).toEqual(['tables differ in count or bounds'])
    }
    const empty = { rows: 0, min: null, max: null }
    expect(sqlParityUnmet({ left: empty, right: empty })).toEqual(['no row to compare'])
    expect(sqlParityUnmet({ left: { ...side, max: null }, right: { ...side, max: null } })).toEqual(['not observed: bounds'])
  })
})

describe('answers of psql', () => {
  const good = '{"rows" : 3, "latest" : "2026-06-26", "age_days" : 1, "read_only" : "on"}\n'
  const look = (answer: { text?: string; exitCode?: number; stderrLine?: string } | ProbeFailure) =>
    probeSqlFreshness(
      makeCheck('sql-freshness', { database: DATABASE, ...LEFT, max_age_days: 2 }),
      makeContext({ now: () => AT, transport: createScriptedTransport({ psql: answer }) }),
    )

  it('are facts, of a read-only transaction only', async () => {
    expect(await look({ text: good })).toMatchObject({ met: true, facts: { rows: 3, latest_date: '2026-06-26', age_days: 1 } })
    expect(await failureOf(look({ text: good.replace('"on"', '"off"') }))).toBe('internal exec: the transaction was not read-only')
  })

  it('are failures where they are missing, cut, doubled, junk or incomplete', async () => {
    for (const text of [
      '',
      '\n',
      good.slice(0, 30),
      good + good,
      'null',
      '[]',
      '{}',
      good.replace('"rows" : 3', '"rows" : "3"'),
      good.replace('"rows" : 3, ', ''),
      good.replace('2026-06-26', 'infinity'),
      good.replace('"age_days" : 1', '"age_days" : 1, "more" : 2'),
    ]) {
      expect(await failureOf(look({ text })), text).toMatch(/^parse parse: not the answer of the query/u)
    }
    expect(await failureOf(look({ exitCode: 127, stderrLine: 'sh: psql: not found' }))).toBe('exit_status query: psql: exit code 127: sh: psql: not found')
    expect(await failureOf(look({ text: good, exitCode: 3 }))).toBe('exit_status query: psql: exit code 3')
    expect(await failureOf(look({ exitCode: 2, stderrLine: 'fe_sendauth: no password supplied' }))).toMatch(/^auth connect/u)
    expect(await failureOf(look({ exitCode: 2, stderrLine: 'could not translate host name' }))).toMatch(/^unreachable connect/u)
  })

  it('are not asked for without settings', async () => {
    expect(await failureOf(probeSqlParity(makeCheck('sql-parity', {}), makeContext()))).toBe('internal probe: the check names no tables')
  })
})

if (postgresBin() === null) console.log('REAL POSTGRESQL ABSENT: install postgresql')
describe.skipIf(postgresBin() === null)('sql probes against a real PostgreSQL', () => {
  let server: PostgresServer
  let bin = ''
  beforeAll(async () => {
    server = await startPostgres()
    server.sql('postgres', 'CREATE ROLE reader LOGIN')
    server.sql('postgres', 'CREATE DATABASE momo')
    server.sql(
      'momo',
      `CREATE TABLE daily_sales_snapshot (snapshot_date date, n int);
      CREATE TABLE realtime_sales_monthly ("日期" text); CREATE TABLE hidden (day date); CREATE TABLE empty (day date); CREATE TABLE junk (day text);
      INSERT INTO daily_sales_snapshot SELECT current_date - d, d FROM generate_series(1, 20) d;
      INSERT INTO realtime_sales_monthly SELECT to_char(current_date - d, 'YYYY/MM/DD') FROM generate_series(1, 20) d;
      INSERT INTO junk VALUES ('yesterday or so');
      GRANT SELECT ON daily_sales_snapshot, realtime_sales_monthly, empty, junk TO reader`,
    )
    bin = mkdtempSync(join(tmpdir(), 'evidence-bin-'))
    writeFileSync(join(bin, 'docker'), '#!/bin/sh\n[ "$1" = exec ] && [ "$2" = momo-db ] || exit 1\nshift 2\nexec "$@"\n', { mode: 0o755 })
    vi.stubEnv('PATH', `${bin}${delimiter}${process.env.PATH}`)
  }, 60_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await server.remove()
    rmSync(bin, { recursive: true, force: true })
  })
  const database = (more: object = {}) => ({ ...DATABASE, address: '127.0.0.1', port: server.port, ...more })
  const fresh = (settings: object = {}, timeoutMs = 5000) =>
    probeSqlFreshness(makeCheck('sql-freshness', { database: database(), ...LEFT, max_age_days: 2, ...settings }), makeContext({ timeoutMs }))
  const parity = (settings: object = {}) =>
    probeSqlParity(makeCheck('sql-parity', { database: database(), left: LEFT, right: RIGHT, ...settings }), makeContext())
  const count = () => server.sql('momo', 'SELECT count(*) FROM daily_sales_snapshot').trim()

  it('takes age, rows and dates, also of dates that are text, and through a container', async () => {
    const seen = await fresh()
    expect(seen).toMatchObject({ met: true, target: 'momo/public.daily_sales_snapshot.snapshot_date', facts: { rows: 20, age_days: 1 } })
    expect(FACTS['sql-freshness'].parse(seen.facts)).toEqual(seen.facts)
    expect(await fresh({ max_age_days: 0 })).toMatchObject({ met: false })
    expect(await fresh({ ...RIGHT, database: database({ container: 'momo-db' }) })).toMatchObject({ met: true, facts: { rows: 20, age_days: 1 } })
    expect(await fresh({ table: 'empty', column: 'day' })).toMatchObject({ met: false, facts: { rows: 0, latest_date: null } })
  })

  it('compares two tables, and sees one row too few, one day too early, and nothing at all', async () => {
    const seen = await parity()
    expect(seen.met).toBe(true)
    expect(FACTS['sql-parity'].parse(seen.facts)).toEqual(seen.facts)
    server.sql('momo', `DELETE FROM realtime_sales_monthly WHERE "日期" = to_char(current_date - 5, 'YYYY/MM/DD')`)
    expect(await parity()).toMatchObject({ met: false, facts: { left: { rows: 20 }, right: { rows: 19 } } })
    server.sql('momo', `INSERT INTO realtime_sales_monthly VALUES (to_char(current_date - 30, 'YYYY/MM/DD'))`)
    expect(await parity()).toMatchObject({ met: false, facts: { left: { rows: 20 }, right: { rows: 20 } } })
    expect(await parity({ range: { from: '1999-01-01', to: '1999-12-31' } })).toMatchObject({ met: false, facts: { left: { rows: 0, min: null, max: null } } })
    const month = await parity({ left: RIGHT, right: RIGHT, range: 'current_month' })
    expect(month.met).toBe(month.facts.left.rows > 0)
    expect(month.facts.left.rows).toBe(
      Number(server.sql('momo', `SELECT count(*) FROM realtime_sales_monthly WHERE "日期" LIKE to_char(current_date, 'YYYY/MM/') || '%'`)),
    )
  })

  it('cannot write, even where what it reads would', async () => {
    server.sql(
      'momo',
      `CREATE FUNCTION sneaky() RETURNS SETOF date LANGUAGE sql SECURITY DEFINER AS $$ DELETE FROM daily_sales_snapshot RETURNING snapshot_date $$;
      CREATE VIEW trap AS SELECT * FROM sneaky() AS day; GRANT SELECT ON trap TO reader`,
    )
    const before = count()
    expect(await failureOf(fresh({ table: 'trap', column: 'day' }))).toMatch(
      /^exit_status query: psql: exit code [13]: ERROR: +cannot execute DELETE in a read-only transaction/u,
    )
    expect(count()).toBe(before)
    expect(server.sql('momo', 'SELECT count(*) FROM trap').trim()).toBe(before)
  })

  it('fails where it may not or cannot look', async () => {
    expect(await failureOf(fresh({ table: 'hidden', column: 'day' }))).toMatch(/^permission query: .*permission denied for table hidden/u)
    expect(await failureOf(fresh({ table: 'nowhere' }))).toMatch(/^exit_status query: .*relation "nowhere" does not exist/u)
    expect(await failureOf(fresh({ table: 'junk', column: 'day' }))).toMatch(/^exit_status query: .*invalid input syntax for type date$/u)
    expect(await failureOf(fresh({ database: database({ role: 'stranger' }) }))).toMatch(/^auth connect: .*role "stranger" does not exist/u)
    expect(await failureOf(fresh({ database: database({ name: 'other' }) }))).toMatch(/^unreachable connect: .*database "other" does not exist/u)
    expect(await failureOf(fresh({ database: database({ port: await freePort() }) }))).toMatch(/^refused connect/u)
    expect(await failureOf(fresh({ database: database({ container: 'gone' }) }))).toMatch(/^exit_status query/u)
  })

  it('waits for no lock longer than it may', async () => {
    const lock = spawn(
      join(postgresBin() ?? '', 'psql'),
      ['-X', '-h', '127.0.0.1', '-p', String(server.port), '-U', 'evidence', '-d', 'momo', '-c', 'BEGIN; LOCK TABLE empty; SELECT pg_sleep(3)'],
      { stdio: 'ignore' },
    )
    const ended = new Promise((resolve) => lock.once('exit', resolve))
    await sleep(500)
    expect(await failureOf(fresh({ table: 'empty', column: 'day' }, 500))).toMatch(/^timeout exec: no end within (500|4\d\d) ms$/u)
    lock.kill()
    await ended
  })
})
