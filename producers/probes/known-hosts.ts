import { EvidenceError } from '../../schemas/errors.ts'
import type { CheckOf } from '../../schemas/estate.ts'
import { knownHostsUnmet } from '../../schemas/expectations/known-hosts.ts'
import { FACTS, type FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure, type RunOptions } from '../transport.ts'
import { fingerprint } from '../transports/host-key.ts'
import { type KnownHosts, keysOf, parseKnownHosts } from '../transports/known-hosts.ts'
import { createLookBudget } from './look-budget.ts'
import { runCatalogue } from './run-catalogue.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

type Check = CheckOf<'known-hosts'>
type Facts = FactsOf<'known-hosts'>
const MAX_FILE_BYTES = 4_194_304

/** Looks whether verified host keys are still in a known_hosts file, and whether deployments keep theirs apart. It connects to none of them. */
export async function probeKnownHosts(check: Check, context: ProbeContext): Promise<Look<'known-hosts'>> {
  const budget = createLookBudget(context)
  // The time first: a file replaced in between then counts as older than it is, never as younger.
  const stat = await context.transport.stat(check.path, budget(MAX_FILE_BYTES))
  const known = stat.exists ? parse(toUtf8Text(await context.transport.readFile(check.path, budget(MAX_FILE_BYTES)))) : []
  const facts = toFacts(FACTS['known-hosts'], {
    path: check.path,
    exists: stat.exists,
    modified_at: stat.exists ? stat.modifiedAt : null,
    entries: check.entries.map(({ host, port, ...entry }) => ({ host, port, state: stateOf(known, host, port, entry.fingerprint) })),
    deploy: check.deploy_path === undefined ? null : await lookAtDeploy(check.path, check.deploy_path, context, budget),
  })
  return { target: targetOf(check), asOf: null, met: knownHostsUnmet(check, facts, context.now()).length === 0, facts }
}

/** A line that cannot be read may be the one that was written over; ssh itself would skip it in silence. */
function parse(text: string): KnownHosts {
  try {
    return parseKnownHosts(text)
  } catch (error) {
    if (error instanceof EvidenceError) throw new ProbeFailure('parse', 'parse', error.message, error)
    throw error
  }
}

function stateOf(known: KnownHosts, host: string, port: number, verified: string): Facts['entries'][number]['state'] {
  const keys = keysOf(known, host, port)
  const isIn = (blobs: readonly Buffer[]): boolean => blobs.some((blob) => fingerprint(blob) === verified)
  if (isIn(keys.revoked)) return 'revoked'
  if (isIn(keys.trusted)) return 'verified'
  return keys.trusted.length === 0 ? 'absent' : 'other_keys'
}

async function lookAtDeploy(own: string, deploy: string, context: ProbeContext, budget: (maxBytes: number) => RunOptions): Promise<Facts['deploy']> {
  const stat = await context.transport.stat(deploy, budget(4096))
  if (!stat.exists) return { path: deploy, exists: false, same_file: null }
  const [first, second] = [await identityOf(own, context, budget(4096)), await identityOf(deploy, context, budget(4096))]
  return { path: deploy, exists: true, same_file: first === second }
}

/** Device and inode: links of either sort lead to the same. */
async function identityOf(path: string, context: ProbeContext, options: RunOptions): Promise<string> {
  const result = await runCatalogue(context, commandLine('file.identity', { path }), options)
  const text = result.stdout.toString('utf8').trim()
  if (!/^\d+:\d+$/u.test(text)) throw new ProbeFailure('parse', 'read', 'stat printed something else')
  return text
}
