import path from 'node:path'
import { expect, test } from 'vitest'
import { loadEstate } from '../../producers/estate-file.ts'
import { EstablishedDeclaration } from '../../schemas/check-base.ts'
import type { Estate } from '../../schemas/estate.ts'
import { PROBE_KINDS } from '../../schemas/facts.ts'

const DIR = path.join(import.meta.dirname, '../../examples/awoooi')
const { estate } = await loadEstate(path.join(DIR, 'estate.yaml'))
const recorded = await loadEstate(path.join(DIR, 'recorded-estate.yaml'), { allowRecordedKinds: true })

function countBy(of: Estate, key: 'gate' | 'part' | 'kind'): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const check of of.checks) counts[check[key]] = (counts[check[key]] ?? 0) + 1
  return counts
}

const parts = (...names: string[]) => estate.checks.filter((check) => names.includes(check.part))

test('the cold start is the 89 looks of the runbook, and the post-start check has 39 beside it', () => {
  expect(parts('cold_start')).toHaveLength(89)
  // Its fortieth is the cold start itself, which is one check of the post-start check (docs/judging.md).
  expect(parts('quick_check', 'cpu', 'escrow')).toHaveLength(39)
})

test('the runnable estate has checks at every gate and in every part', () => {
  expect(countBy(estate, 'gate')).toEqual({
    'P0-NETWORK': 13,
    'P0-188-DATA': 28,
    'P0-110-REGISTRY-OBSERVABILITY': 16,
    'P1-K3S': 13,
    'P2-WORKLOAD-ALERTCHAIN': 12,
    'P2-PUBLIC-ROUTES': 29,
    'P2-SCHEDULES': 25,
  })
  expect(countBy(estate, 'part')).toEqual({ cold_start: 89, quick_check: 35, cpu: 3, escrow: 1, alert_test: 1, hygiene: 3, live_sync: 1, registry: 3 })
  expect(estate.gates.map((gate) => gate.id)).toEqual(Object.keys(countBy(estate, 'gate')).sort(byGate))
})

const byGate = (a: string, b: string): number => estate.gates.findIndex((gate) => gate.id === a) - estate.gates.findIndex((gate) => gate.id === b)

test('it asks no older script: nothing is delegated, and no command is one', () => {
  expect(countBy(estate, 'kind').delegated).toBeUndefined()
  for (const { argv } of estate.commands) expect(argv.join(' ')).not.toMatch(/\.(sh|py)\b/)
})

test('every product, owner gate, escrow item and establishing look is there', () => {
  expect(estate.sections.products?.map(({ prefix, shape, release }) => [prefix, shape, release])).toEqual([
    ['STOCK', 'feed', true],
    ['MOMO', 'import', false],
  ])
  expect(estate.owner_gates).toEqual(['credential_escrow_evidence', 'host_188_hygiene_maintenance_window', 'wazuh_manager_registry_export'])
  expect(estate.sections.escrow?.items).toHaveLength(5)
  expect(estate.checks.flatMap((check) => (check.establishes ?? []).map((name) => [name, check.id]))).toEqual([
    ['K3S_CONTROL_PLANE_AA', 'k3s-nodes'],
    ['ARGOCD_HEALTHY', 'argocd-awoooi'],
    ['WORKLOAD_BALANCED', 'placement'],
    ['CERTIFICATE_RENEWED', 'tls-sentry-renewed'],
    ['LIVE_MONITOR_SYNCED', 'live-monitor-sync'],
  ])
})

/** What the runbook counts or lists, and which settings of which checks hold it. */
const named = (id: string) => JSON.stringify(estate.checks.find((check) => check.id === id))
const lengthOf = (id: string, key: string): number => (estate.checks.find((check) => check.id === id) as unknown as Record<string, unknown[]>)[key]?.length ?? 0

test('numbers and names of the runbook are those of the checks', () => {
  expect(lengthOf('backup-health-110', 'jobs')).toBe(13)
  expect(lengthOf('backup-health-188', 'jobs')).toBe(2)
  expect(lengthOf('offsite-copies', 'repositories')).toBe(13)
  expect(lengthOf('wazuh-agents', 'scope')).toBe(6)
  expect(lengthOf('cron-110', 'entries')).toBe(4)
  expect(lengthOf('cron-188', 'entries')).toBe(3)
  expect(estate.checks.filter((check) => /^wrapper-(route|api)-/.test(check.id))).toHaveLength(23)
  for (const rule of [
    'BackupConfigCapturePartial',
    'BackupAggregateRunFailed',
    'BackupCredentialEscrowEvidenceMissing',
    'ColdStartRecoveryBlocked',
    'ColdStartHost120Unreachable',
  ])
    expect(named('alert-rules-recovery')).toContain(rule)
  expect(named('momo-daily-freshness')).toContain('"max_age_days":2')
  expect(named('runner-guardrails-110')).toContain('"max_cpu_quota_percent":200,"max_memory_bytes":2147483648')
  expect(named('momo-drive-token')).toContain('"uid":100000,"gid":100000,"max_mode":"600"')
  expect(named('backup-188-from-110')).toContain('"max_age_s":90000')
  expect(named('host-110-ready')).toContain('"min_disk_available_percent":15')
  for (const load of ['load-110', 'load-188']) expect(named(load)).toContain('"below_per_core":1')
  expect(named('k3s-vip')).toContain('192.168.0.125')
})

test('every kind it uses has a live probe', () => {
  expect(Object.keys(countBy(estate, 'kind')).filter((kind) => !(PROBE_KINDS as readonly string[]).includes(kind))).toEqual([])
})

test('the recorded estate has the same id, gates, sections prefixes and owner gates', () => {
  expect(recorded.estate.estate).toBe(estate.estate)
  expect(recorded.estate.gates).toEqual(estate.gates)
  expect(recorded.estate.owner_gates).toEqual(estate.owner_gates)
  expect(recorded.estate.sections.escrow).toEqual(estate.sections.escrow)
  expect(recorded.estate.sections.products?.map((one) => one.prefix)).toEqual(estate.sections.products?.map((one) => one.prefix))
  for (const gate of recorded.estate.gates) expect(countBy(recorded.estate, 'gate')[gate.id], gate.id).toBeGreaterThan(0)
})

test('every machine has a host check, so that what is bound to it counts only since its boot', () => {
  const first = estate.hosts.map(({ id }) => estate.checks.find((check) => check.host === id && check.kind === 'host'))
  expect(first.map((check) => check?.id)).toEqual(estate.hosts.map((host) => `${host.id}-ready`))
  // 112 is outside the recovery path: nothing of the cold start or the post-start check looks at it.
  expect(parts('cold_start', 'quick_check', 'cpu', 'escrow').filter((check) => check.host === 'host-112')).toEqual([])
})

test('commands only read: no shell, no word that changes anything', () => {
  const forbidden =
    /^(sh|bash|sudo|ssh|exec|restart|reload|start|stop|delete|apply|patch|scale|set|cordon|drain|rm|reset-failed|pg_resetwal|--send-alert-test|-c)$/
  for (const { argv } of estate.commands) for (const word of argv) expect(word).not.toMatch(forbidden)
  const used = new Set(estate.checks.flatMap((check) => ('command' in check ? [check.command] : [])))
  expect(estate.commands.map((command) => command.id).filter((id) => !used.has(id))).toEqual([])
})

test('STATEFUL_AA is the one declaration nothing here can establish', () => {
  const established = new Set(estate.checks.flatMap((check) => check.establishes ?? []))
  expect(EstablishedDeclaration.options.filter((one) => !established.has(one))).toEqual(['STATEFUL_AA'])
})

test('every condition of the runner gate has its check (5.3, 11), and what no check looks at is not listed', () => {
  const kinds = (id: string) => estate.releases?.find((group) => group.id === id)?.needs.map((need) => estate.checks.find((check) => check.id === need)?.kind)
  expect(kinds('runners')).toEqual(['postgres', 'http', 'http', 'k8s', 'http', 'load-window', 'runner-guardrails', 'textfile', 'runaway'])
  expect(estate.releases?.map((group) => group.id)).toEqual(['momo-scheduler', 'sentry-uptime-checker', 'runners'])
})
