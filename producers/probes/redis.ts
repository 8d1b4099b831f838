import type { CheckOf } from '../../schemas/estate.ts'
import { redisUnmet } from '../../schemas/expectations/redis.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunOptions } from '../transport.ts'
import { createLookBudget } from './look-budget.ts'
import { toUtf8Text } from './utf8-text.ts'

type Facts = FactsOf<'redis'>

const MAX_OUTPUT_BYTES = 1_048_576
const AUTH_ERRORS: ReadonlySet<string> = new Set(['NOAUTH', 'WRONGPASS', 'NOPERM'])

/**
 * Asks a Redis with `redis-cli` PING, and INFO once it answered. An error reply to PING is an answer; one about
 * passwords is a failed look, because no estate holds one.
 */
export async function probeRedis(check: CheckOf<'redis'>, context: ProbeContext): Promise<Look<'redis'>> {
  const budget = createLookBudget(context)
  const where = { address: check.address, port: String(check.port) }
  const reply = toReply(await askRedis(commandLine('redis.ping', where), context, budget(MAX_OUTPUT_BYTES)))
  const info = readInfo(await askRedis(commandLine('redis.info', where), context, budget(MAX_OUTPUT_BYTES)))
  const facts: Facts = { address: check.address, port: check.port, reply, ...info }
  return { target: targetOf(check), asOf: null, met: redisUnmet(check, facts, context.now()).length === 0, facts }
}

async function askRedis(argv: readonly string[], { transport }: ProbeContext, options: RunOptions): Promise<string> {
  const result = await transport.run(argv, options)
  if (result.exitCode === 0) return toUtf8Text(result.stdout)
  const said = result.stderrLine
  if (/^Could not connect/u.test(said)) throw new ProbeFailure(/Connection refused$/u.test(said) ? 'refused' : 'unreachable', 'connect', scrubLine(said))
  throw new ProbeFailure('exit_status', 'exec', scrubLine(`redis-cli: exit code ${result.exitCode}${said === '' ? '' : `: ${said}`}`))
}

/** `PONG`, or the first word of an error; errors do not change the exit code of redis-cli. */
function toReply(text: string): Facts['reply'] {
  const word = /^(?:\(error\) )?([A-Z]{2,20})(?:\s|$)/u.exec(text)?.[1]
  if (word === undefined) throw new ProbeFailure('parse', 'parse', 'not an answer to PING')
  if (AUTH_ERRORS.has(word)) throw new ProbeFailure('auth', 'auth', `answers ${word}`)
  return word
}

/** Reads `key:value` lines; a key that is not there, or says something else than it may, is null. Pure. */
export function readInfo(text: string): Omit<Facts, 'address' | 'port' | 'reply'> {
  const values = new Map(text.split(/\r?\n/u).flatMap((line) => (/^[a-z0-9_]+:/u.test(line) ? [splitAt(line, line.indexOf(':'))] : [])))
  const count = (key: string): number | null => (/^\d{1,15}$/u.test(values.get(key) ?? '') ? Number(values.get(key)) : null)
  const word = (key: string, yes: string, no: string): boolean | null => (values.get(key) === yes ? true : values.get(key) === no ? false : null)
  const role = values.get('role')
  return {
    version: /^[\x21-\x7e]{1,40}$/u.exec(values.get('redis_version') ?? '')?.[0] ?? null,
    uptime_s: count('uptime_in_seconds'),
    role: role === 'master' || role === 'slave' ? role : null,
    master_link_up: word('master_link_status', 'up', 'down'),
    loading: word('loading', '1', '0'),
    rdb_save_ok: word('rdb_last_bgsave_status', 'ok', 'err'),
    aof_enabled: word('aof_enabled', '1', '0'),
    aof_write_ok: word('aof_last_write_status', 'ok', 'err'),
    used_memory_bytes: count('used_memory'),
    max_memory_bytes: count('maxmemory'),
    evicts: evicts(values.get('maxmemory_policy')),
    // The line is there only where a number is needed, which it does not tell: none is too few.
    replicas_enough: role === 'slave' ? true : role === 'master' ? count('min_slaves_good_slaves') !== 0 : null,
  }
}

/** A `volatile-…` policy evicts where it finds keys that expire, and refuses where not: nobody can say beforehand. */
function evicts(policy: string | undefined): boolean | null {
  if (policy === 'noeviction') return false
  return policy !== undefined && /^(?:allkeys|volatile)-/u.test(policy) ? true : null
}

function splitAt(line: string, at: number): [string, string] {
  return [line.slice(0, at), line.slice(at + 1)]
}
