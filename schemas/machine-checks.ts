import { z } from 'zod'
import { checkBase, MaxAge, Path, Pattern, Percent } from './check-base.ts'
import { Count, line, Slug, Time } from './primitives.ts'

/** Checks of what runs on a machine. */

/** A systemd unit with its suffix, as one plain word of a command line. */
export const UnitName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9@:_.-]*\.(service|timer|socket|mount|target|path|slice|scope)$/, 'a unit with its suffix, such as cron.service')
  .max(200)
const Units = z.array(UnitName).max(100)

export const SystemdCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('systemd'),
  units: Units.min(1).describe('units that must be loaded and active'),
  stopped_units: Units.default([]).describe('units that must be neither active nor enabled'),
  explained_failed_units: z.array(z.string().max(200)).max(100).default([]),
  max_restarts: Count.optional().describe('restarts systemd itself made of each unit since it was started by hand or at boot'),
})

/** A container's name, as Docker takes it. */
export const ContainerName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'a container name')
  .max(128)

export const DockerCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('docker'),
  containers: z.array(ContainerName).min(1).max(100).describe('containers that must be running, and healthy where they say'),
  health: z.enum(['required', 'if_present']).default('if_present').describe('whether each must have a health check'),
  max_restarts: Count.optional().describe('restarts that Docker made of each'),
  warm_up_s: z.number().int().min(0).max(86_400).default(120).describe('seconds after its start in which a container is not yet judged up'),
})

export const CronCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('cron'),
  entries: z
    .array(
      z.strictObject({
        id: Slug.describe('name of the work in facts and reasons'),
        command: Pattern.describe('its command matches this'),
        schedule: line(100).optional().describe('its five fields, or @daily and the like, are exactly these'),
        user: line(64).optional().describe('the user it runs as; needs a system crontab'),
      }),
    )
    .min(1)
    .max(50)
    .describe('work that must be scheduled, each exactly once'),
})
export type CronEntry = z.infer<typeof CronCheck>['entries'][number]

/** Numeric user or group. */
const Id = z.number().int().min(0).max(4_294_967_294)

export const TokenMetadataCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('token-metadata'),
  path: Path.describe('the token file; it is never opened'),
  uid: Id.describe('its owner, such as the user a scheduler runs as'),
  gid: Id.optional(),
  max_mode: z
    .string()
    .regex(/^[0-7]{3,4}$/, 'an octal mode such as "600"')
    .default('600')
    .describe('permissions that it may have; every other bit is too wide'),
  max_age_s: MaxAge.optional(),
})

/** Name of a program as the kernel keeps it: at most fifteen characters. */
const ProgramName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/, 'a program name of at most 15 characters')

export const RunawayCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('runaway'),
  browsers: z.array(ProgramName).min(1).max(20).default(['chrome', 'chromium', 'headless_shell', 'chrome-headless', 'firefox']),
  min_age_s: z.number().int().min(0).max(86_400).default(300).describe('a group younger than this may still be about to end'),
  ci_containers: Pattern.optional().describe('names of containers that are legitimate CI work'),
  max_load_per_core: z.number().min(0).max(1000).default(1).describe('five-minute load; above it CI must be at work'),
})

export const LoadWindowCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('load-window'),
  below_per_core: z.number().gt(0).max(1000).default(1).describe('each load average per processor must be below this'),
})

export const RunnerGuardrailsCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('runner-guardrails'),
  pattern: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9@:_.*-]*$/, 'unit names with * for any text, such as actions.runner.*')
    .max(200),
  min_units: z.number().int().min(1).max(100).default(1),
  max_cpu_quota_percent: z.number().gt(0).max(100_000).default(200),
  max_memory_bytes: Count.default(2_147_483_648),
})

export const StorageSignaturesCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('storage-signatures'),
  kernel: z.boolean().default(true).describe('search the kernel log of this boot'),
  containers: z.array(ContainerName).max(50).default([]),
  files: z.array(Path).max(50).default([]).describe('log files; the last mebibyte of each is searched'),
  since_hours: z.number().int().min(1).max(168).default(24).describe('how far back container logs are searched'),
})

export const KnownHostsCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('known-hosts'),
  path: Path.describe('the known_hosts file of an operator or a runner, on the host of the check'),
  entries: z
    .array(
      z.strictObject({
        host: line(253).min(1).describe('name or address as ssh is given it'),
        port: z.number().int().min(1).max(65535).default(22),
        fingerprint: z.string().regex(/^SHA256:[A-Za-z0-9+/]{43}$/, 'a fingerprint as ssh-keygen -l prints it: SHA256:…'),
      }),
    )
    .min(1)
    .max(100)
    .describe('verified keys that must still be there'),
  deploy_path: Path.optional().describe('trust of deployments, which must be another file'),
  unchanged_since: Time.optional().describe('the file must not have been written after this'),
})

export const ScriptParityCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('script-parity'),
  scripts: z
    .array(
      z.strictObject({
        repository: Path.describe('the script as the repository has it, on this machine'),
        live: Path.regex(/^\//, 'a whole path, from /').describe('the script as the host of the check runs it'),
      }),
    )
    .min(1)
    .max(50),
})

export const PingCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('ping'),
  address: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.:-]*$/, 'a name or an address')
    .max(253),
  count: z.number().int().min(1).max(10).default(2),
  max_loss_percent: Percent.default(0),
})

export const ArpCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('arp'),
  address: z.ipv4().describe('an address of the same network'),
  mac: z
    .string()
    .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/, 'a hardware address in lower case, such as 02:fc:00:00:00:05')
    .optional(),
})
