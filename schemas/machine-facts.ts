import { z } from 'zod'
import { Count, Finite, line, Sha256Hex, Slug, Time } from './primitives.ts'

/** Facts of what runs on a machine. As everywhere, `null` says "not observed". */

const Word = line(60)

export const SystemdFacts = z.strictObject({
  units: z
    .array(
      z.strictObject({
        name: line(200),
        load: Word.describe('loaded, not-found, masked, …'),
        active: Word.describe('active, inactive, failed, activating, …'),
        sub: Word,
        result: Word.nullable().describe('success, or why the unit last ended'),
        enabled: Word.nullable().describe('enabled, disabled, static, …; null where systemd says nothing'),
        restarts: Count.nullable().describe('null for units that are no service'),
        type: Word.nullable().optional().describe('simple, forking, oneshot, …; null for units that are no service, left out of older events'),
      }),
    )
    .max(200),
  failed_units: z.array(line(200)).max(500).nullable().describe('every failed unit of the machine'),
})

export const DockerFacts = z.strictObject({
  containers: z
    .array(
      z.strictObject({
        name: line(128),
        status: Word.describe('running, restarting, exited, …; absent where there is no such container'),
        health: Word.nullable().describe('healthy, starting, unhealthy; null where it has no health check'),
        restarts: Count.nullable(),
        started_at: Time.nullable(),
        exit_code: z.number().int().min(-2147483648).max(2147483647).nullable(),
        oom_killed: z.boolean().nullable(),
      }),
    )
    .max(100),
})

export const CronFacts = z.strictObject({
  daemon: z.boolean().nullable().describe('a cron of root runs'),
  own_read: z.boolean().describe('the login user’s crontab was read, or that user has none'),
  system_read: z.boolean().describe('/etc/crontab and every file of /etc/cron.d were read'),
  jobs: Count.describe('active lines in all that was read'),
  bad_lines: z
    .array(z.strictObject({ source: line(300), line: Count }))
    .max(100)
    .describe('lines that cron cannot read; it ignores the whole file then'),
  entries: z
    .array(
      z.strictObject({
        id: Slug,
        owners: z.array(z.strictObject({ source: line(300), line: Count, schedule: line(100), user: line(64).nullable() })).max(100),
      }),
    )
    .max(50),
})

export const TokenMetadataFacts = z.strictObject({
  path: line(1000),
  type: z.enum(['file', 'empty', 'other', 'absent']).describe('what is there; a token is a file that is not empty'),
  uid: Count.nullable(),
  gid: Count.nullable(),
  mode: z
    .string()
    .regex(/^[0-7]{1,4}$/)
    .nullable()
    .describe('octal'),
  modified_at: Time.nullable(),
})

export const RunawayFacts = z.strictObject({
  orphans: z
    .array(
      z.strictObject({
        group: Count,
        program: line(60),
        processes: Count,
        age_s: Count,
        cpu_percent: Finite.describe('of one processor, over the life of its processes'),
      }),
    )
    .max(200)
    .describe('process groups of browsers whose parent is gone: what started them has ended'),
  attended_groups: Count.describe('browser groups whose parent still runs'),
  ci_containers: Count.nullable(),
  cpus: Count.nullable(),
  load5: Finite.nullable(),
  io_pressure_percent: Finite.nullable().describe('share of the last minute in which some task waited for storage'),
  memory_pressure_percent: Finite.nullable().describe('… for memory'),
})

export const LoadWindowFacts = z.strictObject({
  cpus: z.number().int().min(1).nullable(),
  load: z.tuple([Finite, Finite, Finite]).nullable().describe('averages of one, five and fifteen minutes'),
  uptime_s: Finite.nullable(),
})

const Limit = z.union([Finite, z.literal('infinity')]).nullable()

export const RunnerGuardrailsFacts = z.strictObject({
  units: z
    .array(
      z.strictObject({
        name: line(200),
        load: Word,
        active: Word,
        cpu_quota_percent: Limit.describe('CPUQuota; infinity: no limit'),
        memory_max_bytes: Limit,
        watchdog_us: Limit.describe('WatchdogUSec; 0: no watchdog'),
      }),
    )
    .max(100),
})

/** Log lines that tell of storage damaged by a dirty reboot (runbook §10.1); the last two are the kernel's own. */
export const StorageSignature = z.enum([
  ...(['bad_message', 'needs_cleaning', 'unknown_codec', 'no_valid_checkpoint', 'malformed_checkpoint_line', 'broken_part'] as const),
  ...(['file_system_error', 'device_error'] as const),
])
export type StorageSignature = z.infer<typeof StorageSignature>

export const StorageSignaturesFacts = z.strictObject({
  sources: z
    .array(
      z.strictObject({
        source: line(1020).describe('kernel, container NAME, or file PATH'),
        lines: Count.nullable().describe('lines searched; null where the source could not be read'),
        found: z.array(z.strictObject({ signature: StorageSignature, lines: Count })).max(8),
      }),
    )
    .max(101),
})

export const KnownHostsFacts = z.strictObject({
  path: line(1000),
  exists: z.boolean(),
  modified_at: Time.nullable(),
  entries: z
    .array(
      z.strictObject({
        host: line(253),
        port: Count,
        state: z.enum(['verified', 'other_keys', 'revoked', 'absent']).describe('verified: the declared key is there; other_keys: only others are'),
      }),
    )
    .max(100),
  deploy: z
    .strictObject({ path: line(1000), exists: z.boolean(), same_file: z.boolean().nullable().describe('a link to, or the same as, the other file') })
    .nullable(),
})

export const ScriptParityFacts = z.strictObject({
  scripts: z
    .array(
      z.strictObject({
        repository: line(1000),
        live: line(1000),
        repository_sha256: Sha256Hex.nullable().describe('null: no such file'),
        live_sha256: Sha256Hex.nullable().describe('null: no such file'),
      }),
    )
    .max(50),
})

export const PingFacts = z.strictObject({
  address: line(253),
  sent: z.number().int().min(1),
  received: Count,
  average_ms: Finite.nullable().describe('null where no answer came'),
})

export const ArpFacts = z.strictObject({
  address: line(15),
  entries: z
    .array(z.strictObject({ device: line(60), complete: z.boolean(), mac: line(60) }))
    .max(50)
    .describe('of this address; none where this machine has not asked for it'),
})
