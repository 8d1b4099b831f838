import { OFFSITE_SETTINGS } from '../../schemas/backup-checks.ts'
import type { CheckOf } from '../../schemas/estate.ts'
import { offsiteUnmet } from '../../schemas/expectations/offsite.ts'
import { FUTURE_SKEW_S } from '../../schemas/expectations/reason.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import { commandLine } from '../commands/catalogue.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { ProbeFailure, type RunResult } from '../transport.ts'
import { createLookBudget } from './look-budget.ts'
import { readRcloneFiles, readResticSnapshots, type Snapshot } from './offsite-lists.ts'
import { nullIfRefused } from './optional-fact.ts'

type Check = CheckOf<'offsite'>
type Facts = FactsOf<'offsite'>
type Detail = NonNullable<Facts['details']>[number]
type Run = (argv: readonly string[]) => Promise<RunResult | null>
type Setting = (typeof OFFSITE_SETTINGS)[number]
type Settings = { [K in Setting]: NonNullable<Check[K]> }

const MAX_OUTPUT_BYTES = 16_777_216
/** rclone's exit code for a folder that is not there. */
const NO_FOLDER = 3

/**
 * Compares restic repositories of a host with their mirror behind rclone, without a lock, a cache or a write: snapshots
 * here, names of snapshots there, the age of the latest and of the last full verification. What could not be read is
 * null and never taken for good.
 */
export async function probeOffsite(check: Check, context: ProbeContext): Promise<Look<'offsite'>> {
  const settings = readSettings(check)
  const budget = createLookBudget(context)
  const run: Run = (argv) => nullIfRefused(context.transport.run(argv, budget(MAX_OUTPUT_BYTES)))
  const remotes = await run(commandLine('rclone.remotes', { config: settings.rclone_config }))
  const details: { detail: Detail; fresh: boolean | null }[] = []
  // One after the other: restic works hard to open a repository, and a remote store counts requests.
  for (const repository of settings.repositories) details.push(await lookAt(repository, settings, run, context.now()))
  const marker = await nullIfRefused(context.transport.stat(settings.full_marker, budget(MAX_OUTPUT_BYTES)))
  const verifiedAt = marker?.exists ? marker.modifiedAt : null
  const facts: Facts = {
    configured: remotes?.exitCode === 0 ? remotes.stdout.toString('utf8').split('\n').includes(remoteName(settings)) : null,
    fresh: all(details.map((one) => one.fresh)),
    repositories: details.filter(({ detail }) => (detail.remote_snapshots ?? 0) > 0).length,
    latest_only: all(details.map(({ detail }) => (detail.remote_snapshots === null ? null : detail.remote_snapshots === 1))),
    remote_verify_ok: all(details.map(({ detail }) => detail.same)),
    full_verify_fresh: marker === null ? null : isYoung(verifiedAt, settings.full_marker_max_age_s, context.now()),
    details: details.map((one) => one.detail),
    full_verified_at: verifiedAt,
  }
  return { target: targetOf(check), asOf: null, met: offsiteUnmet(check, facts).length === 0, facts }
}

function readSettings(check: Check): Settings {
  if (OFFSITE_SETTINGS.some((key) => check[key] === undefined)) throw new ProbeFailure('internal', 'probe', 'the check names no repositories')
  return check as Settings
}

function remoteName({ remote }: Settings): string {
  return remote.slice(0, remote.indexOf(':') + 1)
}

async function lookAt(repository: string, settings: Settings, run: Run, now: Date): Promise<{ detail: Detail; fresh: boolean | null }> {
  const here = await localSnapshots(`${settings.local}/${repository}`, settings, run)
  const there = await remoteSnapshots(`${settings.remote}/${repository}/snapshots`, settings, run)
  // A backup of a folder that was not mounted succeeds, and is no backup.
  const times = here?.filter((one) => !one.isEmpty).map((one) => one.time)
  const latest = times?.reduce((a, b) => (a > b ? a : b), '') || null
  const same = here === null || there === null ? null : here.length > 0 && sameIds(here, there)
  const detail = { repository, latest_at: latest, local_snapshots: here?.length ?? null, remote_snapshots: there?.length ?? null, same }
  return { detail, fresh: here === null ? null : isYoung(latest, settings.max_age_s, now) }
}

async function localSnapshots(repository: string, { password_file }: Settings, run: Run): Promise<Snapshot[] | null> {
  const result = await run(commandLine('restic.snapshots', { repository, password: password_file }))
  return result?.exitCode === 0 ? readResticSnapshots(result.stdout) : null
}

/** Names of snapshot files are the ids of snapshots: no password is needed to count them. */
async function remoteSnapshots(remote: string, { rclone_config: config }: Settings, run: Run): Promise<string[] | null> {
  const result = await run(commandLine('rclone.list', { config, remote }))
  if (result?.exitCode === NO_FOLDER) return []
  return result?.exitCode === 0 ? readRcloneFiles(result.stdout) : null
}

function sameIds(here: readonly Snapshot[], there: readonly string[]): boolean {
  return here.length === there.length && here.every((one) => there.includes(one.id))
}

/** Not older than its limit and not from the future; nothing is never young. */
function isYoung(time: string | null, maxAgeS: number, now: Date): boolean {
  const ageS = (now.getTime() - Date.parse(time ?? '')) / 1000
  return ageS >= -FUTURE_SKEW_S && ageS <= maxAgeS
}

/** False where any is, else null where any is not known. */
function all(values: readonly (boolean | null)[]): boolean | null {
  if (values.includes(false)) return false
  return values.includes(null) ? null : true
}
