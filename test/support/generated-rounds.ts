import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { roundRoot } from '../../ledger/round-root.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import { Estate } from '../../schemas/estate.ts'
import { dataSchemaUri, type EncodedEvent, encodeEvent } from '../../schemas/event.ts'

/**
 * Generated rounds over one rich estate: every kind, every section, with severities, classes and host bindings drawn at
 * random. A round is drafted as plain data, so that a test can worsen the draft and seal it again.
 */
export const ROUND_ID = 'generated-round-1'
const OPENED_AT = Date.parse('2026-06-27T10:00:00.000Z')
const HOUR = 3_600_000

export type DraftEvidence = { check: string; type: string; at: number; data: Record<string, unknown> }
export type DraftReview = { event_id: string; gate_id: string; items: string[]; expires_at: string }
export type Draft = {
  estate: Estate
  policy: string
  openedAt: number
  skipped: string[]
  reviews: DraftReview[]
  evidence: DraftEvidence[]
}

const ITEMS = ['restic_repository_password', 'dns_registrar_recovery']
const iso = (ms: number): string => new Date(ms).toISOString()

type CheckShape = Record<string, unknown> & { id: string; kind: string }

/** Checks by role; the sections of the estate refer to these ids. */
const CHECKS: readonly CheckShape[] = [
  { id: 'host-a', gate: 'P0-NET', kind: 'host', host: 'a', part: 'cold_start' },
  { id: 'ssh-a', gate: 'P0-NET', kind: 'tcp', address: 'a', port: 22, part: 'cold_start' },
  { id: 'momo', gate: 'P1-DATA', kind: 'freshness', url: 'http://a/momo', latest_pointer: '/d', age_pointer: '/a', part: 'cold_start' },
  { id: 'parity', gate: 'P1-DATA', kind: 'sql-parity', part: 'cold_start' },
  { id: 'jobs', gate: 'P1-DATA', kind: 'k8s', part: 'cold_start' },
  { id: 'placement', gate: 'P1-DATA', kind: 'k8s', part: 'cold_start', establishes: ['WORKLOAD_BALANCED'] },
  { id: 'metrics', gate: 'P1-DATA', kind: 'textfile', path: '/m.prom', metrics: [{ name: 'up', condition: '== 1' }], max_age_s: 7200, part: 'cold_start' },
  { id: 'dump', gate: 'P1-DATA', kind: 'file', path: '/dump', min_bytes: 10, part: 'cold_start' },
  { id: 'cold', gate: 'P2-PUBLIC', kind: 'delegated', report: 'cold_start', path: '/cold.txt', part: 'cold_start', max_age_s: 7200 },
  { id: 'quick', gate: 'P2-PUBLIC', kind: 'delegated', report: 'quick_check', path: '/quick.txt', part: 'quick_check', max_age_s: 7200 },
  { id: 'route-1', gate: 'P2-PUBLIC', kind: 'http', url: 'http://a/', role: 'public_route', part: 'quick_check' },
  { id: 'route-2', gate: 'P2-PUBLIC', kind: 'http', url: 'http://b/', role: 'public_route', part: 'quick_check' },
  { id: 'api', gate: 'P2-PUBLIC', kind: 'http', url: 'http://api/', role: 'public_api', part: 'quick_check' },
  {
    id: 'stock',
    gate: 'P2-PUBLIC',
    kind: 'freshness',
    url: 'http://stock/',
    status_pointer: '/s',
    latest_pointer: '/d',
    blockers_pointer: '/b',
    part: 'quick_check',
  },
  { id: 'backup', gate: 'P3-BACKUP', kind: 'backup-health', part: 'backup' },
  { id: 'backup-report', gate: 'P3-BACKUP', kind: 'delegated', report: 'backup_status', path: '/b.txt', part: 'backup', max_age_s: 7200 },
  { id: 'offsite', gate: 'P3-BACKUP', kind: 'offsite', part: 'backup' },
  { id: 'escrow', gate: 'P3-BACKUP', kind: 'escrow', path: '/escrow', part: 'backup' },
  { id: 'registry', gate: 'P3-BACKUP', kind: 'registry', part: 'backup' },
  { id: 'hygiene', gate: 'P3-BACKUP', kind: 'host', part: 'backup' },
]

const SECTIONS = {
  products: [
    {
      id: 'stock',
      prefix: 'STOCK',
      shape: 'feed',
      release: true,
      freshness: 'stock',
      end_of_day: { cutoff: '21:30', timezone: 'Asia/Taipei', blockers: ['late_a', 'late_b'] },
    },
    { id: 'momo', prefix: 'MOMO', shape: 'import', release: false, freshness: 'momo', parity: 'parity' },
  ],
  backup: { health: ['backup', 'backup-report'], offsite: ['offsite'] },
  escrow: { items: ITEMS, inventory: ['escrow'] },
  hygiene: [{ prefix: 'HOST_188', service: ['ssh-a'], hygiene: ['hygiene'] }],
  registry: { prefix: 'WAZUH', coverage: ['registry'] },
}

const anEstate = fc
  .record({
    kept: fc.subarray(
      CHECKS.map((check) => check.id),
      { minLength: 3 },
    ),
    severities: fc.array(fc.constantFrom('blocked', 'warn'), { minLength: CHECKS.length, maxLength: CHECKS.length }),
    classes: fc.array(fc.constantFrom('SERVICE', 'BOUNDARY', 'EVIDENCE'), { minLength: CHECKS.length, maxLength: CHECKS.length }),
    bound: fc.array(fc.boolean(), { minLength: CHECKS.length, maxLength: CHECKS.length }),
    sections: fc.subarray(Object.keys(SECTIONS)),
  })
  .map(({ kept, severities, classes, bound, sections }) => {
    const checks = CHECKS.flatMap((check, n) =>
      kept.includes(check.id)
        ? [{ severity: severities[n], warning_class: classes[n], ...(bound[n] && check.kind !== 'delegated' ? { host: 'a' } : {}), ...check }]
        : [],
    )
    return Estate.parse({
      estate: 'generated',
      version: '1',
      policy: 'sop@1.78',
      hosts: [{ id: 'a' }],
      gates: [{ id: 'P0-NET' }, { id: 'P1-DATA', depends_on: ['P0-NET'] }, { id: 'P2-PUBLIC' }, { id: 'P3-BACKUP' }],
      checks,
      sections: Object.fromEntries(Object.entries(SECTIONS).filter(([name]) => sections.includes(name))),
    })
  })

const look = (facts: unknown, more: Record<string, unknown> = {}) => ({
  target: 't',
  host: null,
  as_of: null,
  attempts: [{ started_at: iso(OPENED_AT), ms: 1, outcome: 'ok' }],
  facts,
  ...more,
})
const http = (...codes: number[]) =>
  look(
    { url: 'http://a/', status: codes.at(-1), bytes: 1, body_sha256: null, redirect_host: null },
    { attempts: codes.map((status) => ({ started_at: iso(OPENED_AT), ms: 1, outcome: 'ok', status, body_ok: null })) },
  )
const hostFacts = (more: Record<string, unknown>) => ({
  boot_id: 'b',
  boot_time: iso(OPENED_AT - 30 * 60_000),
  uptime_s: 1,
  kernel: 'k',
  systemd: { present: true, state: 'running', failed_units: [] },
  cpus: 2,
  load: [0, 0, 0],
  memory: null,
  swap: null,
  disks: [],
  readonly_mounts: [],
  ...more,
})
const k8s = (more: Record<string, unknown>) =>
  look({
    nodes: null,
    jobs: null,
    bad_pods: null,
    node_fs_error_events: null,
    readonly_filesystem_nodes: null,
    disk_pressure_nodes: null,
    vip_present: null,
    placement: null,
    ...more,
  })
const backup = (more: Record<string, unknown>) =>
  look({
    jobs_total: 3,
    jobs_stale: 0,
    jobs_failed: 0,
    missing_cron: 0,
    missing_script: 0,
    config_failed: 0,
    integrity_stale: 0,
    last_aggregate_at: null,
    ...more,
  })
const report = (kind: string, more: Record<string, unknown>) => ({
  tool: 't',
  report: kind,
  host: null,
  as_of: iso(OPENED_AT - 60_000),
  attempts: [],
  exit_code: 0,
  pass: 10,
  warn: 0,
  blocked: 0,
  result: 'GREEN',
  blockers: [],
  warnings: [],
  keys: {},
  ...more,
})
const blocker = (blockerClass: string) => ({ text: `one ${blockerClass}`, class: blockerClass, gate: 'P2-PUBLIC' })
const QUICK_KEYS = {
  SERVICE_GREEN: '1',
  PRODUCT_DATA_GREEN: '1',
  BACKUP_CORE_GREEN: '1',
  ESCROW_MISSING_COUNT: '0',
  HOST_188_HYGIENE_BLOCKED: '0',
  HOST_188_SERVICE_GREEN: '1',
  STOCK_BLOCKERS: 'none',
  STOCK_FRESHNESS_STATUS: 'ok',
  BACKUP_OFFSITE_FRESH: '1',
  MOMO_DATA_FRESH: '1',
  MOMO_DB_PARITY: '1',
}
const feed = (status: string, blockers: string[], date = '2026-06-27') => look({ source: 's', status, latest_date: date, age_days: null, blockers })

/** What each check may have seen, good first. */
const SEEN: Readonly<Record<string, readonly unknown[]>> = {
  'host-a': [
    look(hostFacts({})),
    look(hostFacts({ systemd: { present: true, state: 'degraded', failed_units: ['x'] } })),
    look(hostFacts({ boot_time: iso(OPENED_AT + 60_000) })),
    look(hostFacts({ boot_time: null })),
  ],
  'ssh-a': [look({ address: 'a', port: 22, connected: true })],
  momo: [
    look({ source: 's', status: null, latest_date: '2026-06-26', age_days: 1, blockers: null }),
    look({ source: 's', status: null, latest_date: '2026-06-20', age_days: 7, blockers: null }),
  ],
  parity: [
    look({ left: { rows: 1, min: '2026-06-01', max: '2026-06-02' }, right: { rows: 1, min: '2026-06-01', max: '2026-06-02' } }),
    look({ left: { rows: 1, min: '2026-06-01', max: '2026-06-02' }, right: { rows: 2, min: '2026-06-01', max: '2026-06-02' } }),
  ],
  jobs: [k8s({ jobs: { failed: ['km-1'], later_successes: ['km-2'] } }), k8s({ jobs: { failed: ['km-3'], later_successes: ['km-2'] } })],
  placement: [k8s({ placement: [{ workload: 'api', nodes: ['x', 'y'] }] }), k8s({ placement: [{ workload: 'api', nodes: ['x', 'x'] }] })],
  metrics: [
    look({ source: 's', modified_at: iso(OPENED_AT - 60_000), series: 1, samples: [{ name: 'up', labels: {}, value: 1 }] }, { as_of: iso(OPENED_AT - 60_000) }),
    look({ source: 's', modified_at: iso(OPENED_AT - 60_000), series: 1, samples: [{ name: 'up', labels: {}, value: 0 }] }, { as_of: iso(OPENED_AT - 60_000) }),
  ],
  dump: [
    look({ path: '/dump', exists: true, size_bytes: 20, modified_at: iso(OPENED_AT - HOUR), sha256: null }),
    look({ path: '/dump', exists: false, size_bytes: null, modified_at: null, sha256: null }),
  ],
  cold: [
    report('cold_start', {}),
    report('cold_start', { warn: 1, result: 'DEGRADED' }),
    report('cold_start', { blocked: 2, result: 'BLOCKED', blockers: [blocker('route'), blocker('route')] }),
    report('cold_start', { blocked: 1, result: 'BLOCKED', blockers: [blocker('api')] }),
    report('cold_start', { blocked: 1, result: 'BLOCKED', blockers: [blocker('other')] }),
    report('cold_start', { pass: 0, result: null }),
  ],
  quick: [
    report('quick_check', { result: 'FULL_STACK_GREEN', keys: QUICK_KEYS }),
    report('quick_check', { result: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED', keys: { ...QUICK_KEYS, ESCROW_MISSING_COUNT: '2' } }),
    report('quick_check', { result: null, pass: null, warn: null, blocked: null, keys: { ...QUICK_KEYS, OVERALL_DECLARATION: 'FULL_STACK_GREEN' } }),
    report('quick_check', { blocked: 1, result: 'BLOCKED', blockers: [blocker('product')], keys: { STOCK_BLOCKERS: 'late_a', SERVICE_GREEN: '1' } }),
    report('quick_check', {
      warn: 2,
      result: 'FULL_STACK_GREEN',
      keys: { POST_START_WARN_SERVICE: '0', POST_START_WARN_BOUNDARY: '1', POST_START_WARN_EVIDENCE: '1' },
    }),
  ],
  'route-1': [http(200), http(502, 200), http(502, 502)],
  'route-2': [http(200), http(502, 200), http(502, 502)],
  api: [http(200), http(502, 200), http(502)],
  stock: [feed('ok', []), feed('blocked', ['late_a']), feed('blocked', ['late_a'], '2026-06-26'), feed('blocked', ['other'])],
  backup: [backup({}), backup({ jobs_failed: 1 }), backup({ missing_cron: null })],
  'backup-report': [
    report('backup_status', { pass: null, warn: null, blocked: null, result: null, keys: { BACKUP_CORE_BLOCKERS: '0', BACKUP_OFFSITE_FRESH: '1' } }),
    report('backup_status', { pass: null, warn: null, blocked: null, result: null, keys: { BACKUP_CORE_BLOCKERS: '2' } }),
  ],
  offsite: [
    look({ configured: true, fresh: true, repositories: 2, latest_only: true, remote_verify_ok: true, full_verify_fresh: true }),
    look({ configured: true, fresh: false, repositories: 2, latest_only: true, remote_verify_ok: true, full_verify_fresh: true }),
  ],
  escrow: [
    look({ source: 's', markers: ITEMS.map((item) => ({ item, present: true, marked_at: iso(OPENED_AT - HOUR), evidence_id_sha256: 'a'.repeat(64) })) }),
    look({ source: 's', markers: [{ item: ITEMS[0], present: true, marked_at: iso(OPENED_AT - HOUR), evidence_id_sha256: 'a'.repeat(64) }] }),
  ],
  registry: [
    look({
      coverage_scope: 6,
      direct_active: 6,
      no_transport: 0,
      ssh_blocked: 0,
      route_code: 200,
      transport_count: 6,
      dashboard_api_connection: 'ok',
      dashboard_index_ok: 3,
      agents_registered: 6,
      agents_active: 6,
    }),
  ],
  hygiene: [look(hostFacts({})), look(hostFacts({ systemd: { present: true, state: 'degraded', failed_units: ['certbot.service'] } }))],
}

const FAILED = { target: 't', host: null, reason: 'timeout', stage: 'connect', detail: 'no answer', attempts: [] }
/** Trying what was skipped, and failing, is no loss of evidence. */
const SKIPPED = 'evidence.check.not_evaluated.v1'
const NOT_EVALUATED = { cause: 'dependency_failed', gate: null }

function evidenceOf(check: Estate['checks'][number], seen: unknown, at: number): DraftEvidence {
  const type = check.kind === 'delegated' ? 'evidence.report.delegated.v1' : `evidence.${check.kind}.observed.v1`
  return { check: check.id, type, at, data: structuredClone(seen) as Record<string, unknown> }
}

/** Mostly good rounds: an all-bad one cannot get worse and shows nothing. */
function someEvidence(check: Estate['checks'][number]): fc.Arbitrary<DraftEvidence[]> {
  const at = fc.constantFrom(OPENED_AT + 1000, OPENED_AT + 90_000)
  const seen = SEEN[check.id] ?? []
  const good = at.map((moment) => [evidenceOf(check, seen[0], moment)])
  const any = fc.tuple(fc.constantFrom(...seen), at).map(([facts, moment]) => [evidenceOf(check, facts, moment)])
  const twice = fc.tuple(any, any).map(([a, b]) => [...a, ...b])
  const failed = at.map((moment): DraftEvidence[] => [{ check: check.id, type: 'evidence.check.failed.v1', at: moment, data: FAILED }])
  return fc.oneof(
    { weight: 60, arbitrary: good },
    { weight: 14, arbitrary: any },
    { weight: 2, arbitrary: twice },
    { weight: 2, arbitrary: failed },
    { weight: 1, arbitrary: fc.constant<DraftEvidence[]>([]) },
  )
}

const REVIEWS: DraftReview[] = [
  { event_id: '01900000-0000-7000-8000-000000000001', gate_id: 'credential_escrow_evidence', items: ITEMS, expires_at: iso(OPENED_AT + HOUR) },
  { event_id: '01900000-0000-7000-8000-000000000002', gate_id: 'wazuh_manager_registry_export', items: [], expires_at: iso(OPENED_AT + HOUR) },
]

export const aDraft: fc.Arbitrary<Draft> = anEstate.chain((estate) =>
  fc.record({
    estate: fc.constant(estate),
    policy: fc.constantFrom('1.24', '1.25', '1.28', '1.57', '1.61', '1.75', '1.76', '1.78', '1.78', '1.78'),
    openedAt: fc.constant(OPENED_AT),
    skipped: fc.constant<string[]>([]),
    reviews: fc.subarray(REVIEWS),
    evidence: fc.tuple(...estate.checks.map(someEvidence)).map((all) => all.flat()),
  }),
)

/** Seals a draft: events in random-looking but reproducible id order, and a root over exactly them. */
export function sealDraft(draft: Draft): EncodedEvent[] {
  const documented = canonicalDigest(draft.estate)
  const expected = draft.estate.checks.map(({ id, gate, kind, severity, warning_class }) => ({ id, gate, kind, severity, warning_class }))
  const opened = toEvent('round.opened.v1', draft.openedAt, 'opened', undefined, {
    estate: { id: draft.estate.estate, version: draft.estate.version, digest: documented, document: draft.estate },
    policy: { id: 'sop', version: draft.policy },
    expected,
    options: { skipped_parts: draft.skipped, only_gates: null, watch_attempt: null, alert_test: false },
    recorded: null,
    tool: { name: 'test', version: '1' },
    operator: 'test',
    boots: [],
    reviews: draft.reviews,
  })
  const evidence = draft.evidence.map((one, n) => toEvent(one.type, one.at, `${one.check} ${n} ${JSON.stringify(one.data)}`, one.check, one.data))
  const rooted = [opened, ...evidence]
  return [...rooted, toEvent('round.sealed.v1', draft.openedAt + 120_000, 'sealed', undefined, roundRoot(rooted))]
}

export function toEvent(type: string, at: number, seed: string, checkid: string | undefined, data: unknown): EncodedEvent {
  const hex = createHash('sha256').update(seed).digest('hex')
  const stamp = at.toString(16).padStart(12, '0')
  const id = `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`
  const envelope = {
    specversion: '1.0',
    id,
    source: 'urn:evidence-ledger:test',
    type,
    subject: ROUND_ID,
    time: iso(at),
    datacontenttype: 'application/json',
    dataschema: dataSchemaUri(type as never),
    data,
  }
  return encodeEvent(checkid === undefined ? envelope : { ...envelope, checkid })
}

export type Worsening = { name: string; apply: (draft: Draft) => Draft }

const onCheck =
  (check: string, change: (one: DraftEvidence) => DraftEvidence[]) =>
  (draft: Draft): Draft => ({ ...draft, evidence: draft.evidence.flatMap((one) => (one.check === check ? change(one) : [one])) })

/** Every way of making a draft's evidence worse before it is sealed. */
export function aWorsening(draft: Draft): fc.Arbitrary<Worsening> {
  const checks = draft.estate.checks.map((check) => check.id)
  const parts = [...new Set(draft.estate.checks.map((check) => check.part))]
  const check = fc.constantFrom(...checks)
  const older = fc.constantFrom(60_000, HOUR / 2, 2 * HOUR, 30 * HOUR)
  return fc.oneof(
    check.map((id) => ({ name: `remove ${id}`, apply: onCheck(id, () => []) })),
    check.map((id) => ({
      name: `fail ${id}`,
      apply: onCheck(id, (one) => [one.type === SKIPPED ? one : { ...one, type: 'evidence.check.failed.v1', data: FAILED }]),
    })),
    check.map((id) => ({
      name: `not evaluated ${id}`,
      apply: onCheck(id, (one) => [{ ...one, type: 'evidence.check.not_evaluated.v1', data: NOT_EVALUATED }]),
    })),
    fc.tuple(check, older).map(([id, ms]) => ({ name: `age ${id} by ${ms}`, apply: onCheck(id, (one) => [aged(one, ms)]) })),
    fc.tuple(check, older).map(([id, ms]) => ({ name: `age facts of ${id} by ${ms}`, apply: onCheck(id, (one) => [agedFacts(one, ms)]) })),
    fc.constantFrom(...parts).map((part) => ({ name: `skip ${part}`, apply: (one: Draft) => skip(one, part) })),
    fc
      .constantFrom(0, 1)
      .map((n) => ({ name: `lose review ${n}`, apply: (one: Draft) => ({ ...one, reviews: one.reviews.filter((_, index) => index !== n) }) })),
    fc.constant({
      name: 'reviews expire',
      apply: (one: Draft) => ({ ...one, reviews: one.reviews.map((review) => ({ ...review, expires_at: iso(one.openedAt - 1) })) }),
    }),
  )
}

function aged(one: DraftEvidence, ms: number): DraftEvidence {
  return agedFacts({ ...one, at: one.at - ms }, ms)
}

function agedFacts(one: DraftEvidence, ms: number): DraftEvidence {
  const asOf = one.data.as_of
  return typeof asOf === 'string' ? { ...one, data: { ...one.data, as_of: iso(Date.parse(asOf) - ms) } } : one
}

function skip(draft: Draft, part: string): Draft {
  const skipped = new Set(draft.estate.checks.filter((check) => check.part === part).map((check) => check.id))
  const evidence = draft.evidence.filter((one) => !skipped.has(one.check))
  const notLooked = [...skipped].map(
    (check): DraftEvidence => ({ check, type: 'evidence.check.not_evaluated.v1', at: draft.openedAt + 1, data: { cause: 'skipped_by_operator', gate: null } }),
  )
  return { ...draft, skipped: [...draft.skipped, part], evidence: [...evidence, ...notLooked] }
}
