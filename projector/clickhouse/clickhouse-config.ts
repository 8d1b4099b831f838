import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { EvidenceError } from '../../schemas/errors.ts'

/** An HTTP(S) address without credentials, or `chdb:DIR` for the in-process engine on a folder of its own. */
const Address = z.string().regex(/^(https?:\/\/[^\s@]+|chdb:.+)$/, 'neither http(s)://HOST:PORT without user and password, nor chdb:DIR')

export const ClickhouseConfig = z.strictObject({
  url: Address,
  user: z.string().min(1).default('default'),
  password: z.string().default(''),
  database: z
    .string()
    .regex(/^[a-z][a-z0-9_]{0,62}$/, 'not a plain lower-case name')
    .default('evidence'),
  caFile: z.string().min(1).nullable().default(null),
  timeoutMs: z.coerce.number().int().min(100).max(3_600_000).default(30_000),
})
export type ClickhouseConfig = z.infer<typeof ClickhouseConfig>

const PREFIX = 'EVIDENCE_CLICKHOUSE_'
const SETTINGS: Readonly<Record<string, keyof ClickhouseConfig | 'passwordFile'>> = {
  URL: 'url',
  USER: 'user',
  PASSWORD: 'password',
  PASSWORD_FILE: 'passwordFile',
  DATABASE: 'database',
  CA_FILE: 'caFile',
  TIMEOUT_MS: 'timeoutMs',
}

/**
 * Settings from `EVIDENCE_CLICKHOUSE_*` (docs/clickhouse.md); `url` overrides `EVIDENCE_CLICKHOUSE_URL`. The password
 * comes from the environment or a file only, never from a command line or an address. Throws `usage`, `file_unreadable`.
 */
export function readClickhouseConfig(env: Readonly<Record<string, string | undefined>>, url?: string): ClickhouseConfig {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith(PREFIX) || value === undefined || value === '') continue
    const setting = SETTINGS[name.slice(PREFIX.length)]
    if (setting === undefined) throw usage(`unknown setting ${name}`)
    given[setting] = value
  }
  if (url !== undefined) given.url = url
  const { passwordFile, ...rest } = given
  if (passwordFile !== undefined && rest.password !== undefined) throw usage(`${PREFIX}PASSWORD and ${PREFIX}PASSWORD_FILE exclude each other`)
  const parsed = ClickhouseConfig.safeParse(passwordFile === undefined ? rest : { ...rest, password: readSecret(passwordFile) })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw usage(`ClickHouse setting ${issue?.path.join('.')}: ${issue?.message}`)
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
  } catch (error) {
    throw new EvidenceError('file_unreadable', `${PREFIX}PASSWORD_FILE cannot be read`, { cause: error })
  }
}

function usage(message: string): EvidenceError {
  return new EvidenceError('usage', message, {
    remedy: `settings are ${Object.keys(SETTINGS)
      .map((one) => PREFIX + one)
      .join(' ')} (docs/clickhouse.md)`,
  })
}
