import { parseServeConfig, type ServeConfig } from '../api/serve-config.ts'
import { EvidenceError } from '../schemas/errors.ts'
import { parseJsonText } from '../schemas/json-text.ts'
import { readInputFile } from './read-input-file.ts'

const MAX_CONFIG_BYTES = 262_144

export type ServeOptions = {
  ledger?: string
  host?: string
  port?: number
  estate: string[]
  clickhouse?: string
  brokers?: string[]
  kafkaConfig?: string
  access?: string
  oidcIssuer?: string
  oidcAudience?: string
  config?: string
}

/** Settings of `evidence serve`: the file of `--config` (JSON), with what the command line says over it. Throws `usage`. */
export async function readServeOptions(options: ServeOptions): Promise<ServeConfig> {
  const file = options.config === undefined ? {} : await readSettings(options.config)
  const given = {
    ledger: options.ledger,
    host: options.host,
    port: options.port,
    estates: options.estate.length > 0 ? options.estate : undefined,
    clickhouse: options.clickhouse,
    brokers: options.brokers,
    kafka_config: options.kafkaConfig,
    access_file: options.access,
    oidc: oidcOver(file.oidc, options),
  }
  const named = Object.entries(given).filter(([, value]) => value !== undefined)
  return parseServeConfig({ ...file, ...Object.fromEntries(named) })
}

/** Issuer and audience may differ by installation; what claims mean stays in the file. */
function oidcOver(oidc: unknown, { oidcIssuer, oidcAudience }: ServeOptions): unknown {
  if (oidcIssuer === undefined && oidcAudience === undefined) return undefined
  const issuer = oidcIssuer === undefined ? {} : { issuer: oidcIssuer }
  const audience = oidcAudience === undefined ? {} : { audience: oidcAudience }
  return { ...(typeof oidc === 'object' ? oidc : {}), ...issuer, ...audience }
}

async function readSettings(path: string): Promise<Record<string, unknown>> {
  const bytes = await readInputFile(path, MAX_CONFIG_BYTES)
  const json = parseJsonText(Buffer.from(bytes).toString('utf8'))
  const remedy = 'docs/api-access.md has an example'
  if (!json.ok) throw new EvidenceError('usage', `${path}: ${json.reason} at ${json.pointer === '' ? '/' : json.pointer}`, { remedy })
  if (typeof json.value !== 'object' || json.value === null || Array.isArray(json.value))
    throw new EvidenceError('usage', `${path}: not a JSON object`, { remedy })
  return json.value as Record<string, unknown>
}
