import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import type { CheckOf } from '../../schemas/estate.ts'
import { alertmanagerUnmet } from '../../schemas/expectations/alertmanager.ts'
import { backupHealthUnmet } from '../../schemas/expectations/backup-health.ts'
import { k8sUnmet } from '../../schemas/expectations/k8s.ts'
import { offsiteUnmet } from '../../schemas/expectations/offsite.ts'
import { postgresUnmet } from '../../schemas/expectations/postgres.ts'
import { prometheusUnmet } from '../../schemas/expectations/prometheus.ts'
import { redisUnmet } from '../../schemas/expectations/redis.ts'
import { registryUnmet } from '../../schemas/expectations/registry.ts'
import { sqlFreshnessUnmet } from '../../schemas/expectations/sql-freshness.ts'
import { sqlParityUnmet } from '../../schemas/expectations/sql-parity.ts'
import { FACTS, type FactsKind, type FactsOf } from '../../schemas/facts.ts'
import { makeCheck } from '../support/probe-context.ts'

const AT = new Date('2026-06-27T04:00:00.000Z')

/**
 * A check that asks for everything its kind can, the facts that meet it, facts that do not, and the facts that are
 * there to be read by people and decide nothing.
 */
type Case<K extends FactsKind> = {
  settings: Record<string, unknown>
  good: FactsOf<K>
  bad: Partial<FactsOf<K>>[]
  only_told: (keyof FactsOf<K>)[]
  unmet: (check: CheckOf<K>, facts: FactsOf<K>) => string[]
}

const side = { rows: 3, min: '2026-06-01', max: '2026-06-24' }
const node = { name: 'a', ready: true, control_plane: true, schedulable: true }
const CASES: { [K in FactsKind]?: Case<K> } = {
  postgres: {
    settings: { cluster: '14/main', log: '/l' },
    good: {
      ...{ address: 'localhost', port: 5432, endpoint: 'accepting', cluster: { name: '14/main', state: 'online', port: 5432 } },
      log: { source: '/l', size_bytes: 1, modified_at: '2026-06-27T03:00:00.000Z', signatures: [], healed_lines: 0 },
    },
    bad: [{ endpoint: 'rejecting' }, { cluster: { name: '14/main', state: 'down', port: 5432 } }],
    only_told: [],
    unmet: (check, facts) => postgresUnmet(check, facts, AT),
  },
  redis: {
    settings: { max_memory_used_percent: 50, replication: 'slave' },
    good: {
      ...{ address: 'localhost', port: 6379, reply: 'PONG', version: '7', uptime_s: 1, role: 'slave', master_link_up: true, loading: false },
      ...{ rdb_save_ok: true, aof_enabled: true, aof_write_ok: true, used_memory_bytes: 1, max_memory_bytes: 9, evicts: false, replicas_enough: true },
    },
    bad: [{ reply: 'LOADING' }, { rdb_save_ok: false }, { used_memory_bytes: 9 }, { replicas_enough: false }],
    only_told: ['version', 'uptime_s'],
    unmet: (check, facts) => redisUnmet(check, facts, AT),
  },
  'sql-freshness': {
    settings: { database: { name: 'd', role: 'r' }, table: 't', column: 'c', max_age_days: 2 },
    good: { source: 's', rows: 3, latest_date: '2026-06-26', age_days: 1 },
    bad: [{ rows: 0 }, { age_days: 9 }],
    only_told: [],
    unmet: (check, facts) => sqlFreshnessUnmet(check, facts, AT),
  },
  'sql-parity': {
    settings: {},
    good: { left: side, right: side },
    bad: [{ left: { ...side, rows: 2 } }],
    only_told: [],
    unmet: (_check, facts) => sqlParityUnmet(facts),
  },
  prometheus: {
    settings: { url: 'http://a', targets: [{ job: 'j' }], rules: ['R'], queries: [{ id: 'q', expr: 'up', condition: '== 1' }] },
    good: {
      ...{
        url: 'http://a',
        ready: true,
        targets: [{ job: 'j', instance: 'i', health: 'up' }],
        rules: [{ name: 'R', type: 'alerting', health: 'ok', state: null }],
      },
      ...{ alertmanagers: 1, queries: [{ id: 'q', samples: [{ labels: {}, value: 1 }] }] },
    },
    bad: [{ ready: false }, { alertmanagers: 0 }, { targets: [{ job: 'j', instance: 'i', health: 'down' }] }],
    only_told: [],
    unmet: (check, facts) => prometheusUnmet(check, facts, AT),
  },
  alertmanager: {
    settings: { url: 'http://a', expect_active: ['W'], test_webhook: 'http://b' },
    good: { url: 'http://a', healthy: true, alerts: [{ name: 'W', active: 1, suppressed: 0 }], total: 1, test: { sent: true, status: 200, failure: null } },
    bad: [{ healthy: false }, { alerts: [] }, { test: { sent: false, status: null, failure: null } }],
    only_told: ['total'],
    unmet: (check, facts) => alertmanagerUnmet(check, facts, AT),
  },
  'backup-health': {
    settings: {
      path: '/p',
      jobs: ['j'],
      metrics: Object.fromEntries(['fresh', 'failed', 'cron', 'script', 'config', 'integrity'].map((topic) => [topic, { name: topic }])),
    },
    good: {
      ...{ jobs_total: 1, jobs_stale: 0, jobs_failed: 0, missing_cron: 0, missing_script: 0, config_failed: 0, integrity_stale: 0 },
      last_aggregate_at: '2026-06-27T02:00:00.000Z',
    },
    bad: [{ jobs_stale: 1 }, { jobs_total: 0 }],
    only_told: ['last_aggregate_at'],
    unmet: (check, facts) => backupHealthUnmet(check, facts, AT, null),
  },
  offsite: {
    settings: { repositories: ['r'] },
    good: {
      configured: true,
      fresh: true,
      repositories: 1,
      latest_only: true,
      remote_verify_ok: true,
      full_verify_fresh: true,
      details: [],
      full_verified_at: null,
    },
    bad: [{ fresh: false }, { repositories: 0 }],
    only_told: ['full_verified_at'],
    unmet: offsiteUnmet,
  },
  k8s: {
    settings: {
      namespace: 'n',
      nodes: ['a'],
      pods: true,
      deployments: ['d'],
      placement: ['d'],
      jobs: true,
      node_events: true,
      vip: '192.0.2.1',
      establishes: ['K3S_CONTROL_PLANE_AA'],
    },
    good: {
      ...{
        nodes: [node, { ...node, name: 'b' }],
        jobs: { failed: [], later_successes: [] },
        bad_pods: 0,
        node_fs_error_events: 0,
        readonly_filesystem_nodes: 0,
      },
      ...{ disk_pressure_nodes: 0, vip_present: true, placement: [{ workload: 'd', nodes: ['a', 'b'] }] },
      deployments: [{ name: 'd', desired: 2, available: 2, rolled_out: true }],
    },
    bad: [{ vip_present: false }, { bad_pods: 1 }, { jobs: { failed: ['x'], later_successes: [] } }],
    // Only a node problem detector tells.
    only_told: ['readonly_filesystem_nodes'],
    unmet: (check, facts) => k8sUnmet(check, facts, true),
  },
  registry: {
    settings: { scope: ['a'], route: 'http://a' },
    good: {
      ...{ coverage_scope: 1, direct_active: 1, no_transport: 0, ssh_blocked: 0, route_code: 200, transport_count: 6, dashboard_api_connection: 'ok' },
      ...{ dashboard_index_ok: 3, agents_registered: 1, agents_active: 1 },
    },
    bad: [{ direct_active: 0 }, { route_code: 500 }],
    only_told: [
      'coverage_scope',
      'no_transport',
      'ssh_blocked',
      'transport_count',
      'dashboard_api_connection',
      'dashboard_index_ok',
      'agents_registered',
      'agents_active',
    ],
    unmet: (check, facts) => registryUnmet(check, facts, true),
  },
}

/** Facts of a kind that may be null, by its schema: a new one is tested without a line here. */
function nullable(kind: FactsKind): string[] {
  return Object.entries(FACTS[kind].shape as Record<string, z.ZodType>).flatMap(([key, schema]) => (schema.safeParse(null).success ? [key] : []))
}

describe.each(Object.entries(CASES) as [FactsKind, Case<FactsKind>][])('%s expectation', (kind, { settings, good, bad, only_told, unmet }) => {
  const check = makeCheck(kind, settings)
  const told = only_told as string[]
  const judged = (facts: object): string[] => unmet(check, { ...good, ...facts } as never)

  it('is met by its good facts, which fit its schema, and by none of the bad', () => {
    expect(FACTS[kind].parse(good)).toEqual(good)
    expect(judged({})).toEqual([])
    for (const change of bad) expect(judged(change), JSON.stringify(change)).not.toEqual([])
  })

  it('is never met without a fact that it rests on', () => {
    for (const key of nullable(kind)) expect(judged({ [key]: null }).length === 0, key).toBe(told.includes(key))
  })

  it('never gets better by losing facts', () => {
    const keys = nullable(kind)
    fc.assert(
      fc.property(fc.constantFrom(...bad), fc.subarray(keys), (change, lost) => {
        expect(judged({ ...change, ...Object.fromEntries(lost.map((key) => [key, null])) })).not.toEqual([])
      }),
    )
  })
})
