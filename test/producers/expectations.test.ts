import fc from 'fast-check'
import { expect, test } from 'vitest'
import { freshnessAgeDays, unmetFreshness } from '../../schemas/expectations/freshness.ts'
import { httpAttemptOk, statusMatches } from '../../schemas/expectations/http.ts'
import { unmetTcp } from '../../schemas/expectations/tcp.ts'
import { unmetTls } from '../../schemas/expectations/tls.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { makeCheck } from '../support/probe-context.ts'

const AT = new Date('2026-06-27T03:50:46.000Z')

test('tcp: a connection is all there is to see', () => {
  expect(unmetTcp(makeCheck('tcp', { address: 'x', port: 1 }), { address: 'x', port: 1, connected: true }, AT)).toEqual([])
})

test('status patterns', () => {
  expect(statusMatches('2xx', 200)).toBe(true)
  expect(statusMatches('2xx', 299)).toBe(true)
  expect(statusMatches('2xx', 300)).toBe(false)
  expect(statusMatches('401', 401)).toBe(true)
  expect(statusMatches(['2xx', '401'], 404)).toBe(false)
})

test('http: a declared assertion must have been seen to hold', () => {
  const plain = makeCheck('http', { url: 'http://x' })
  const asserting = makeCheck('http', { url: 'http://x', body: { contains: 'ok' } })
  expect(httpAttemptOk(plain, { status: 200, body_ok: null })).toBe(true)
  expect(httpAttemptOk(plain, { status: null, body_ok: null })).toBe(false)
  expect(httpAttemptOk(plain, { status: 200, body_ok: false })).toBe(false)
  expect(httpAttemptOk(asserting, { status: 200, body_ok: null })).toBe(false)
  expect(httpAttemptOk(asserting, { status: 200, body_ok: true })).toBe(true)
  expect(httpAttemptOk(asserting, { status: 500, body_ok: true })).toBe(false)
})

const CERTIFICATE: FactsOf<'tls'> = {
  address: 'x',
  port: 443,
  server_name: 'x.example',
  chain_ok: true,
  chain_error: null,
  name_ok: true,
  not_before: '2026-06-01T00:00:00.000Z',
  not_after: '2026-08-30T00:00:00.000Z',
  issuer: null,
  fingerprint_sha256: '0'.repeat(64),
}

test.each<[string, Record<string, unknown>, Partial<FactsOf<'tls'>>, string[]]>([
  ['good', {}, {}, []],
  ['chain', {}, { chain_ok: false, chain_error: 'CERT_HAS_EXPIRED' }, ['chain not trusted (CERT_HAS_EXPIRED)']],
  ['name', {}, { name_ok: false }, ['certificate is not for x.example']],
  ['not yet', {}, { not_before: '2026-06-27T03:50:46.001Z' }, ['not valid before 2026-06-27T03:50:46.001Z']],
  ['exactly enough', { min_days_left: 14 }, { not_after: '2026-07-11T03:50:46.000Z' }, []],
  ['a moment too few', { min_days_left: 14 }, { not_after: '2026-07-11T03:50:45.999Z' }, ['13 days left, fewer than 14']],
  ['expired, any days', { min_days_left: 0 }, { not_after: '2026-06-27T03:50:45.999Z' }, ['expired at 2026-06-27T03:50:45.999Z']],
  ['renewed', { renewed_after: '2026-06-01' }, {}, []],
  ['not renewed', { renewed_after: '2026-06-02' }, {}, ['issued 2026-06-01, before 2026-06-02']],
])('tls: %s', (_, settings, facts, reasons) => {
  expect(unmetTls(makeCheck('tls', { address: 'x', ...settings }), { ...CERTIFICATE, ...facts }, AT)).toEqual(reasons)
})

const REPORT: FactsOf<'freshness'> = { source: '/r', status: 'ok', latest_date: '2026-06-26', age_days: 1, blockers: [] }
const ALL = { path: '/r', status_pointer: '/s', latest_pointer: '/l', age_pointer: '/a', blockers_pointer: '/b', max_age_days: 2 }

test.each<[string, Record<string, unknown>, Partial<FactsOf<'freshness'>>, string | null, string[]]>([
  ['good', {}, {}, null, []],
  ['status', {}, { status: 'stale' }, null, ['status stale']],
  ['allowed status', { ok_status: ['fresh', 'current'] }, { status: 'current' }, null, []],
  ['blockers', {}, { blockers: ['a.b', 'c'] }, null, ['blocker a.b', 'blocker c']],
  ['too old', {}, { age_days: 3 }, null, ['3 days old, more than 2']],
  ['counted age wins over the date', {}, { age_days: 2, latest_date: '2026-06-20' }, null, []],
  ['future date', {}, { latest_date: '2026-06-29' }, null, ['latest date 2026-06-29 is in the future']],
  ['tomorrow is another time zone', {}, { latest_date: '2026-06-28', age_days: -1 }, null, []],
  ['future age', {}, { age_days: -2 }, null, ['age -2 days is in the future']],
  [
    'nothing observed',
    {},
    { status: null, latest_date: null, age_days: null, blockers: null },
    null,
    ['not observed: status', 'not observed: blockers', 'not observed: latest date', 'not observed: age'],
  ],
  ['file too old', { max_age_s: 60 }, {}, '2026-06-27T03:49:45.000Z', ['file is 61 s old > 60 s']],
  ['file time unknown', { max_age_s: 60 }, {}, null, ['not observed: file time']],
  ['file from the future', {}, {}, '2026-06-28T03:50:46.000Z', ['file modified in the future']],
])('freshness: %s', (_, settings, facts, asOf, reasons) => {
  expect(unmetFreshness(makeCheck('freshness', { ...ALL, ...settings }), { ...REPORT, ...facts }, AT, asOf)).toEqual(reasons)
})

test('freshness: what no pointer asks for is not missed', () => {
  const check = makeCheck('freshness', { path: '/r', status_pointer: '/s' })
  expect(unmetFreshness(check, { ...REPORT, latest_date: null, age_days: null, blockers: null }, AT)).toEqual([])
})

test('freshness: the date is counted to the UTC date of the look', () => {
  const facts = { ...REPORT, age_days: null, latest_date: '2026-06-24' }
  expect(freshnessAgeDays(facts, new Date('2026-06-26T23:59:59.999Z'))).toBe(2)
  expect(freshnessAgeDays(facts, new Date('2026-06-27T00:00:00.000Z'))).toBe(3)
  expect(freshnessAgeDays({ ...facts, age_days: 2 }, new Date('2027-01-01T00:00:00.000Z'))).toBe(2)
})

test('forgetting a fact never meets what was not met', () => {
  const facts = fc.record({
    source: fc.constant('/r'),
    status: fc.constantFrom('ok', 'stale'),
    latest_date: fc.constantFrom('2026-06-20', '2026-06-26', '2026-06-30'),
    age_days: fc.integer({ min: -3, max: 5 }),
    blockers: fc.constantFrom<string[][]>([], ['x']),
  })
  const keys = fc.subarray(['status', 'latest_date', 'age_days', 'blockers'] as const)
  const pointers = fc.record({ status_pointer: fc.boolean(), latest_pointer: fc.boolean(), age_pointer: fc.boolean(), blockers_pointer: fc.boolean() })
  fc.assert(
    fc.property(facts, keys, pointers, (seen, forgotten, declared) => {
      const { status_pointer, latest_pointer, age_pointer, blockers_pointer, ...rest } = ALL
      const all = { status_pointer, latest_pointer, age_pointer, blockers_pointer }
      const chosen = Object.fromEntries(Object.entries(all).filter(([key]) => declared[key as keyof typeof declared]))
      const check = makeCheck('freshness', { ...rest, ...chosen })
      // A probe reports only what its pointers ask for.
      const reported: FactsOf<'freshness'> = {
        source: seen.source,
        status: declared.status_pointer ? seen.status : null,
        latest_date: declared.latest_pointer ? seen.latest_date : null,
        age_days: declared.age_pointer ? seen.age_days : null,
        blockers: declared.blockers_pointer ? seen.blockers : null,
      }
      const fewer = { ...reported, ...Object.fromEntries(forgotten.map((key) => [key, null])) }
      if (unmetFreshness(check, reported, AT).length > 0) expect(unmetFreshness(check, fewer, AT)).not.toEqual([])
    }),
  )
})
