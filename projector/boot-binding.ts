import type { Check, Estate } from '../schemas/estate.ts'
import type { EvidenceEvent } from '../schemas/event.ts'
import type { JudgeContext } from './judge-check.ts'
import type { Opened } from './round-evidence.ts'

/** Boot time of each host that has a `host` check or was known at the start; `unknown` where it was not observed. */
export type BootTimes = ReadonlyMap<string, string | 'unknown'>

const FUTURE_SKEW_MS = 300_000

/** The latest boot time the round knows of each host. A host with a `host` check is unknown until that check saw it. */
export function bootTimes(opened: Opened, estate: Estate, byCheck: ReadonlyMap<string, readonly EvidenceEvent[]>): BootTimes {
  const boots = new Map<string, string | 'unknown'>(opened.data.boots.map((boot) => [boot.host, boot.boot_time]))
  for (const check of estate.checks) {
    if (check.kind !== 'host' || check.host === undefined) continue
    const seen = (byCheck.get(check.id) ?? []).flatMap((event) => observedBoot(event, check, opened, estate))
    const before = boots.get(check.host)
    if (seen.length === 0 || before === 'unknown') boots.set(check.host, 'unknown')
    else boots.set(check.host, [...seen, ...(before === undefined ? [] : [before])].reduce(later))
  }
  return boots
}

function observedBoot(event: EvidenceEvent, check: Check, opened: Opened, estate: Estate): string[] {
  if (event.type !== 'evidence.host.observed.v1' || event.data.facts.boot_time === null) return []
  return isTooOld(Date.parse(event.time), event, ttlMs(check, estate), opened) ? [] : [event.data.facts.boot_time]
}

function later(a: string, b: string): string {
  return a >= b ? a : b
}

function ttlMs(check: Check, estate: Estate): number {
  return (check.ttl_s ?? estate.defaults.ttl_s) * 1000
}

/** The moment evidence is judged at: its own time, or the round's opening where it claims to be older than the round. */
export function judgedAt(event: EvidenceEvent, opened: Opened): Date {
  return new Date(Math.max(Date.parse(event.time), Date.parse(opened.time)))
}

function isTooOld(producedMs: number, event: EvidenceEvent, limitMs: number, opened: Opened): boolean {
  return judgedAt(event, opened).getTime() - producedMs > limitMs
}

/**
 * Why an observation counts as no evidence, or null (contract §3): it is older than its time to live or than the
 * current boot of the machine it is about, it claims to come from the future, or that machine's boot is not known.
 */
export function staleness(check: Check, event: EvidenceEvent, { opened, estate, boots }: JudgeContext): string | null {
  const asOf = producedAt(check, event)
  const limit = asOf === event.time ? ttlMs(check, estate) : ageLimitMs(check, estate)
  if (Date.parse(asOf) > judgedAt(event, opened).getTime() + FUTURE_SKEW_MS) return 'evidence from the future'
  if (isTooOld(Date.parse(asOf), event, limit, opened) || isTooOld(Date.parse(event.time), event, ttlMs(check, estate), opened)) {
    return 'evidence older than its time to live'
  }
  if (check.host === undefined) return null
  const boot = boots.get(check.host)
  if (boot === 'unknown' && check.kind !== 'host') return `the current boot of host ${check.host} is not known`
  if (boot !== undefined && boot !== 'unknown' && asOf < boot) return `evidence from before the current boot of host ${check.host}`
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
