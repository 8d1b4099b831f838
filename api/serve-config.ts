import { z } from 'zod'
import { EvidenceError } from '../schemas/errors.ts'
import { ROLES } from './access/principal.ts'

const File = z.string().min(1).max(4096)
const Origin = z.string().regex(/^https?:\/\/[a-z0-9.-]+(:\d{1,5})?$|^https?:\/\/\[[0-9a-f:]+\](:\d{1,5})?$/, 'not an origin such as https://console.example')
const HostName = z.string().regex(/^[a-z0-9.-]{1,253}$|^\[[0-9a-f:]+\]$/, 'not a host name in lower case without a port')
const Address = z.string().regex(/^[0-9a-fA-F:.]+(\/\d{1,3})?$/, 'not an IP address or network')
const seconds = (most: number) => z.int().min(1).max(most)

/** Asymmetric only: a symmetric algorithm would make the public key a password (docs/api-access.md). */
export const JWT_ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'] as const

const Oidc = z.strictObject({
  issuer: z.url({ protocol: /^https?$/ }).describe('`iss` of every token, exactly; also where its metadata is found'),
  audience: z.string().min(1).max(200).describe('`aud` must name it'),
  jwks_uri: z
    .url({ protocol: /^https?$/ })
    .nullable()
    .default(null)
    .describe('null: from the metadata of the issuer'),
  algorithms: z.array(z.enum(JWT_ALGORITHMS)).min(1).default(['RS256', 'ES256', 'PS256', 'EdDSA']),
  clock_tolerance_s: z.int().min(0).max(300).default(30),
  subject_claim: z.string().min(1).max(100).default('sub'),
  roles_claim: z.string().min(1).max(100).default('roles').describe('claim with a text or a list of texts; dots lead into objects'),
  roles: z
    .record(z.string().min(1).max(200), z.strictObject({ roles: z.array(z.enum(ROLES)).min(1), source_prefix: z.string().min(1).max(200).optional() }))
    .refine((map) => Object.keys(map).length > 0, 'names no role')
    .describe('value of the claim -> roles here; `source_prefix` is needed for a producer'),
})
export type OidcConfig = z.infer<typeof Oidc>

const Tls = z.strictObject({ cert_file: File, key_file: File })

/** Everything the service can be told, once: unknown keys are refused, defaults are what a small installation needs. */
export const ServeConfig = z.strictObject({
  ledger: File.default('./evidence.db').describe('the local ledger; made where it is missing'),
  host: z.string().min(1).max(253).default('127.0.0.1').describe('address to listen on; any but the loopback needs authentication'),
  port: z.int().min(0).max(65_535).default(8480).describe('0: any free one'),
  estates: z.array(File).max(50).default([]).describe('estate files that rounds may be run over'),
  clickhouse: z.string().min(1).nullable().default(null).describe('URL: read history, snapshots and rounds from ClickHouse'),
  brokers: z.array(z.string().min(1)).max(50).nullable().default(null).describe('append to Kafka instead of the local ledger'),
  kafka_config: File.nullable().default(null).describe('Kafka settings as JSON (docs/kafka.md)'),
  access_file: File.nullable().default(null).describe('tokens of `evidence token create`; null: <ledger>.access.db where it exists'),
  audit_file: File.nullable().default(null).describe('audit trail; null: <ledger>.audit.db'),
  oidc: Oidc.nullable().default(null).describe('JWTs of an OpenID provider; null: none are taken'),
  tls: Tls.nullable().default(null).describe('serve HTTPS; null: HTTP, for the loopback or behind a proxy that ends TLS'),
  allowed_hosts: z.array(HostName).max(100).default([]).describe('further names in the Host header; the loopback and `host` always count'),
  cors_origins: z.array(Origin).max(20).default([]).describe('web origins that may read answers; none: CORS is off'),
  trusted_proxies: z.array(Address).max(20).default([]).describe('whose X-Forwarded-For is believed; none: nobody'),
  public_metrics: z.boolean().default(false).describe('/metrics without credentials'),
  requests_per_minute: z.int().min(1).max(1_000_000).default(1200).describe('of one principal, or of one address without credentials'),
  failures_per_minute: z.int().min(1).max(100_000).default(30).describe('failed credentials of one address; more are not even looked at'),
  max_body_bytes: z.int().min(1024).max(1_073_741_824).default(8_388_608),
  max_header_bytes: z.int().min(1024).max(65_536).default(16_384),
  headers_timeout_s: seconds(600).default(10).describe('until the headers of a request are there'),
  request_timeout_s: seconds(3600).default(30).describe('until a request is there whole'),
  idle_timeout_s: seconds(3600).default(120).describe('of a connection on which nothing moves'),
  max_connections: z.int().min(1).max(100_000).default(1000),
  max_live_readers: z.int().min(1).max(100_000).default(500),
  shutdown_timeout_s: seconds(600).default(20).describe('for requests at hand; then connections are cut'),
  log_level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
})
export type ServeConfig = z.infer<typeof ServeConfig>

/** Checks settings as they came from a file and the command line. Throws `usage` naming the key, never the value. */
export function parseServeConfig(value: unknown): ServeConfig {
  const parsed = ServeConfig.safeParse(value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw usage(`${issue?.path.join('.') || 'settings'}: ${issue?.message ?? 'invalid'}`)
  }
  const { oidc, brokers, kafka_config, clickhouse } = parsed.data
  for (const [value, { roles, source_prefix }] of Object.entries(oidc?.roles ?? {})) {
    if (roles.includes('producer') && source_prefix === undefined) throw usage(`oidc.roles.${value}: a producer needs a source_prefix`)
  }
  if ((brokers !== null || kafka_config !== null) && clickhouse === null) {
    throw usage('brokers without clickhouse: what is appended to Kafka is read back from ClickHouse')
  }
  return parsed.data
}

function usage(message: string): EvidenceError {
  return new EvidenceError('usage', `settings of serve: ${message}`, { remedy: 'docs/api-access.md has every key' })
}
