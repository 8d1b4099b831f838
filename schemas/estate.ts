import { z } from 'zod'
import { BackupHealthCheck, OffsiteCheck } from './backup-checks.ts'
import { checkBase, HttpUrl, MaxAge, Path, Pattern, Percent, Pointer, PolicyRefText, Port, SampleCondition, StatusPattern, TimeoutMs } from './check-base.ts'
import { ImportJobCheck } from './import-checks.ts'
import {
  ArpCheck,
  CronCheck,
  DockerCheck,
  KnownHostsCheck,
  LoadWindowCheck,
  PingCheck,
  RunawayCheck,
  RunnerGuardrailsCheck,
  ScriptParityCheck,
  StorageSignaturesCheck,
  SystemdCheck,
  TokenMetadataCheck,
} from './machine-checks.ts'
import { AlertmanagerCheck, PrometheusCheck } from './monitoring-checks.ts'
import { ArgocdCheck, CronjobsCheck, K8sCheck } from './platform-checks.ts'
import { BlockerClass, Count, GateId, KeyPrefix, line, OwnerGateId, Sha256Hex, Slug } from './primitives.ts'
import { RegistryCheck, ReleaseParityCheck, SourcePresenceCheck } from './product-checks.ts'
import { PostgresCheck, RedisCheck } from './service-checks.ts'
import { SqlFreshnessCheck, SqlParityCheck } from './sql-checks.ts'
import { GROUP_PHASES } from './timeline.ts'

/**
 * The estate: the machines, services and rules being judged. One YAML file, strict: unknown keys are refused.
 * Every setting says its unit in its name; docs/estate.md is the page for users.
 */

export const Host = z.strictObject({
  id: Slug,
  title: line(120).optional(),
  address: line(253).optional().describe('name or address; needed for transport ssh'),
  transport: z.enum(['local', 'ssh']).default('local'),
  ssh: z
    .strictObject({
      user: line(64),
      port: z.number().int().min(1).max(65535).default(22),
      key_file: Path.optional().describe('private key, read at run time, never stored; default: the ssh agent'),
    })
    .optional(),
})
export type Host = z.infer<typeof Host>

export const Gate = z.strictObject({ id: GateId, title: line(120).optional(), depends_on: z.array(GateId).default([]) })
export type Gate = z.infer<typeof Gate>

/** A named read-only command; nothing else can be run on a host. No shell: `argv` is executed as it is. */
export const Command = z.strictObject({
  id: Slug,
  argv: z.array(line(500)).min(1).max(40),
  description: line(200).optional(),
})
export type Command = z.infer<typeof Command>

const TcpCheck = z.strictObject({ ...checkBase, kind: z.literal('tcp'), address: line(253), port: Port })

const HttpCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('http'),
  url: HttpUrl,
  method: z.enum(['GET', 'HEAD']).default('GET'),
  expect: z.union([StatusPattern, z.array(StatusPattern).min(1).max(10)]).default('2xx'),
  body: z
    .union([z.strictObject({ contains: line(300) }), z.strictObject({ pointer: Pointer, equals: z.union([line(300), z.number(), z.boolean(), z.null()]) })])
    .optional(),
  ca_file: Path.optional().describe('trust only this CA for https'),
})

const TlsCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('tls'),
  address: line(253),
  port: Port.default(443),
  server_name: line(253).optional(),
  min_days_left: z.number().int().min(0).max(3650).default(14),
  renewed_after: z
    .string()
    .regex(/^\d{4}-\d{2}-\d{2}$/)
    .optional()
    .describe('met only by a certificate issued on or after this date'),
  ca_file: Path.optional(),
})

const HostCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('host'),
  systemd: z.enum(['required', 'if_present', 'ignore']).default('if_present'),
  explained_failed_units: z.array(line(200)).max(100).default([]),
  max_load_per_core: z.number().min(0).max(1000).optional(),
  min_memory_available_percent: Percent.optional(),
  max_swap_used_percent: Percent.optional(),
  min_disk_available_percent: Percent.optional(),
  disks: z.array(line(300)).max(50).optional().describe('mounts to judge; default: all'),
  allow_readonly_mounts: z.array(line(300)).max(100).default([]),
})

const TextfileCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('textfile'),
  path: Path.optional(),
  url: HttpUrl.optional(),
  metrics: z.array(SampleCondition).min(1).max(100),
  max_age_s: MaxAge.optional().describe('age of the file itself'),
})

const FileCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('file'),
  path: Path,
  max_age_s: MaxAge.optional(),
  min_bytes: Count.optional(),
  max_bytes: Count.optional(),
  sha256: Sha256Hex.optional(),
})

const FreshnessCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('freshness'),
  url: HttpUrl.optional(),
  path: Path.optional(),
  status_pointer: Pointer.optional(),
  latest_pointer: Pointer.optional(),
  age_pointer: Pointer.optional(),
  blockers_pointer: Pointer.optional(),
  ok_status: z.array(line(60)).min(1).max(20).default(['ok']),
  max_age_days: z.number().int().min(0).max(3660).optional(),
  max_age_s: MaxAge.optional().describe('age of the file itself, for path'),
})

const CommandCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('command'),
  command: Slug,
  equals: line(2000).optional().describe('stdout, trailing white space removed, is this'),
  matches: Pattern.optional().describe('stdout matches this regular expression'),
})

export const BlockerRule = z.strictObject({ match: Pattern, class: BlockerClass, gate: GateId.optional() })
export type BlockerRule = z.infer<typeof BlockerRule>

const DelegatedCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('delegated'),
  report: z.enum(['cold_start', 'quick_check', 'backup_status', 'escrow_report', 'other']),
  command: Slug.optional(),
  path: Path.optional().describe('read the report from a file instead of running a command'),
  ok_exit_codes: z.array(z.number().int().min(0).max(255)).max(10).default([0]),
  classify: z.array(BlockerRule).max(100).default([]),
  max_age_s: MaxAge.optional().describe('age of the report file'),
})

const EscrowCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('escrow'),
  path: Path.describe('directory with one marker file <item>.json an item'),
  max_age_s: MaxAge.optional(),
})

export const Check = z.discriminatedUnion('kind', [
  TcpCheck,
  HttpCheck,
  TlsCheck,
  HostCheck,
  TextfileCheck,
  FileCheck,
  FreshnessCheck,
  CommandCheck,
  DelegatedCheck,
  EscrowCheck,
  CronjobsCheck,
  ImportJobCheck,
  ArpCheck,
  PingCheck,
  ScriptParityCheck,
  KnownHostsCheck,
  StorageSignaturesCheck,
  RunnerGuardrailsCheck,
  LoadWindowCheck,
  RunawayCheck,
  TokenMetadataCheck,
  CronCheck,
  AlertmanagerCheck,
  PrometheusCheck,
  DockerCheck,
  SystemdCheck,
  SqlFreshnessCheck,
  RedisCheck,
  PostgresCheck,
  K8sCheck,
  ArgocdCheck,
  BackupHealthCheck,
  OffsiteCheck,
  RegistryCheck,
  SqlParityCheck,
  SourcePresenceCheck,
  ReleaseParityCheck,
])
export type Check = z.infer<typeof Check>
export type CheckOf<K extends Check['kind']> = Extract<Check, { kind: K }>

const EndOfDay = z.strictObject({
  cutoff: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM'),
  timezone: z.string().refine(isTimeZone, 'not an IANA time zone'),
  blockers: z.array(line(120)).min(1).max(50),
})

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: name })
    return true
  } catch {
    return false
  }
}

const CheckIds = z.array(Slug).min(1).max(50)

export const Sections = z.strictObject({
  products: z
    .array(
      z.strictObject({
        id: Slug,
        prefix: KeyPrefix,
        shape: z.enum(['feed', 'import']).describe('feed: status, date, blockers; import: release, parity, freshness, source'),
        release: z.boolean().describe('PRODUCT_DATA_GREEN needs it fresh'),
        freshness: Slug,
        parity: Slug.optional(),
        source: Slug.optional(),
        release_parity: Slug.optional(),
        end_of_day: EndOfDay.optional(),
      }),
    )
    .max(20)
    .optional(),
  backup: z.strictObject({ health: CheckIds, offsite: CheckIds.optional() }).optional(),
  escrow: z
    .strictObject({
      items: z
        .array(z.string().regex(/^[a-z][a-z0-9_]{2,63}$/))
        .min(1)
        .max(50),
      inventory: CheckIds,
    })
    .optional(),
  hygiene: z
    .array(z.strictObject({ prefix: KeyPrefix, service: CheckIds, hygiene: CheckIds }))
    .max(50)
    .optional(),
  registry: z.strictObject({ prefix: KeyPrefix, coverage: CheckIds }).optional(),
})
export type Sections = z.infer<typeof Sections>

/** Services that wait for checks of their own beside the conditions of their phase (runbook §11). */
export const ReleaseGroup = z.strictObject({
  id: Slug,
  title: line(120).optional(),
  phase: z.enum(GROUP_PHASES),
  needs: CheckIds.describe('checks that must be PASS'),
})
export type ReleaseGroup = z.infer<typeof ReleaseGroup>

/** Shape of an estate with its defaults filled in; references between its members are checked by `estateProblems`. */
export const Estate = z.strictObject({
  estate: Slug.describe('id of the estate'),
  version: z.string().regex(/^[\x21-\x7e]([\x20-\x7e]{0,38}[\x21-\x7e])?$/, '1 to 40 printable ASCII characters'),
  title: line(200).optional(),
  policy: PolicyRefText,
  known_hosts: Path.optional().describe('known_hosts file of this estate, relative to the estate file; needed for ssh'),
  limits: z
    .strictObject({
      per_host: z.number().int().min(1).max(8).default(4).describe('checks at once on one host'),
      overall: z.number().int().min(1).max(64).default(16).describe('checks at once'),
    })
    .prefault({}),
  defaults: z
    .strictObject({
      timeout_ms: TimeoutMs.default(5000),
      attempts: z.number().int().min(1).max(3).default(1),
      backoff_ms: z.number().int().min(0).max(60_000).default(500).describe('pause before a second try; doubles after each'),
      ttl_s: z.number().int().min(1).max(31_536_000).default(3600),
    })
    .prefault({}),
  hosts: z.array(Host).max(200).default([]),
  commands: z.array(Command).max(200).default([]),
  gates: z.array(Gate).min(1).max(100),
  checks: z.array(Check).min(1).max(1000),
  sections: Sections.prefault({}),
  owner_gates: z.array(OwnerGateId).max(50).default([]),
  // Without a default: digests of estates that came before it stay.
  releases: z.array(ReleaseGroup).max(50).optional().describe('service groups and what they wait for'),
})
export type Estate = z.infer<typeof Estate>
