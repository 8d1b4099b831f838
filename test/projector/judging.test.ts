import { describe, expect, test } from 'vitest'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import { Estate } from '../../schemas/estate.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { type Draft, type DraftEvidence, ROUND_ID, sealDraft } from '../support/generated-rounds.ts'

/** Rules of contract §3 one by one, each on the smallest round that shows it. */
const OPENED = Date.parse('2026-06-27T10:00:00.000Z')
const MINUTE = 60_000
const iso = (ms: number): string => new Date(ms).toISOString()

type Check = Record<string, unknown> & { id: string; kind: string }
type Overrides = Partial<Omit<Draft, 'estate'>> & { sections?: unknown; gates?: unknown[] }

function judge(checks: Check[], evidence: DraftEvidence[], { sections = {}, gates = [{ id: 'G' }], ...rest }: Overrides = {}, policy = '1.78'): Snapshot {
  const estate = Estate.parse({
    estate: 'unit',
    version: '1',
    policy: 'sop@1.78',
    hosts: [{ id: 'h' }],
    gates,
    checks: checks.map((check) => ({ gate: 'G', ...check })),
    sections,
  })
  const draft: Draft = { estate, policy, openedAt: OPENED, skipped: [], reviews: [], evidence, ...rest }
  const texts = sealDraft(draft).map((event) => Buffer.from(event.bytes).toString('utf8'))
  return judgeFold(ROUND_ID, foldEvents(emptyFold(), texts))
}

const attempt = (outcome = 'ok') => ({ started_at: iso(OPENED), ms: 1, outcome })
function seen(check: string, kind: string, facts: unknown, more: Record<string, unknown> = {}, at = OPENED + 1000): DraftEvidence {
  return { check, type: `evidence.${kind}.observed.v1`, at, data: { target: 't', host: null, as_of: null, attempts: [attempt()], facts, ...more } }
}
const tcp = (id: string, more: Record<string, unknown> = {}): Check => ({ id, kind: 'tcp', address: 'a', port: 1, ...more })
const tcpSeen = (id: string, more: Record<string, unknown> = {}, at?: number) => seen(id, 'tcp', { address: 'a', port: 1, connected: true }, more, at)
const failed = (check: string, at = OPENED + 1000): DraftEvidence => ({
  check,
  type: 'evidence.check.failed.v1',
  at,
  data: { target: 't', host: null, reason: 'timeout', stage: 'connect', detail: 'no answer', attempts: [] },
})
const notEvaluated = (check: string, cause = 'gate_blocked', gate: string | null = 'G'): DraftEvidence => ({
  check,
  type: 'evidence.check.not_evaluated.v1',
  at: OPENED + 1000,
  data: { cause, gate },
})
const one = (snapshot: Snapshot, id: string) => snapshot.checks.find((check) => check.id === id)

describe('a check', () => {
  test('observed and met is PASS', () => expect(one(judge([tcp('a')], [tcpSeen('a')]), 'a')).toMatchObject({ status: 'PASS', observed: 'observed' }))

  test.each([
    ['blocked', 'BLOCKED', null],
    ['warn', 'WARN', 'EVIDENCE'],
  ])('failed to look, severity %s, is %s', (severity, status, warningClass) => {
    const verdict = one(judge([tcp('a', { severity, warning_class: 'BOUNDARY' })], [failed('a')]), 'a')
    expect(verdict).toMatchObject({ status, warning_class: warningClass, observed: 'unobserved', reasons: ['timeout at connect'] })
    expect(one(judge([tcp('a', { severity })], []), 'a')).toMatchObject({ status, warning_class: warningClass, reasons: ['no event'] })
  })

  test('passing only after a retry is WARN(EVIDENCE), never plain PASS', () => {
    const verdict = one(judge([tcp('a')], [tcpSeen('a', { attempts: [attempt('refused'), attempt()] })]), 'a')
    expect(verdict).toMatchObject({ status: 'WARN', warning_class: 'EVIDENCE', after_retry: true })
  })

  test('two different observations: the worse counts, at least WARN(EVIDENCE), marked conflicting', () => {
    expect(one(judge([tcp('a')], [tcpSeen('a'), tcpSeen('a', {}, OPENED + 2000)]), 'a')).toMatchObject({
      status: 'WARN',
      warning_class: 'EVIDENCE',
      conflicting: true,
    })
    expect(one(judge([tcp('a')], [tcpSeen('a'), failed('a')]), 'a')).toMatchObject({ status: 'BLOCKED', conflicting: true })
  })

  test('evidence of another kind is no evidence', () => {
    const wrong = seen('a', 'file', { path: '/x', exists: true, size_bytes: 1, modified_at: null, sha256: null })
    expect(one(judge([tcp('a')], [wrong]), 'a')).toMatchObject({ status: 'BLOCKED', observed: 'unobserved' })
  })

  test('older than its time to live is no evidence, whatever clock the look had', () => {
    const check = tcp('a', { ttl_s: 600 })
    expect(one(judge([check], [tcpSeen('a', {}, OPENED - 599_000)]), 'a')?.status).toBe('PASS')
    expect(one(judge([check], [tcpSeen('a', {}, OPENED - 601_000)]), 'a')).toMatchObject({
      status: 'BLOCKED',
      reasons: ['evidence older than its time to live'],
    })
  })

  test('facts from the future are no evidence', () => {
    expect(one(judge([tcp('a')], [tcpSeen('a', { as_of: iso(OPENED + 6 * MINUTE + 1000) })]), 'a')?.reasons).toEqual(['evidence from the future'])
  })
})

describe('boot binding', () => {
  const host = (id = 'boot'): Check => ({ id, kind: 'host', host: 'h', systemd: 'ignore' })
  const hostSeen = (boot: number | null, id = 'boot', bootId = 'b') =>
    seen(id, 'host', {
      boot_id: bootId,
      boot_time: boot === null ? null : iso(boot),
      uptime_s: 1,
      kernel: null,
      systemd: null,
      cpus: 1,
      load: null,
      memory: null,
      swap: null,
      disks: null,
      readonly_mounts: [],
    })
  const file = tcp('a', { host: 'h', ttl_s: 86_400 })

  test('evidence from before the current boot is none', () => {
    const asOf = { as_of: iso(OPENED - 10 * MINUTE) }
    expect(one(judge([host(), file], [hostSeen(OPENED - 20 * MINUTE), tcpSeen('a', asOf)]), 'a')?.status).toBe('PASS')
    expect(one(judge([host(), file], [hostSeen(OPENED - 5 * MINUTE), tcpSeen('a', asOf)]), 'a')).toMatchObject({
      status: 'BLOCKED',
      reasons: ['evidence from before the current boot of host h'],
    })
  })

  test('a host that went down in mid-round voids what was seen before', () => {
    expect(one(judge([host(), file], [hostSeen(OPENED + 30 * MINUTE), tcpSeen('a')]), 'a')?.status).toBe('BLOCKED')
  })

  test('while the boot is not known, nothing on that host counts', () => {
    for (const evidence of [[], [failed('boot')], [hostSeen(null)]]) {
      expect(one(judge([host(), file], [...evidence, tcpSeen('a')]), 'a')?.reasons).toEqual(['the current boot of host h is not known'])
    }
  })

  test('a second look at the host in another boot says so', () => {
    const snapshot = judge([host(), host('again')], [hostSeen(OPENED - 5 * MINUTE), hostSeen(OPENED - MINUTE, 'again', 'c')])
    expect(one(snapshot, 'again')?.reasons).toEqual(['the host is in another boot than when the round began'])
  })
})

describe('gates and cold start', () => {
  const gates = [{ id: 'G' }, { id: 'LATER', depends_on: ['G'] }]

  test('BLOCKED if any check is, else WARN, else GREEN; what was stopped is not green', () => {
    const snapshot = judge([tcp('a'), { ...tcp('b'), gate: 'LATER' }], [failed('a'), notEvaluated('b')], { gates })
    expect(snapshot.gates).toEqual([
      { id: 'G', status: 'BLOCKED' },
      { id: 'LATER', status: 'WARN' },
    ])
    expect(snapshot.summary).toMatchObject({ FIRST_BLOCKED_GATE: 'G', COLD_START_RESULT: 'BLOCKED', NOT_EVALUATED_CHECKS: '1' })
  })

  test.each([
    ['GREEN', [tcpSeen('a'), tcpSeen('b')]],
    ['DEGRADED', [tcpSeen('a'), notEvaluated('b', 'dependency_failed', null)]],
    ['BLOCKED', [tcpSeen('a'), failed('b')]],
  ])('cold start %s', (result, evidence) => {
    expect(judge([tcp('a'), tcp('b')], evidence).cold_start.result).toBe(result)
  })

  test('a cold start in which nothing passed is no ground for any green', () => {
    const snapshot = judge([tcp('a', { severity: 'warn', warning_class: 'EVIDENCE' })], [failed('a')])
    expect(snapshot.summary).toMatchObject({ OVERALL_DECLARATION: 'BLOCKED', SERVICE_GREEN: '0' })
  })
})

describe('post-start result, first rule that holds', () => {
  const product = { id: 'stock', kind: 'freshness', part: 'quick_check', url: 'http://s/', status_pointer: '/s', latest_pointer: '/d', blockers_pointer: '/b' }
  const sections = {
    products: [
      {
        id: 'stock',
        prefix: 'STOCK',
        shape: 'feed',
        release: true,
        freshness: 'stock',
        end_of_day: { cutoff: '21:30', timezone: 'Asia/Taipei', blockers: ['late'] },
      },
    ],
  }
  const stock = (blockers: string[], date = '2026-06-27') =>
    seen('stock', 'freshness', { source: 's', status: blockers.length > 0 ? 'blocked' : 'ok', latest_date: date, age_days: null, blockers })
  const round = (evidence: DraftEvidence, openedAt = OPENED, policy = '1.78') => {
    const all = [tcpSeen('a'), tcpSeen('q'), evidence].map((event) => ({ ...event, at: openedAt + 1000 }))
    return judge([tcp('a'), tcp('q', { part: 'quick_check' }), product], all, { sections, openedAt }, policy).summary
  }

  test('fresh data is green', () => expect(round(stock([]))).toMatchObject({ OVERALL_DECLARATION: 'FULL_STACK_GREEN', PRODUCT_DATA_GREEN: '1' }))

  test('listed blockers before the cut-off are pending, and services stay green', () => {
    expect(round(stock(['late']))).toMatchObject({
      OVERALL_DECLARATION: 'PRODUCT_DATA_PENDING_EOD_WINDOW',
      SERVICE_GREEN: '1',
      PRODUCT_DATA_GREEN: '0',
      PLAN_B_LEVEL: 'B3_SERVICE_AVAILABLE_DEGRADED',
    })
  })

  test.each([
    ['one minute before', '2026-06-27T13:29:00.000Z', 'PRODUCT_DATA_PENDING_EOD_WINDOW'],
    ['at the cut-off', '2026-06-27T13:30:00.000Z', 'BLOCKED'],
    ['after midnight, data of yesterday', '2026-06-27T16:30:00.000Z', 'BLOCKED'],
  ])('%s', (_, opened, result) => {
    expect(round(stock(['late']), Date.parse(opened) - 1000).OVERALL_DECLARATION).toBe(result)
  })

  test('a blocker that is not on the list blocks; so does a listed one under a policy without the window', () => {
    expect(round(stock(['late', 'other'])).OVERALL_DECLARATION).toBe('BLOCKED')
    expect(round(stock(['late']), OPENED, '1.75').OVERALL_DECLARATION).toBe('BLOCKED')
  })

  test('before 1.57 product data plays no role and is not known', () => {
    expect(round(stock(['other']), OPENED, '1.28')).toMatchObject({ OVERALL_DECLARATION: 'FULL_STACK_GREEN', PRODUCT_DATA_GREEN: 'unknown' })
  })

  test('a SERVICE warning, a check that was not evaluated, a skipped part: degraded', () => {
    const route = { id: 'r', kind: 'http', url: 'http://r/', severity: 'warn', part: 'quick_check' }
    const bad = seen(
      'r',
      'http',
      { url: 'http://r/', status: 500, bytes: 0, body_sha256: null, redirect_host: null },
      { attempts: [{ ...attempt('unmet'), status: 500, body_ok: null }] },
    )
    expect(judge([tcp('a'), route], [tcpSeen('a'), bad]).summary).toMatchObject({ OVERALL_DECLARATION: 'SERVICE_AVAILABLE_DEGRADED', POST_START_PASS: '1' })
    expect(judge([tcp('a'), route, tcp('q', { part: 'quick_check' })], [tcpSeen('a'), tcpSeen('q'), bad]).summary).toMatchObject({
      OVERALL_DECLARATION: 'SERVICE_AVAILABLE_DEGRADED',
      SERVICE_GREEN: '0',
    })
    const skipped = [tcpSeen('a'), notEvaluated('q', 'skipped_by_operator', null)]
    expect(judge([tcp('a'), tcp('q')], skipped, { skipped: ['quick_check'] }).summary.OVERALL_DECLARATION).toBe('SERVICE_AVAILABLE_DEGRADED')
  })

  test('the cold start is one check of the post-start check, so a lone known limit beside it does not block', () => {
    const limit = tcp('q', { part: 'quick_check', severity: 'warn', warning_class: 'BOUNDARY' })
    expect(judge([tcp('a'), limit], [tcpSeen('a'), failed('q')]).summary).toMatchObject({
      OVERALL_DECLARATION: 'FULL_STACK_GREEN',
      POST_START_PASS: '1',
      POST_START_WARN: '1',
    })
    expect(judge([tcp('a', { severity: 'warn' }), limit], [failed('a'), failed('q')]).summary.OVERALL_DECLARATION).toBe('BLOCKED')
  })

  test('missing escrow markers leave the green that says so', () => {
    const escrow = { escrow: { items: ['dns_registrar_recovery'], inventory: ['e'] } }
    const inventory = { id: 'e', kind: 'escrow', path: '/e', severity: 'warn', warning_class: 'BOUNDARY' }
    const marked = seen('e', 'escrow', {
      source: '/e',
      markers: [{ item: 'dns_registrar_recovery', present: true, marked_at: iso(OPENED - MINUTE), evidence_id_sha256: 'a'.repeat(64) }],
    })
    const review = {
      event_id: '01900000-0000-7000-8000-000000000001',
      gate_id: 'credential_escrow_evidence',
      items: ['dns_registrar_recovery'],
      expires_at: iso(OPENED + MINUTE),
    }
    const missing = { OVERALL_DECLARATION: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED', ESCROW_MISSING_COUNT: '1', NEXT_REQUIRED_GATES: 'credential_escrow_evidence' }
    expect(judge([tcp('a'), inventory], [tcpSeen('a')], { sections: escrow }).summary).toMatchObject({ ESCROW_MISSING_COUNT: '1' })
    expect(judge([tcp('a'), inventory], [tcpSeen('a'), marked], { sections: escrow }).summary).toMatchObject(missing)
    const accepted = judge([tcp('a'), inventory], [tcpSeen('a'), marked], { sections: escrow, reviews: [review] }).summary
    expect(accepted).toMatchObject({ OVERALL_DECLARATION: 'FULL_STACK_GREEN', ESCROW_MISSING_COUNT: '0', NEXT_REQUIRED_GATES: 'none' })
    const expired = [{ ...review, expires_at: iso(OPENED) }]
    expect(judge([tcp('a'), inventory], [tcpSeen('a'), marked], { sections: escrow, reviews: expired }).summary).toMatchObject(missing)
  })
})
