import { z } from 'zod'
import { BackupHealthFacts, OffsiteFacts } from './backup-checks.ts'
import { ImportJobFacts } from './import-checks.ts'
import {
  ArpFacts,
  CronFacts,
  DockerFacts,
  KnownHostsFacts,
  LoadWindowFacts,
  PingFacts,
  RunawayFacts,
  RunnerGuardrailsFacts,
  ScriptParityFacts,
  StorageSignaturesFacts,
  SystemdFacts,
  TokenMetadataFacts,
} from './machine-facts.ts'
import { AlertmanagerFacts, PrometheusFacts } from './monitoring-checks.ts'
import { ArgocdFacts, CronjobsFacts, K8sFacts } from './platform-checks.ts'
import { Count, DateOnly, FailureReason, Finite, line, Ms, Sha256Hex, Slug, Time } from './primitives.ts'
import { RegistryFacts, ReleaseParityFacts, SourcePresenceFacts } from './product-checks.ts'
import { PostgresFacts, RedisFacts } from './service-facts.ts'
import { SqlFreshnessFacts, SqlParityFacts } from './sql-checks.ts'

/**
 * What each probe kind reports: facts, never judgement. `null` says "not observed"; judging treats it as no evidence.
 * A kind's facts are part of `evidence.<kind>.observed.v1`; a changed meaning is a new event version.
 */

/** One try of a probe. `ok`: looked and met the check's expectation; `unmet`: looked, not met; else why it could not look. */
export const Attempt = z.strictObject({
  started_at: Time,
  ms: Ms,
  outcome: z.enum(['ok', 'unmet', ...FailureReason.options]),
})
export type Attempt = z.infer<typeof Attempt>

/** An HTTP try keeps what it saw, because policies before 1.61 count only the first one. `status` null: no answer. */
export const HttpAttempt = Attempt.extend({
  status: z.number().int().min(100).max(599).nullable(),
  body_ok: z
    .boolean()
    .nullable()
    .describe('body assertion held; null where none is declared or no answer came; false also where the answer is that of a web server without the site'),
})

export const TcpFacts = z.strictObject({ address: line(253), port: z.number().int().min(1).max(65535), connected: z.literal(true) })

export const HttpFacts = z.strictObject({
  url: line(2000),
  status: z.number().int().min(100).max(599),
  bytes: Count.nullable(),
  body_sha256: Sha256Hex.nullable(),
  redirect_host: line(253).nullable().describe('host of the Location header; redirects are never followed'),
})

export const TlsFacts = z.strictObject({
  address: line(253),
  port: z.number().int().min(1).max(65535),
  server_name: line(253),
  chain_ok: z.boolean(),
  chain_error: line(80).nullable(),
  name_ok: z.boolean(),
  not_before: Time,
  not_after: Time,
  issuer: line(200).nullable(),
  fingerprint_sha256: Sha256Hex,
})

const Usage = z.strictObject({ total_bytes: Count, available_bytes: Count })

/** Zero in all where a file system makes them as it needs them. */
const Inodes = z.strictObject({ total: Count, available: Count })
export const HostFacts = z.strictObject({
  boot_id: line(64).nullable(),
  boot_time: Time.nullable(),
  uptime_s: Finite.nullable(),
  kernel: line(120).nullable(),
  systemd: z
    .strictObject({
      present: z.boolean(),
      state: line(40).nullable().describe('output of systemctl is-system-running; null where there is no systemd'),
      failed_units: z.array(line(200)).max(500).nullable(),
    })
    .nullable(),
  cpus: z.number().int().min(1).nullable(),
  load: z.tuple([Finite, Finite, Finite]).nullable(),
  memory: Usage.nullable(),
  swap: z.strictObject({ total_bytes: Count, used_bytes: Count }).nullable(),
  disks: z
    .array(z.strictObject({ mount: line(300), fstype: line(60), total_bytes: Count, available_bytes: Count, inodes: Inodes.nullable().optional() }))
    .max(500)
    .nullable()
    .describe('inodes are null where nobody could say, and left out of older events'),
  readonly_mounts: z.array(line(300)).max(500).nullable().describe('read-only mounts of writable file-system types'),
  clock_ahead_s: Finite.nullable().optional().describe('its clock against that of the round; left out of older events'),
})

export const TextfileFacts = z.strictObject({
  source: line(2000),
  modified_at: Time.nullable(),
  series: Count,
  samples: z
    .array(
      z.strictObject({
        name: line(200),
        labels: z.record(line(100), line(500)),
        value: z.union([Finite, z.enum(['NaN', '+Inf', '-Inf'])]),
      }),
    )
    .max(500)
    .describe('only the series that the check declares'),
})

export const FileFacts = z.strictObject({
  path: line(1000),
  exists: z.boolean(),
  size_bytes: Count.nullable(),
  modified_at: Time.nullable(),
  sha256: Sha256Hex.nullable(),
})

export const FreshnessFacts = z.strictObject({
  source: line(2000),
  status: line(60).nullable(),
  latest_date: DateOnly.nullable(),
  age_days: z.number().int().min(-3660).max(36600).nullable().describe('age as the source itself counted it; judged as read'),
  blockers: z
    .array(z.string().regex(/^[A-Za-z0-9_.:-]{1,120}$/))
    .max(200)
    .nullable(),
})

export const CommandFacts = z.strictObject({
  command: Slug,
  argv_sha256: Sha256Hex,
  exit_code: z.literal(0).describe('anything else is evidence.check.failed with exit_status'),
  stdout_bytes: Count,
  stdout_sha256: Sha256Hex,
  matched: z.boolean().nullable().describe('stdout met the declared expectation; null where none is declared'),
})

export const EscrowFacts = z.strictObject({
  source: line(1000),
  markers: z
    .array(
      z.strictObject({
        item: z.string().regex(/^[a-z][a-z0-9_]{2,63}$/),
        present: z.boolean(),
        marked_at: Time.nullable(),
        evidence_id_sha256: Sha256Hex.nullable(),
      }),
    )
    .max(100),
})

/** Facts schema of every kind; adding a kind is a line here, a judging rule and a test. */
export const FACTS = {
  tcp: TcpFacts,
  http: HttpFacts,
  tls: TlsFacts,
  host: HostFacts,
  textfile: TextfileFacts,
  file: FileFacts,
  freshness: FreshnessFacts,
  command: CommandFacts,
  escrow: EscrowFacts,
  k8s: K8sFacts,
  argocd: ArgocdFacts,
  'backup-health': BackupHealthFacts,
  offsite: OffsiteFacts,
  registry: RegistryFacts,
  'sql-parity': SqlParityFacts,
  'source-presence': SourcePresenceFacts,
  'release-parity': ReleaseParityFacts,
  postgres: PostgresFacts,
  redis: RedisFacts,
  'sql-freshness': SqlFreshnessFacts,
  systemd: SystemdFacts,
  docker: DockerFacts,
  prometheus: PrometheusFacts,
  alertmanager: AlertmanagerFacts,
  cron: CronFacts,
  'token-metadata': TokenMetadataFacts,
  runaway: RunawayFacts,
  'load-window': LoadWindowFacts,
  'runner-guardrails': RunnerGuardrailsFacts,
  'storage-signatures': StorageSignaturesFacts,
  'known-hosts': KnownHostsFacts,
  'script-parity': ScriptParityFacts,
  ping: PingFacts,
  arp: ArpFacts,
  'import-job': ImportJobFacts,
  cronjobs: CronjobsFacts,
} as const

export type FactsKind = keyof typeof FACTS
export type FactsOf<K extends FactsKind> = z.infer<(typeof FACTS)[K]>

/** Every kind of check; `delegated` reports through an event type of its own. */
export const PROBE_KINDS = [
  'tcp',
  'http',
  'tls',
  'host',
  'textfile',
  'file',
  'freshness',
  'command',
  'delegated',
  'escrow',
  'postgres',
  'redis',
  'sql-freshness',
  'sql-parity',
  'systemd',
  'docker',
  'prometheus',
  'alertmanager',
  'cron',
  'token-metadata',
  'backup-health',
  'runaway',
  'load-window',
  'runner-guardrails',
  'offsite',
  'storage-signatures',
  'known-hosts',
  'k8s',
  'argocd',
  'script-parity',
  'ping',
  'arp',
  'import-job',
  'cronjobs',
  'release-parity',
  'source-presence',
  'registry',
] as const
export type ProbeKind = (typeof PROBE_KINDS)[number]
export type CheckKind = ProbeKind
