import { mkdtemp, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { probeFreshness } from '../../producers/probes/freshness.ts'
import { serveHttp } from '../support/http-server.ts'
import { failureOf, makeCheck, makeContext } from '../support/probe-context.ts'

const NOW = new Date('2026-06-27T03:50:46.000Z')
const ALL = { status_pointer: '/status', latest_pointer: '/latest', age_pointer: '/age', blockers_pointer: '/blockers', max_age_days: 2 }
const GOOD = { status: 'ok', latest: '2026-06-26', age: 1, blockers: [] }

async function look(document: unknown, settings: Record<string, unknown> = ALL, status = 200) {
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  const server = await serveHttp((_, response) => response.writeHead(status).end(text))
  return probeFreshness(makeCheck('freshness', { url: `http://127.0.0.1:${server.port}/`, ...settings }), makeContext({ now: () => NOW }))
}

test('a report is read through its pointers', async () => {
  const seen = await look(GOOD)
  expect(seen.met).toBe(true)
  expect(seen.asOf).toBe(null)
  expect(seen.facts).toMatchObject({ status: 'ok', latest_date: '2026-06-26', age_days: 1, blockers: [] })
})

test.each([
  ['status', { ...GOOD, status: 'stale' }],
  ['blocker', { ...GOOD, blockers: ['core.daily_prices_not_current'] }],
  ['age as counted', { ...GOOD, age: 3 }],
  ['date from the future', { ...GOOD, latest: '2026-06-29' }],
  ['age from the future', { ...GOOD, age: -2 }],
  ['status not there', { ...GOOD, status: undefined }],
  ['status null', { ...GOOD, status: null }],
  ['blockers not there', { ...GOOD, blockers: undefined }],
  ['latest not there', { ...GOOD, latest: undefined }],
  ['age not there', { ...GOOD, age: undefined }],
])('not met: %s', async (_, document) => {
  expect((await look(document)).met).toBe(false)
})

test('without a counted age the latest date is counted to the UTC date of the look', async () => {
  const settings = { latest_pointer: '/latest', max_age_days: 2 }
  expect((await look({ latest: '2026-06-25' }, settings)).met).toBe(true)
  expect((await look({ latest: '2026-06-24' }, settings)).met).toBe(false)
  expect((await look({ latest: '2026-06-28' }, settings)).met).toBe(true)
})

test('of a time the date part is taken as the source wrote it', async () => {
  expect((await look({ ...GOOD, latest: '2026-06-26T23:59:00-08:00' })).facts.latest_date).toBe('2026-06-26')
})

test.each([
  ['not JSON', 'status: ok', 'parse parse not_json'],
  ['two values for one key', '{"status":"stale","status":"ok"}', 'parse parse duplicate_key'],
  ['status is a number', { ...GOOD, status: 1 }, 'parse parse unexpected type or form at /status'],
  ['latest is no date', { ...GOOD, latest: '2026-02-30' }, 'parse parse unexpected type or form at /latest'],
  ['latest is words', { ...GOOD, latest: 'yesterday' }, 'parse parse unexpected type or form at /latest'],
  ['age is a text', { ...GOOD, age: '1' }, 'parse parse unexpected type or form at /age'],
  ['age is half a day', { ...GOOD, age: 0.5 }, 'parse parse unexpected type or form at /age'],
  ['blockers is a text', { ...GOOD, blockers: 'none' }, 'parse parse unexpected type or form at /blockers'],
  ['a blocker is a sentence', { ...GOOD, blockers: ['two words'] }, 'parse parse unexpected type or form at /blockers'],
])('misread: %s', async (_, document, failure) => {
  expect(await failureOf(look(document))).toBe(failure)
})

test('an error answer, or one that is too long, is not read', async () => {
  expect(await failureOf(look(GOOD, ALL, 503))).toBe('exit_status status HTTP status 503')
  expect(await failureOf(look(GOOD, ALL, 403))).toBe('auth status HTTP status 403')
  expect(await failureOf(look(GOOD, ALL, 302))).toBe('exit_status status HTTP status 302')
  expect(await failureOf(look(`{"x":"${'x'.repeat(1_048_576)}"}`))).toBe('parse read more than 1048576 bytes')
})

test('a file is read through the transport, its time is as_of and max_age_s its limit', async () => {
  const dir = await mkdtemp(path.join(tmpdir(), 'freshness-'))
  const file = path.join(dir, 'report.json')
  await writeFile(file, JSON.stringify(GOOD))
  await utimes(file, new Date('2026-06-27T03:00:00.000Z'), new Date('2026-06-27T03:00:00.000Z'))
  const ask = (settings = {}) => probeFreshness(makeCheck('freshness', { path: file, ...ALL, ...settings }), makeContext({ now: () => NOW }))
  expect(await ask()).toMatchObject({ met: true, target: file, asOf: '2026-06-27T03:00:00.000Z', facts: { source: file } })
  expect((await ask({ max_age_s: 3600 })).met).toBe(true)
  expect((await ask({ max_age_s: 60 })).met).toBe(false)
  expect(await failureOf(ask({ path: path.join(dir, 'none.json') }))).toBe('unreachable read file does not exist')
  await writeFile(file, Buffer.from([0xff, 0xfe]))
  expect(await failureOf(ask())).toBe('parse parse not UTF-8 text')
})
