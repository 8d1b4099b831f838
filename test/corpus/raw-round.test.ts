import path from 'node:path'
import { expect, test } from 'vitest'
import { loadRecordedRounds, recordedRoundEvents } from '../../producers/recorded-round.ts'
import type { RecordedRound } from '../../schemas/recorded-round.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { judgeRecorded } from './recorded-corpus.ts'

type Summary = Snapshot['summary']
type Entry = RecordedRound['evidence'][number]

const FILE = path.join(import.meta.dirname, '../../examples/awoooi/rounds/raw/2026-06-25-2114.yaml')
const { estate, rounds } = await loadRecordedRounds(FILE)
const [round] = rounds as [RecordedRound]

/** The round with some entries written otherwise, or more of them. */
function snapshotOf(changes: Readonly<Record<string, Record<string, unknown>>> = {}, more: readonly Entry[] = [], policy = round.policy): Snapshot {
  const known = new Set(round.evidence.map((entry) => entry.check))
  for (const id of Object.keys(changes)) if (!known.has(id)) throw new Error(`no entry ${id}`)
  const evidence = [...round.evidence.map((entry) => changed(entry, changes[entry.check])), ...more]
  const other: RecordedRound = { ...round, evidence }
  return judgeRecorded({ round: other, events: recordedRoundEvents(other, estate.estate, estate.digest) }, policy)
}

const judged = (...given: Parameters<typeof snapshotOf>): Summary => snapshotOf(...given).summary

function changed(entry: Entry, change: Record<string, unknown> | undefined): Entry {
  if (change === undefined) return entry
  return 'facts' in entry ? { ...entry, facts: { ...entry.facts, ...change } } : ({ ...entry, ...change } as Entry)
}

const counts = (summary: Summary) => [
  [summary.COLD_START_PASS, summary.COLD_START_WARN, summary.COLD_START_BLOCKED].map(Number),
  [summary.POST_START_PASS, summary.POST_START_WARN, summary.POST_START_BLOCKED].map(Number),
  [summary.POST_START_WARN_SERVICE, summary.POST_START_WARN_BOUNDARY, summary.POST_START_WARN_EVIDENCE].map(Number),
  summary.POST_START_RESULT,
]

test('as it was: 89 passed, and 38 with one BOUNDARY and one EVIDENCE warning', () => {
  expect(counts(judged())).toEqual([[89, 0, 0], [38, 2, 0], [0, 1, 1], 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED'])
})

test('it tells one look of every check of the cold start and the post-start check, and of no other', () => {
  const looked = estate.estate.checks.filter((check) => ['cold_start', 'quick_check', 'cpu', 'escrow'].includes(check.part))
  expect(round.evidence.map((entry) => entry.check).toSorted()).toEqual(looked.map((check) => check.id).toSorted())
})

/** What was seen otherwise, and what the counts then are. */
test.each<[string, Record<string, Record<string, unknown>>, ReturnType<typeof counts>]>([
  ['110 is quiet', { 'load-110': { load: [4, 4, 4] } }, [[89, 0, 0], [39, 1, 0], [0, 1, 0], 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED']],
  [
    'Stock is not current',
    { 'stock-freshness': { status: 'blocked', blockers: ['core_margin_short_daily_missing'] } },
    [[89, 0, 0], [37, 2, 1], [0, 1, 1], 'BLOCKED'],
  ],
  ['120 does not answer', { 'ping-120': { received: 0 } }, [[88, 0, 1], [37, 2, 1], [0, 1, 1], 'BLOCKED']],
  ['MOMO is three days old', { 'momo-daily-freshness': { age_days: 3, latest_date: '2026-06-22' } }, [[88, 0, 1], [37, 2, 1], [0, 1, 1], 'BLOCKED']],
  ['a route answers 502', { 'wrapper-route-vibework': { http_attempts: ['502'] } }, [[89, 0, 0], [37, 2, 1], [0, 1, 1], 'BLOCKED']],
  ['the API is a mock', { 'awoooi-api': { body_ok: false } }, [[88, 0, 1], [37, 2, 1], [0, 1, 1], 'BLOCKED']],
  ['the VIP is not there', { 'k3s-vip': { vip_present: false } }, [[88, 1, 0], [37, 2, 0], [0, 1, 1], 'SERVICE_AVAILABLE_DEGRADED']],
  [
    'an orphan browser',
    { 'runaway-110': { orphans: [{ group: 1, program: 'chrome', processes: 4, age_s: 18000, cpu_percent: 96 }] } },
    [[89, 0, 0], [37, 3, 0], [0, 1, 2], 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED'],
  ],
])('%s', (_, changes, wanted) => {
  expect(counts(judged(changes))).toEqual(wanted)
})

test('a stale backup job, and a repository that is not off site, take their greens away', () => {
  expect(judged({ 'backup-health-110': { jobs_stale: 1 } })).toMatchObject({ COLD_START_BLOCKED: '1', BACKUP_CORE_GREEN: '0', BACKUP_CORE_BLOCKERS: '1' })
  expect(judged({ 'offsite-copies': { fresh: false } })).toMatchObject({ BACKUP_OFFSITE_FRESH: '0', POST_START_WARN: '3', POST_START_WARN_EVIDENCE: '2' })
})

test('before 1.57 the product plays no part, and before 1.25 the retained Job is a failure', () => {
  const events = recordedRoundEvents(round, estate.estate, estate.digest)
  expect(judgeRecorded({ round, events }, 'sop@1.28').summary).toMatchObject({ POST_START_PASS: '37', POST_START_WARN: '2' })
  expect(judgeRecorded({ round, events }, 'sop@1.24').summary).toMatchObject({
    COLD_START_RESULT: 'DEGRADED',
    COLD_START_WARN: '1',
    POST_START_RESULT: 'SERVICE_AVAILABLE_DEGRADED',
  })
})

test('what the check of that evening did not look at only adds warnings, and tells its numbers', () => {
  const units = ['awoooi-startup.service', 'postgresql@14-main.service', 'certbot.service', 'snap.certbot.renew.service']
  const boot = { boot_id: '00000000-0000-4000-8000-000000000188', boot_time: '2026-06-23T00:10:00.000Z' }
  const summary = judged({}, [
    { check: 'host-188-hygiene', facts: { ...boot, systemd: { present: true, state: 'degraded', failed_units: units }, readonly_mounts: [] } },
    { check: 'host-112-ready', facts: { boot_time: '2026-06-20T00:00:00.000Z', readonly_mounts: [] } },
    {
      check: 'wazuh-agents',
      facts: {
        coverage_scope: 6,
        direct_active: 2,
        no_transport: 1,
        ssh_blocked: 3,
        route_code: 200,
        transport_count: 6,
        dashboard_api_connection: 'pending_or_spinning',
        dashboard_index_ok: 3,
      },
    },
  ])
  expect(counts(summary)).toEqual([[89, 0, 0], [39, 4, 0], [0, 3, 1], 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED'])
  expect(summary).toMatchObject({
    HOST_188_RESULT: 'SERVICE_GREEN_HOST_HYGIENE_BLOCKED',
    WAZUH_COVERAGE_SCOPE: '6',
    WAZUH_DIRECT_ACTIVE: '2',
    WAZUH_NO_TRANSPORT: '1',
    WAZUH_SSH_BLOCKED: '3',
    WAZUH_MANAGER_REGISTRY_ACCEPTED: '0',
  })
})

test('every look of the complete estate can be met; the two that an owner and a reviewer close stay open', () => {
  const unit = (name: string) => ({ name, load: 'loaded', active: 'active', sub: 'running', result: 'success', enabled: 'enabled', restarts: 0 })
  const boot188 = { boot_id: '00000000-0000-4000-8000-000000000188', boot_time: '2026-06-23T00:10:00.000Z' }
  const sync = estate.estate.checks.find((check) => check.id === 'live-monitor-sync')
  const scripts = sync?.kind === 'script-parity' ? sync.scripts : []
  const sha256 = 'a'.repeat(64)
  const snapshot = snapshotOf(
    { 'load-110': { load: [4, 4, 4] } },
    [
      { check: 'alert-chain', facts: { healthy: true, test: { sent: true, status: 200 } } },
      { check: 'host-188-hygiene', facts: { ...boot188, systemd: { present: true, state: 'running', failed_units: [] }, readonly_mounts: [] } },
      {
        check: 'postgres-188-cluster',
        facts: {
          endpoint: 'accepting',
          cluster: { name: '14/main', state: 'online', port: 5432 },
          log: {
            source: '/var/log/postgresql/postgresql-14-main.log',
            size_bytes: 4096,
            modified_at: '2026-06-25T13:00:00.000Z',
            signatures: [],
            healed_lines: 0,
          },
        },
      },
      { check: 'live-monitor-sync', facts: { scripts: scripts.map((one) => ({ ...one, repository_sha256: sha256, live_sha256: sha256 })) } },
      { check: 'host-112-ready', facts: { boot_time: '2026-06-20T00:00:00.000Z', readonly_mounts: [] } },
      {
        check: 'wazuh-services-112',
        facts: { units: ['wazuh-manager.service', 'wazuh-indexer.service', 'wazuh-dashboard.service'].map(unit), failed_units: [] },
      },
      { check: 'wazuh-agents', facts: { coverage_scope: 6, direct_active: 6, no_transport: 0, route_code: 200, agents_registered: 6, agents_active: 6 } },
      // Renewed after this evening; the one look that cannot be met on it.
      {
        check: 'tls-sentry-renewed',
        facts: { chain_ok: true, name_ok: true, not_before: '2026-04-10T16:03:41.000Z', not_after: '2026-07-09T16:03:40.000Z', fingerprint_sha256: sha256 },
      },
    ],
    'sop@1.78',
  )
  expect(snapshot.checks).toHaveLength(estate.estate.checks.length)
  expect(snapshot.checks.filter((check) => check.status !== 'PASS').map((check) => [check.id, check.status, check.warning_class, check.reasons])).toEqual([
    ['tls-sentry-renewed', 'WARN', 'BOUNDARY', [expect.stringContaining('2026-04-10')]],
    ['escrow-markers', 'WARN', 'BOUNDARY', [expect.stringMatching(/^escrow items missing: /)]],
    ['wazuh-agents', 'WARN', 'BOUNDARY', ['the registry is not accepted by an independent review']],
  ])
})
