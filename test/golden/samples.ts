import { hash } from 'node:crypto'
import { roundRoot } from '../../ledger/round-root.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import type { Estate } from '../../schemas/estate.ts'
import type { EncodedEvent, EventData, EventType } from '../../schemas/event.ts'
import type { FactsKind, FactsOf } from '../../schemas/facts.ts'
import { makeEvent } from '../support/make-events.ts'

/** What `make.ts` writes golden files from: facts of every kind, and one event of every other type. */
const AT = '2026-06-27T03:50:47.000Z'
const HEX = 'c0'.repeat(32)
const DIGEST = `sha256:${HEX}` as const
const ITEMS = ['restic_repository_password', 'dns_registrar_recovery']

const usage = { total_bytes: 100, available_bytes: 60 }

/** Facts by kind; a kind without facts does not compile. `freshness` comes twice below. */
const FACTS: { [K in FactsKind]: FactsOf<K> } = {
  tcp: { address: 'db-1.home.example', port: 5432, connected: true },
  http: { url: 'https://api.home.example/health', status: 200, bytes: 17, body_sha256: HEX, redirect_host: null },
  tls: {
    address: 'home.example',
    port: 443,
    server_name: 'home.example',
    chain_ok: true,
    chain_error: null,
    name_ok: true,
    not_before: '2026-06-01T00:00:00.000Z',
    not_after: '2026-08-30T00:00:00.000Z',
    issuer: 'Home CA',
    fingerprint_sha256: HEX,
  },
  host: {
    boot_id: '5c2d9a31-aaaa-4bbb-8ccc-000000000188',
    boot_time: '2026-06-27T03:00:00.000Z',
    uptime_s: 3047.5,
    kernel: '6.8.0-60-generic',
    systemd: { present: true, state: 'degraded', failed_units: ['certbot.service', 'postgresql@14-main.service'] },
    cpus: 8,
    load: [0.5, 0.25, 1e-7],
    memory: usage,
    swap: { total_bytes: 10, used_bytes: 0 },
    disks: [{ mount: '/', fstype: 'ext4', ...usage }],
    readonly_mounts: [],
  },
  textfile: {
    source: '/var/lib/node_exporter/recovery.prom',
    modified_at: '2026-06-27T03:49:00.000Z',
    series: 2,
    samples: [{ name: 'recovery_core_ready', labels: { host: 'db-1' }, value: 1 }],
  },
  file: { path: '/backup/dump.gz', exists: true, size_bytes: 123456, modified_at: '2026-06-27T02:00:00.000Z', sha256: null },
  freshness: { source: 'https://stock.home.example/freshness', status: 'ok', latest_date: '2026-06-26', age_days: null, blockers: [] },
  command: { command: 'kernel', argv_sha256: HEX, exit_code: 0, stdout_bytes: 6, stdout_sha256: HEX, matched: true },
  escrow: { source: '/backup/escrow', markers: ITEMS.map((item) => ({ item, present: true, marked_at: '2026-06-20T00:00:00.000Z', evidence_id_sha256: HEX })) },
  k8s: {
    nodes: [
      { name: 'mon', ready: true, control_plane: true },
      { name: 'mon1', ready: true, control_plane: true },
    ],
    jobs: { failed: [], later_successes: [] },
    bad_pods: 0,
    node_fs_error_events: 0,
    readonly_filesystem_nodes: 0,
    disk_pressure_nodes: 0,
    vip_present: true,
    placement: [{ workload: 'api', nodes: ['mon', 'mon1'] }],
  },
  argocd: { application: 'home', sync: 'Synced', health: 'Healthy', revision: 'main@4711' },
  'backup-health': {
    jobs_total: 15,
    jobs_stale: 0,
    jobs_failed: 0,
    missing_cron: 0,
    missing_script: 0,
    config_failed: 0,
    integrity_stale: 0,
    last_aggregate_at: '2026-06-27T02:31:02.000Z',
  },
  offsite: { configured: true, fresh: true, repositories: 2, latest_only: true, remote_verify_ok: true, full_verify_fresh: true },
  registry: {
    coverage_scope: 6,
    direct_active: 2,
    no_transport: 1,
    ssh_blocked: 3,
    route_code: 200,
    transport_count: 6,
    dashboard_api_connection: 'pending_or_spinning',
    dashboard_index_ok: 3,
    agents_registered: 6,
    agents_active: 2,
  },
  systemd: {
    units: [
      { name: 'cron.service', load: 'loaded', active: 'active', sub: 'running', result: 'success', enabled: 'enabled', restarts: 0 },
      { name: 'old-startup.service', load: 'not-found', active: 'inactive', sub: 'dead', result: 'success', enabled: null, restarts: 0 },
    ],
    failed_units: [],
  },
  docker: {
    containers: [
      { name: 'shop-api', status: 'running', health: 'healthy', restarts: 0, started_at: '2026-06-27T03:10:00.000Z', exit_code: 0, oom_killed: false },
      { name: 'shop-db', status: 'absent', health: null, restarts: null, started_at: null, exit_code: null, oom_killed: null },
    ],
  },
  cron: {
    daemon: true,
    own_read: true,
    system_read: true,
    jobs: 12,
    bad_lines: [],
    entries: [{ id: 'backup', owners: [{ source: '/etc/cron.d/backup', line: 2, schedule: '30 2 * * *', user: 'root' }] }],
  },
  'token-metadata': { path: '/srv/shop/token.json', type: 'file', uid: 100000, gid: 100000, mode: '600', modified_at: '2026-06-25T05:16:00.000Z' },
  runaway: {
    orphans: [{ group: 438005, program: 'chrome', processes: 12, age_s: 18000, cpu_percent: 187.4 }],
    attended_groups: 1,
    ci_containers: 2,
    cpus: 8,
    load5: 6.5,
    io_pressure_percent: 1.5,
    memory_pressure_percent: null,
  },
  'load-window': { cpus: 8, load: [0.5, 0.75, 1.25], uptime_s: 3047.5 },
  'runner-guardrails': {
    units: [
      { name: 'actions.runner.a.service', load: 'loaded', active: 'active', cpu_quota_percent: 200, memory_max_bytes: 2147483648, watchdog_us: 0 },
      { name: 'actions.runner.b.service', load: 'loaded', active: 'inactive', cpu_quota_percent: 'infinity', memory_max_bytes: null, watchdog_us: 180000000 },
    ],
  },
  'storage-signatures': {
    sources: [
      { source: 'kernel', lines: 812, found: [] },
      { source: 'container shop-db', lines: 40, found: [{ signature: 'needs_cleaning', lines: 2 }] },
      { source: 'file /var/log/kafka/server.log', lines: null, found: [] },
    ],
  },
  'known-hosts': {
    path: '/home/deploy/.ssh/known_hosts',
    exists: true,
    modified_at: '2026-06-12T17:20:02.000Z',
    entries: [{ host: 'db-1.home.example', port: 22, state: 'verified' }],
    deploy: { path: '/home/deploy/.ssh/deploy_known_hosts', exists: true, same_file: false },
  },
  'script-parity': {
    scripts: [{ repository: 'scripts/check.sh', live: '/home/deploy/scripts/check.sh', repository_sha256: HEX, live_sha256: null }],
  },
  ping: { address: '192.0.2.10', sent: 2, received: 2, average_ms: 0.25 },
  arp: { address: '192.0.2.10', entries: [{ device: 'eth0', complete: true, mac: '02:fc:00:00:00:05' }] },
  'import-job': {
    source: 'momo/import_jobs daily_sales',
    job: { id: '57', status: 'completed', age_s: 53000, total: 15383, succeeded: 15383, failed: 0, synced: true },
  },
  cronjobs: {
    namespace: 'shop',
    cronjobs: [
      {
        name: 'vectorize',
        suspended: false,
        schedule: '0 3 * * *',
        time_zone: 'Asia/Taipei',
        active: 0,
        last_schedule_at: '2026-06-26T19:00:00.000Z',
        last_success_at: '2026-06-26T19:00:55.000Z',
      },
    ],
  },
  'sql-parity': { left: { rows: 15383, min: '2026-06-01', max: '2026-06-24' }, right: { rows: 15383, min: '2026-06-01', max: '2026-06-24' } },
  postgres: {
    address: 'localhost',
    port: 5432,
    endpoint: 'accepting',
    cluster: { name: '14/main', state: 'down', port: 5432 },
    log: {
      source: '/var/log/postgresql/postgresql-14-main.log',
      size_bytes: 4711,
      modified_at: AT,
      signatures: [{ signature: 'no_valid_checkpoint', lines: 1 }],
      healed_lines: 0,
    },
  },
  redis: {
    address: 'localhost',
    port: 6380,
    reply: 'PONG',
    version: '7.0.15',
    uptime_s: 3047,
    role: 'master',
    master_link_up: null,
    loading: false,
    rdb_save_ok: true,
    aof_enabled: false,
    aof_write_ok: true,
    used_memory_bytes: 1048576,
    max_memory_bytes: 0,
  },
  'sql-freshness': { source: 'momo_analytics/public.daily_sales_snapshot.snapshot_date', rows: 109061, latest_date: '2026-06-24', age_days: 2 },
  prometheus: {
    url: 'http://db-1.home.example:9090',
    ready: true,
    targets: [{ job: 'node', instance: 'db-1:9100', health: 'up' }],
    rules: [{ name: 'ColdStartRecoveryBlocked', type: 'alerting', health: 'ok', state: 'inactive' }],
    queries: [{ id: 'core-ready', samples: [{ labels: { host: 'db-1' }, value: 1 }] }],
  },
  alertmanager: {
    url: 'http://db-1.home.example:9093',
    healthy: true,
    alerts: [{ name: 'Watchdog', active: 1, suppressed: 0 }],
    total: 3,
    test: { sent: true, status: 200, failure: null },
  },
  'source-presence': { available: true, newest_at: '2026-06-26T22:00:00.000Z', candidates: 1 },
  'release-parity': { live: 'V10.701', repository: 'V10.701' },
}

const MOMO = { source: '/evidence/momo.json', status: null, latest_date: '2026-06-25', age_days: 2, blockers: null }
const attempt = { started_at: AT, ms: 12.5, outcome: 'ok' as const }

function observed(kind: FactsKind, facts: unknown, host: string | null): unknown {
  const attempts = kind === 'http' ? [{ ...attempt, status: 200, body_ok: null }] : [attempt]
  const asOf = kind === 'file' || kind === 'textfile' ? (facts as { modified_at: string }).modified_at : null
  return { target: `golden ${kind}`, host, as_of: asOf, attempts, facts }
}

const FAILED: EventData<'evidence.check.failed.v1'> = {
  target: 'db-1.home.example:5432',
  host: 'db-1',
  reason: 'timeout',
  stage: 'connect',
  detail: 'no answer within 5000 ms',
  attempts: [{ started_at: AT, ms: 5000, outcome: 'timeout' }],
}
const NOT_EVALUATED: EventData<'evidence.check.not_evaluated.v1'> = { cause: 'gate_blocked', gate: 'P0-188-DATA' }
const REPORT: EventData<'evidence.report.delegated.v1'> = {
  tool: 'cold-start',
  report: 'cold_start',
  host: null,
  as_of: null,
  attempts: [attempt],
  exit_code: 0,
  pass: 89,
  warn: 0,
  blocked: 0,
  result: 'GREEN',
  blockers: [],
  warnings: [],
  keys: { BACKUP_CORE_BLOCKERS: '0' },
}
const BLOCKED_REPORT: EventData<'evidence.report.delegated.v1'> = {
  ...REPORT,
  exit_code: 1,
  blocked: 1,
  result: 'BLOCKED',
  blockers: [{ text: 'public route api.home.example returned 502', class: 'route', gate: 'P2-PUBLIC-ROUTES' }],
}

function opened(estate: Estate): EventData<'round.opened.v1'> {
  return {
    estate: { id: estate.estate, version: estate.version, digest: canonicalDigest(estate), document: estate },
    policy: { id: 'sop', version: '1.78' },
    expected: estate.checks.map(({ id, gate, kind, severity, warning_class }) => ({ id, gate, kind, severity, warning_class })),
    options: { skipped_parts: [], only_gates: null, watch_attempt: 2, alert_test: false },
    recorded: null,
    tool: { name: 'evidence-ledger', version: '0.1.0' },
    operator: 'golden',
    boots: [{ host: 'db-1', boot_id: '5c2d9a31-aaaa-4bbb-8ccc-000000000188', boot_time: '2026-06-27T03:00:00.000Z' }],
    reviews: [
      { event_id: '01900000-0000-7000-8000-000000000001', gate_id: 'credential_escrow_evidence', items: ITEMS, expires_at: '2026-09-30T00:00:00.000Z' },
    ],
  }
}

type Look = { type: EventType; data: unknown }

function goodLook(check: Estate['checks'][number]): Look {
  if (check.kind === 'delegated') return { type: 'evidence.report.delegated.v1', data: REPORT }
  const facts = check.id === 'momo-freshness' ? MOMO : FACTS[check.kind]
  return { type: `evidence.${check.kind}.observed.v1`, data: observed(check.kind, facts, check.host ?? null) }
}

/** The database did not answer, so the gates behind it were not looked at, and a report is as bad. */
function badLook(check: Estate['checks'][number]): Look {
  if (check.id === 'postgres') return { type: 'evidence.check.failed.v1', data: FAILED }
  if (check.kind === 'delegated') return { type: 'evidence.report.delegated.v1', data: BLOCKED_REPORT }
  return check.gate === 'P0-188-DATA' ? goodLook(check) : { type: 'evidence.check.not_evaluated.v1', data: NOT_EVALUATED }
}

function round(id: string, estate: Estate, lookAt: typeof goodLook): EncodedEvent[] {
  const evidence = estate.checks.map((check, n) => {
    const { type, data } = lookAt(check)
    return makeEvent(id, n + 1, type, data, check.id)
  })
  const events = [makeEvent(id, 0, 'round.opened.v1', opened(estate)), ...evidence]
  return [...events, makeEvent(id, events.length, 'round.sealed.v1', roundRoot(events))]
}

export const goldenRounds = (estate: Estate): Readonly<Record<'green' | 'blocked', EncodedEvent[]>> => ({
  green: round('golden-green-1', estate, goodLook),
  blocked: round('golden-blocked-1', estate, badLook),
})

type DecisionData = Pick<
  { [T in EventType]: EventData<T> },
  'guard.evaluated.v1' | 'packets.exported.v1' | 'response.preflighted.v1' | 'review.recorded.v1' | 'escrow.marked.v1' | 'access.refused.v1' | 'access.packet_read.v1'
>

const DECISIONS: DecisionData = {
  'guard.evaluated.v1': {
    guard: 'declaration',
    policy_version: '1.78',
    evidence_root: HEX,
    summary_digest: DIGEST,
    result_digest: DIGEST,
    answer: 'no',
    declared: ['FULL_STACK_GREEN'],
  },
  'packets.exported.v1': { evidence_root: HEX, summary_digest: DIGEST, packet_set_digest: DIGEST, gates: ['credential_escrow_evidence'] },
  'response.preflighted.v1': {
    packet_set_digest: DIGEST,
    response_digest: DIGEST,
    status: 'blocked_missing_required_evidence',
    reasons: [{ code: 'missing_rollback_owner', pointer: '/responses/1/evidence' }],
    expected_gates: 3,
    received: 3,
  },
  'review.recorded.v1': {
    reviewer: 'auditor',
    owner: 'escrow-owner',
    gate_id: 'credential_escrow_evidence',
    items: ITEMS,
    decision: 'accepted',
    response_digest: DIGEST,
    packet_digest: DIGEST,
    expires_at: '2026-09-30T00:00:00.000Z',
  },
  'escrow.marked.v1': { item: 'dns_registrar_recovery', evidence_id_sha256: HEX, dry_run: false },
  'access.refused.v1': {
    status: 403,
    reason: 'role_missing',
    method: 'GET',
    route: '/v1/rounds/:id/packets',
    principal: 'relay-1',
    via: 'token',
    address: '192.0.2.14',
    count: 3,
    first_at: '2026-06-27T03:52:01.000Z',
    last_at: '2026-06-27T03:52:44.250Z',
  },
  'access.packet_read.v1': {
    round_id: 'golden-green-1',
    method: 'GET',
    route: '/v1/rounds/:id/packets',
    principal: 'auditor-1',
    via: 'token',
    address: '192.0.2.15',
    request_id: '0197af7e-7f6b-7c0e-8c0e-00c0ffee0001',
  },
}

/** One event of every type, by type. */
export function goldenEvents(estate: Estate): ReadonlyMap<string, EncodedEvent> {
  const { green, blocked } = goldenRounds(estate)
  const decisions = Object.entries(DECISIONS).map(([type, data], n) => makeEvent('golden-green-1', 100 + n, type as EventType, data))
  // Kinds that came after the golden estate was released. Their ids follow from their names, not from the table's order.
  const later = Object.entries(FACTS).map(([kind, facts]) =>
    makeEvent('golden-green-1', 1000 + Number.parseInt(hash('sha256', kind, 'hex').slice(0, 6), 16), `evidence.${kind as FactsKind}.observed.v1`, observed(kind as FactsKind, facts, null), kind),
  )
  const all = [...later, ...decisions, ...blocked, ...green]
  return new Map(all.map((event) => [event.type, event]))
}
