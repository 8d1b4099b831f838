import { z } from 'zod'
import { PlainPath } from './backup-checks.ts'
import { checkBase, HttpUrl, MaxAge, Path, Pattern, Pointer } from './check-base.ts'
import { Count, line, Time } from './primitives.ts'

/** Checks of what a product runs on and is fed from, and of a registry; and their facts. Recorded rounds carry these kinds without settings. */

const Live = z.strictObject({ url: HttpUrl, pointer: Pointer.describe('member of a JSON answer; empty: the whole answer') })

/** `git ls-remote` of a branch or a tag, or a text that names the version once. */
const Repository = z.union([
  z.strictObject({
    git: z
      .string()
      .max(300)
      .regex(/^(https?:\/\/|ssh:\/\/|\/)[A-Za-z0-9_.:/@~-]+$/, 'an http, https or ssh URL, or an absolute path, without a password')
      .refine((text) => !/\/\/[^/@]*:[^/@]*@/.test(text), 'holds a password'),
    ref: z.string().regex(/^refs\/(heads|tags)\/[A-Za-z0-9_][A-Za-z0-9_./-]{0,150}$/, 'refs/heads/… or refs/tags/…'),
  }),
  z.strictObject({ url: HttpUrl, matches: Pattern.describe('regular expression whose first group is the version') }),
])

export const ReleaseParityCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('release-parity'),
  live: Live.optional(),
  repository: Repository.optional(),
  compare: z
    .enum(['exact', 'commit'])
    .optional()
    .describe('commit: one is the beginning of the other, of at least 7 hexadecimal digits; exact where it is left out'),
  ca_file: Path.optional(),
})

export const ReleaseParityFacts = z.strictObject({ live: line(120), repository: line(120) })

export const SourcePresenceCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('source-presence'),
  remote: line(500)
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*:/, 'an rclone path such as gdrive:intake')
    .optional()
    .describe('folder that new source files arrive in'),
  rclone_config: PlainPath.optional(),
  matches: Pattern.optional().describe('name of a source file'),
  max_age_s: MaxAge.optional().describe('age of a file that counts as new'),
  min_bytes: Count.optional().describe('smaller files hold nothing but a header'),
})

export const SourcePresenceFacts = z.strictObject({ available: z.boolean(), newest_at: Time.nullable(), candidates: Count.nullable() })

export const RegistryCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('registry'),
  scope: z
    .array(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/, 'the name of an agent'))
    .min(1)
    .max(200)
    .optional()
    .describe('agents that must be registered'),
  route: HttpUrl.optional().describe('read-only route of the dashboard; its status code is a fact and no acceptance'),
  ca_file: Path.optional(),
})

export const RegistryFacts = z.strictObject({
  coverage_scope: Count.nullable(),
  direct_active: Count.nullable(),
  no_transport: Count.nullable(),
  ssh_blocked: Count.nullable(),
  route_code: Count.nullable(),
  transport_count: Count.nullable(),
  dashboard_api_connection: z
    .string()
    .regex(/^[a-z0-9_]{1,60}$/)
    .nullable(),
  dashboard_index_ok: Count.nullable(),
  agents_registered: Count.nullable(),
  agents_active: Count.nullable(),
})
