import type { CheckOf } from '../../schemas/estate.ts'
import { releaseParityUnmet } from '../../schemas/expectations/release-parity.ts'
import { ReleaseParityFacts } from '../../schemas/product-checks.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import { atPointer } from '../json-pointer.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { isSecretLike, scrubLine } from '../scrub-line.ts'
import { ProbeFailure, type RunOptions } from '../transport.ts'
import { readCaFile } from './ca-file.ts'
import { exchangeHttp } from './http-exchange.ts'
import { getJson } from './http-json.ts'
import { createLookBudget } from './look-budget.ts'
import { toFacts } from './to-facts.ts'
import { toUtf8Text } from './utf8-text.ts'

type Check = CheckOf<'release-parity'>
type Repository = NonNullable<Check['repository']>

const MAX_BYTES = 1_048_576

/** Reads the version that a service says it runs, and the one that its repository has. */
export async function probeReleaseParity(check: Check, context: ProbeContext): Promise<Look<'release-parity'>> {
  const { live, repository } = check
  if (live === undefined || repository === undefined) throw new ProbeFailure('internal', 'probe', 'the check names no release')
  const budget = createLookBudget(context)
  const ca = await readCaFile(check.ca_file, context.baseDir)
  const answer = atPointer(await getJson({ url: live.url, ca, ...budget(MAX_BYTES) }), live.pointer)
  if (typeof answer !== 'string' && typeof answer !== 'number') throw new ProbeFailure('parse', 'parse', 'no version in the answer of the service')
  const text = 'git' in repository ? await gitHead(repository, context, budget(MAX_BYTES)) : await versionIn(repository, ca, budget(MAX_BYTES))
  const facts = toFacts(ReleaseParityFacts, { live: toVersion(String(answer)), repository: toVersion(text) })
  return { target: targetOf(check), asOf: null, met: releaseParityUnmet(check, facts).length === 0, facts }
}

/** A version is short and never a secret; anything else is no version. */
function toVersion(text: string): string {
  const version = text.trim()
  // A commit looks like a secret to the scanner and is none.
  const isCommit = /^[0-9a-f]{7,64}$/u.test(version)
  if (version === '' || version.length > 120 || (!isCommit && isSecretLike(version))) throw new ProbeFailure('parse', 'parse', 'not a version')
  return version
}

/** Exactly one line `<commit>\t<ref>`; an annotated tag has a second one, for the commit that it points to. */
async function gitHead({ git: source, ref }: Extract<Repository, { git: string }>, { transport }: ProbeContext, options: RunOptions): Promise<string> {
  const result = await transport.run(commandLine('git.head', { source, ref, peeled: `${ref}^{}` }), options)
  if (result.exitCode === 2) throw new ProbeFailure('unreachable', 'read', 'the repository has no such branch or tag')
  if (result.exitCode !== 0) throw new ProbeFailure('exit_status', 'exec', scrubLine(`git: exit code ${result.exitCode}: ${result.stderrLine}`))
  const lines = result.stdout.toString('utf8').trimEnd().split('\n')
  const commits = new Map(
    lines.flatMap((line) => (/^[0-9a-f]{40,64}\t/u.test(line) ? [[line.slice(line.indexOf('\t') + 1), line.slice(0, line.indexOf('\t'))] as const] : [])),
  )
  const commit = commits.get(`${ref}^{}`) ?? commits.get(ref)
  if (commit === undefined || commits.size !== lines.length) throw new ProbeFailure('parse', 'parse', 'not an answer of git ls-remote')
  return commit
}

/** The first group of the one place that matches; two places could name two versions. */
async function versionIn({ url, matches }: Extract<Repository, { url: string }>, ca: string | null, options: RunOptions): Promise<string> {
  const answer = await exchangeHttp({ url, method: 'GET', ca, ...options })
  if (answer.status === 401 || answer.status === 403) throw new ProbeFailure('auth', 'status', `HTTP status ${answer.status}`)
  if (answer.status < 200 || answer.status > 299) throw new ProbeFailure('exit_status', 'status', `HTTP status ${answer.status}`)
  if (!answer.complete) throw new ProbeFailure('parse', 'read', `more than ${MAX_BYTES} bytes`)
  const found = [...toUtf8Text(answer.body).matchAll(new RegExp(matches, 'gmu'))]
  if (found.length !== 1 || found[0]?.[1] === undefined) throw new ProbeFailure('parse', 'parse', `${found.length} places name the version`)
  return found[0][1]
}
