import type { Check, Estate } from '../schemas/estate.ts'
import type { EvidenceEvent } from '../schemas/event.ts'
import type { JudgeContext } from './judge-check.ts'
import type { Opened } from './round-evidence.ts'

/** The boot a host is in, as the round knows it; `unknown` where its boot source did not see it. */
export type Boot = { id: string | null; time: string }
export type BootTimes = ReadonlyMap<string, Boot | 'unknown'>

const FUTURE_SKEW_MS = 300_000

/**
 * The current boot of each host: what its boot source saw, the first `host` check the estate binds to it, or, without
 * one, what the runner knew when the round opened. One source only: if other looks could reveal a later boot and void
 * evidence, losing them would bring that evidence back (see `rebootedSince`).
 */
export function bootTimes(opened: Opened, estate: Estate, byCheck: ReadonlyMap<string, readonly EvidenceEvent[]>): BootTimes {
  const boots = new Map<string, Boot | 'unknown'>(opened.data.boots.map((boot) => [boot.host, { id: boot.boot_id, time: boot.boot_time }]))
  for (const [host, source] of bootSources(estate)) {
    const seen = (byCheck.get(source.id) ?? []).flatMap((event) => observedBoot(event, source, opened, estate))
    const before = boots.get(host)
    const known = before === undefined || before === 'unknown' ? seen : [before, ...seen]
    boots.set(host, seen.length === 0 ? 'unknown' : known.reduce((a, b) => (a.time >= b.time ? a : b)))
  }
  return boots
}

/** The check that tells a host's boot, by host. */
function bootSources(estate: Estate): Map<string, Check> {
  const sources = new Map<string, Check>()
  for (const check of estate.checks) if (check.kind === 'host' && check.host !== undefined && !sources.has(check.host)) sources.set(check.host, check)
  return sources
}

function observedBoot(event: EvidenceEvent, check: Check, opened: Opened, estate: Estate): Boot[] {
  if (event.type !== 'evidence.host.observed.v1' || event.data.facts.boot_time === null) return []
  const isTooOld = msBetween(event.time, laterOf(event.time, opened.time)) > ttlMs(check, estate)
  return isTooOld ? [] : [{ id: event.data.facts.boot_id, time: event.data.facts.boot_time }]
}

/** A look at a host that finds it in another boot than its source did: it went down in mid-round, and this look says so. */
export function rebootedSince(check: Check, event: EvidenceEvent, boots: BootTimes): string[] {
  const boot = check.host === undefined ? undefined : boots.get(check.host)
  if (event.type !== 'evidence.host.observed.v1' || boot === undefined || boot === 'unknown') return []
  const { boot_id: id, boot_time: time } = event.data.facts
  const isSame = id !== null && boot.id !== null ? id === boot.id : time === boot.time
  return isSame ? [] : ['the host is in another boot than when the round began']
}

/** From one time to another; most looks are judged at their own time, which needs no arithmetic. */
function msBetween(from: string, to: string): number {
  return from === to ? 0 : Date.parse(to) - Date.parse(from)
}

function ttlMs(check: Check, estate: Estate): number {
  return (check.ttl_s ?? estate.defaults.ttl_s) * 1000
}

/** The moment evidence is judged at: its own time, or the round's opening where it claims to be older than the round. */
export function judgedAt(event: EvidenceEvent, opened: Opened): Date {
  return new Date(Date.parse(laterOf(event.time, opened.time)))
}

/** Times of events are of one form and length, so that the later one is the greater text. */
function laterOf(a: string, b: string): string {
  return a > b ? a : b
}

/**
 * Why an observation counts as no evidence, or null (contract §3): it is older than its time to live or than the
 * current boot of the machine it is about, it claims to come from the future, or that machine's boot is not known.
 */
export function staleness(check: Check, event: EvidenceEvent, { opened, estate, boots }: JudgeContext): string | null {
  const judged = laterOf(event.time, opened.time)
  const asOf = producedAt(check, event)
  const ageMs = msBetween(asOf, judged)
  if (-ageMs > FUTURE_SKEW_MS) return 'evidence from the future'
  const limit = asOf === event.time ? ttlMs(check, estate) : ageLimitMs(check, estate)
  if (ageMs > limit || msBetween(event.time, judged) > ttlMs(check, estate)) return 'evidence older than its time to live'
  if (check.host === undefined) return null
  const boot = boots.get(check.host)
  if (boot === 'unknown' && bootSources(estate).get(check.host) !== check) return `the current boot of host ${check.host} is not known`
  if (boot !== undefined && boot !== 'unknown' && asOf < boot.time) return `evidence from before the current boot of host ${check.host}`
  return null
}

/** When the facts were produced. A file's own age is a fact about it, not the age of the look at it. */
function producedAt(check: Check, event: EvidenceEvent): string {
  if (check.kind === 'file' || !('as_of' in event.data) || typeof event.data.as_of !== 'string') return event.time
  return event.data.as_of
}

/** A declared `max_age_s` is the limit of what was produced elsewhere; otherwise its time to live. */
function ageLimitMs(check: Check, estate: Estate): number {
  return 'max_age_s' in check && typeof check.max_age_s === 'number' ? check.max_age_s * 1000 : ttlMs(check, estate)
}
