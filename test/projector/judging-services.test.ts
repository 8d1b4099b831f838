import { describe, expect, test } from 'vitest'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import { Estate } from '../../schemas/estate.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { type Draft, type DraftEvidence, type DraftReview, ROUND_ID, sealDraft } from '../support/generated-rounds.ts'

/** What rounds conclude from the probes of databases, backups, clusters and products, on the smallest round that shows it. */
const OPENED = Date.parse('2026-06-27T10:00:00.000Z')
const iso = (ms: number): string => new Date(ms).toISOString()

type Check = Record<string, unknown> & { id: string; kind: string }
type More = { sections?: unknown; policy?: string; reviews?: DraftReview[] }

function judge(checks: Check[], evidence: DraftEvidence[], { sections = {}, policy = '1.78', reviews = [] }: More = {}): Snapshot {
  const document = {
    estate: 'unit',
    version: '1',
    policy: 'sop@1.78',
    gates: [{ id: 'G' }],
    checks: checks.map((check) => ({ gate: 'G', ...check })),
    sections,
  }
  const draft: Draft = { estate: Estate.parse(document), policy, openedAt: OPENED, skipped: [], reviews, evidence }
  return judgeFold(
    ROUND_ID,
    foldEvents(
      emptyFold(),
      sealDraft(draft).map((event) => Buffer.from(event.bytes).toString('utf8')),
    ),
  )
}

function seen(check: string, kind: string, facts: unknown, as_of: string | null = null): DraftEvidence {
  const attempts = [{ started_at: iso(OPENED), ms: 1, outcome: 'ok' }]
  return { check, type: `evidence.${kind}.observed.v1`, at: OPENED + 1000, data: { target: 't', host: null, as_of, attempts, facts } }
}
const verdict = (snapshot: Snapshot, id: string) => {
  const { status, reasons } = snapshot.checks.find((check) => check.id === id) ?? { status: undefined, reasons: undefined }
  return { status, reasons }
}

describe('an imported product, by its four live probes', () => {
  const database = { name: 'momo', role: 'reader' }
  const [left, right] = [
    { table: 'daily', column: 'day' },
    { table: 'monthly', column: '日期' },
  ]
  const checks: Check[] = [
    { id: 'fresh', kind: 'sql-freshness', database, ...left, max_age_days: 30 },
    { id: 'parity', kind: 'sql-parity', database, left, right, severity: 'warn' },
    { id: 'source', kind: 'source-presence', remote: 'gdrive:in', rclone_config: '/r', matches: 'x', max_age_s: 60, severity: 'warn' },
    { id: 'release', kind: 'release-parity', live: { url: 'http://a/', pointer: '' }, repository: { git: '/srv/x', ref: 'refs/heads/main' }, severity: 'warn' },
  ]
  const sections = {
    products: [
      { id: 'momo', prefix: 'MOMO', shape: 'import', release: false, freshness: 'fresh', parity: 'parity', source: 'source', release_parity: 'release' },
    ],
  }
  const fresh = (latest_date: string, age_days: number) => seen('fresh', 'sql-freshness', { source: 's', rows: 9, latest_date, age_days })
  const side = { rows: 15383, min: '2026-06-01', max: '2026-06-24' }
  const rest = [
    seen('parity', 'sql-parity', { left: side, right: side }),
    seen('source', 'source-presence', { available: false, newest_at: null, candidates: 0 }),
    seen('release', 'release-parity', { live: 'V10.701', repository: 'V10.701' }),
  ]
  const keys = ({ summary }: Snapshot) =>
    ['RELEASE_CURRENT', 'DB_PARITY', 'DATA_FRESH', 'SOURCE_AVAILABLE', 'DAILY_FRESHNESS'].map((key) => summary[`MOMO_${key}`])

  test('answers each of the four questions by itself', () => {
    expect(keys(judge(checks, [fresh('2026-06-25', 2), ...rest], { sections }))).toEqual(['1', '1', '1', '0', '2|2026-06-25'])
    expect(keys(judge(checks, [fresh('2026-06-24', 3), ...rest], { sections }))).toEqual(['1', '1', '0', '0', '3|2026-06-24'])
    expect(keys(judge(checks, [], { sections }))).toEqual(['unknown', 'unknown', 'unknown', 'unknown', 'unknown'])
  })

  test('the policy’s two days count from 1.28, and before it the product has no such gate', () => {
    const late = [fresh('2026-06-24', 3), ...rest]
    expect(verdict(judge(checks, late, { sections }), 'fresh')).toEqual({ status: 'BLOCKED', reasons: ['3 days old, more than 2'] })
    expect(keys(judge(checks, late, { sections, policy: '1.27' }))[2]).toBe('unknown')
    expect(verdict(judge(checks, late), 'fresh')).toEqual({ status: 'PASS', reasons: [] })
  })

  test('a database whose clock is behind gives our own age', () => {
    expect(keys(judge(checks, [fresh('2026-06-17', 0), ...rest], { sections }))).toEqual(['1', '1', '0', '0', '10|2026-06-17'])
  })
})

describe('a cluster', () => {
  const facts = {
    ...{ nodes: ['mon', 'mon1'].map((name) => ({ name, ready: true, control_plane: true, schedulable: true })), disk_pressure_nodes: 0 },
    ...{ jobs: null, bad_pods: null, node_fs_error_events: null, readonly_filesystem_nodes: null, vip_present: null, placement: null },
  }
  const check = { id: 'k', kind: 'k8s', nodes: ['mon', 'mon1'], establishes: ['K3S_CONTROL_PLANE_AA'] }
  const established = (snapshot: Snapshot) => snapshot.established.find((one) => one.declaration === 'K3S_CONTROL_PLANE_AA')?.value

  test('is active-active with two Ready control planes and not with one', () => {
    expect(established(judge([check], [seen('k', 'k8s', facts)]))).toBe('1')
    const worker = facts.nodes.map((node) => ({ ...node, control_plane: node.name === 'mon' }))
    const one = judge([check], [seen('k', 'k8s', { ...facts, nodes: worker })])
    expect([established(one), verdict(one, 'k')]).toEqual(['0', { status: 'BLOCKED', reasons: ['1 of 2 control planes Ready'] }])
    expect(established(judge([check], []))).toBe('unknown')
  })

  test('a failed Job with a later success blocks before 1.25 and not since', () => {
    const jobs = seen('k', 'k8s', { ...facts, jobs: { failed: ['v-1'], later_successes: ['v-2'] } })
    const asked = { ...check, namespace: 'shop', jobs: true }
    expect(verdict(judge([asked], [jobs]), 'k').status).toBe('PASS')
    expect(judge([asked], [jobs]).platform.jobs).toEqual({ failed: 1, stale_failed: 1, active_failed: 0 })
    expect(verdict(judge([asked], [jobs], { policy: '1.24' }), 'k')).toEqual({ status: 'BLOCKED', reasons: ['1 failed Jobs without a later success'] })
  })
})

describe('backups', () => {
  const metrics = { fresh: { name: 'f' }, cron: { name: 'c' } }
  const checks: Check[] = [
    { id: 'b110', kind: 'backup-health', path: '/a', jobs: ['x'], metrics, max_age_s: 3600 },
    { id: 'b188', kind: 'backup-health', path: '/b', jobs: ['y'], metrics, max_age_s: 3600 },
  ]
  const sections = { backup: { health: ['b110', 'b188'] } }
  const facts = (change: object = {}) => ({
    ...{
      jobs_total: 1,
      jobs_stale: 0,
      jobs_failed: null,
      missing_cron: 0,
      missing_script: null,
      config_failed: null,
      integrity_stale: null,
      last_aggregate_at: null,
    },
    ...change,
  })
  const core = (first: object, second: object, asOf = iso(OPENED - 60_000)) => {
    const { summary } = judge(checks, [seen('b110', 'backup-health', facts(first), asOf), seen('b188', 'backup-health', facts(second), iso(OPENED))], {
      sections,
    })
    return [summary.BACKUP_CORE_GREEN, summary.BACKUP_CORE_BLOCKERS]
  }

  test('are green where every metric that is asked for is', () => {
    expect(core({}, {})).toEqual(['1', '0'])
    expect(core({ jobs_stale: 2 }, { missing_cron: 1 })).toEqual(['0', '3'])
    expect(core({ jobs_stale: null }, {})).toEqual(['unknown', '0'])
    expect(core({}, {}, iso(OPENED - 7_200_000))).toEqual(['unknown', '0'])
  })
})

describe('a registry', () => {
  const check = { id: 'r', kind: 'registry', scope: ['a', 'b'], severity: 'warn' }
  const facts = (direct_active: number) => ({
    ...{ coverage_scope: 2, direct_active, no_transport: 0, ssh_blocked: null, route_code: null, transport_count: null },
    ...{ dashboard_api_connection: null, dashboard_index_ok: null, agents_registered: 2, agents_active: direct_active },
  })
  const review = { event_id: '01900000-0000-7000-8000-000000000002', gate_id: 'wazuh_manager_registry_export', items: [], expires_at: iso(OPENED + 3_600_000) }

  test('is accepted by a review only, and then needs its agents', () => {
    expect(verdict(judge([check], [seen('r', 'registry', facts(2))]), 'r')).toEqual({
      status: 'WARN',
      reasons: ['the registry is not accepted by an independent review'],
    })
    expect(verdict(judge([check], [seen('r', 'registry', facts(2))], { reviews: [review] }), 'r').status).toBe('PASS')
    expect(verdict(judge([check], [seen('r', 'registry', facts(1))], { reviews: [review] }), 'r')).toEqual({
      status: 'WARN',
      reasons: ['1 of 2 agents in scope active'],
    })
  })

  test('what was accepted must still be seen, or its gate is open again', () => {
    const sections = { registry: { prefix: 'WAZUH', coverage: ['r'] } }
    const accepted = (evidence: DraftEvidence[], reviews = [review]) => judge([check], evidence, { sections, reviews }).summary.WAZUH_MANAGER_REGISTRY_ACCEPTED
    expect(accepted([seen('r', 'registry', facts(2))])).toBe('1')
    expect(accepted([seen('r', 'registry', facts(2))], [])).toBe('0')
    expect(accepted([seen('r', 'registry', facts(1))])).toBe('0')
    expect(accepted([])).toBe('0')
  })
})

test('a host cluster that is down is not the product behind its port', () => {
  const facts = { address: 'localhost', port: 5432, endpoint: 'accepting', cluster: { name: '14/main', state: 'down', port: 5432 }, log: null }
  const checks: Check[] = [
    { id: 'endpoint', kind: 'postgres' },
    { id: 'cluster', kind: 'postgres', cluster: '14/main', severity: 'warn', warning_class: 'BOUNDARY' },
  ]
  const snapshot = judge(checks, [seen('endpoint', 'postgres', { ...facts, cluster: null }), seen('cluster', 'postgres', facts)])
  expect(verdict(snapshot, 'endpoint').status).toBe('PASS')
  expect(verdict(snapshot, 'cluster')).toEqual({ status: 'WARN', reasons: ['cluster 14/main is down; what accepts on port 5432 is another PostgreSQL'] })
})
