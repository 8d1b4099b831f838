import { z } from 'zod'
import { Count, line, Time } from './primitives.ts'

/** Facts of databases and caches. As everywhere, `null` says "not observed". */

const Port = z.number().int().min(1).max(65535)

/** Lines of a PostgreSQL log that tell of damaged WAL or checkpoints (runbook §4.3). */
export const WalSignature = z.enum(['no_valid_checkpoint', 'invalid_primary_checkpoint', 'unexpected_pageaddr', 'panic'])
export type WalSignature = z.infer<typeof WalSignature>

export const PostgresFacts = z.strictObject({
  address: line(253),
  port: Port,
  endpoint: z.enum(['accepting', 'rejecting', 'no_response']).describe('what pg_isready said of whoever listens there'),
  cluster: z
    .strictObject({
      name: line(80).describe('version/name'),
      state: line(80).describe('as pg_lsclusters says it, or absent'),
      port: Port.nullable(),
    })
    .nullable()
    .describe('the host’s own cluster, apart from containers that may answer on the same port'),
  log: z
    .strictObject({
      source: line(1000),
      size_bytes: Count,
      modified_at: Time,
      signatures: z
        .array(z.strictObject({ signature: WalSignature, lines: Count }))
        .max(4)
        .describe('since the cluster last said that it is ready'),
      healed_lines: Count.describe('signatures before that'),
    })
    .nullable(),
})

export const RedisFacts = z.strictObject({
  address: line(253),
  port: Port,
  reply: z
    .string()
    .regex(/^[A-Z]{2,20}$/)
    .describe('first word of the answer to PING: PONG, or an error such as LOADING'),
  version: line(40).nullable(),
  uptime_s: Count.nullable(),
  role: z.enum(['master', 'slave']).nullable(),
  master_link_up: z.boolean().nullable().describe('of a replica; null on a master'),
  loading: z.boolean().nullable(),
  rdb_save_ok: z.boolean().nullable().describe('the last background save'),
  aof_enabled: z.boolean().nullable(),
  aof_write_ok: z.boolean().nullable(),
  used_memory_bytes: Count.nullable(),
  max_memory_bytes: Count.nullable().describe('0: no limit'),
  evicts: z.boolean().nullable().optional().describe('false: when its memory is full it refuses writes; left out of older events'),
  replicas_enough: z.boolean().nullable().optional().describe('false: it refuses writes, because it needs replicas and has none'),
})
