import { z } from 'zod'
import { checkBase, Path, Percent, Port } from './check-base.ts'
import { line } from './primitives.ts'

/** Checks of databases and caches. */

/** A name or an address that is one plain word of a command line; it never starts with a dash. */
export const Address = line(253).regex(/^[A-Za-z0-9_[/][A-Za-z0-9_.:\]/-]*$/, 'a host name or an address')

export const PostgresCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('postgres'),
  address: Address.default('localhost').describe('as seen from the host of the check; a path is a socket directory'),
  port: Port.default(5432),
  cluster: z
    .string()
    .regex(/^\d{1,2}(\.\d{1,2})?\/[A-Za-z0-9][A-Za-z0-9_.-]{0,59}$/, 'version/name, such as 14/main')
    .optional()
    .describe('Debian cluster that must itself be online'),
  log: Path.optional().describe('server log that must hold no open WAL or checkpoint signature'),
})

export const RedisCheck = z.strictObject({
  ...checkBase,
  kind: z.literal('redis'),
  address: Address.default('localhost').describe('as seen from the host of the check'),
  port: Port.default(6379),
  replication: z.enum(['master', 'slave']).optional().describe('what it must be'),
  max_memory_used_percent: Percent.optional(),
})
