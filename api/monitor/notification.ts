import { canonicalDigest } from '../../schemas/digest.ts'
import type { Observation } from './observation.ts'

export type NotificationKind = 'problem' | 'changed' | 'reminder' | 'recovered'

/** What is sent, as JSON. `id` is the same for every attempt to deliver the same message. */
export type Notification = {
  readonly schema: 'evidence_notification_v1'
  readonly id: string
  readonly kind: NotificationKind
  readonly estate: string
  readonly round: string | null
  readonly at: string
  readonly result: string
  readonly overall: string | null
  readonly error: string | null
  readonly first_blocked_gate: string | null
  readonly problems: readonly string[]
  readonly problem_count: number
  readonly fingerprint: string
  readonly text: string
}

/**
 * What the receiver was told since the last recovery. `since`: first problem (ISO time) that was sent or may have been;
 * null: nothing is open. `told`: last time by fingerprint, in seconds since 1970.
 */
export type NotifyState = {
  readonly version: 1
  readonly since: string | null
  readonly told: Readonly<Record<string, number>>
  readonly lastResult: string | null
}

export const NOTHING_TOLD: NotifyState = { version: 1, since: null, told: {}, lastResult: null }

const MAX_PROBLEMS = 20
const MAX_TOLD = 100
const RANK: Readonly<Record<string, number>> = { green: 0, degraded: 1, blocked: 2, check_failed: 2 }

/**
 * The message this observation calls for, or null (runbook §14.30). A success after success is none; a problem is one
 * message, and the same one again only after the cooldown; getting worse is always one; the first success after a
 * problem is one recovery. Pure.
 */
export function decideNotification(state: NotifyState, seen: Observation, now: Date, cooldownS: number): Notification | null {
  if (seen.isOk) return state.since === null ? null : toNotification('recovered', seen, now, state.since)
  const toldAt = state.told[seen.fingerprint]
  const age = toldAt === undefined ? null : now.getTime() / 1000 - toldAt
  const isWorse = state.lastResult !== null && (RANK[seen.result] ?? 2) > (RANK[state.lastResult] ?? 0)
  // A clock that was set back must not silence anything.
  const isCooling = age !== null && age >= 0 && age < cooldownS
  if (isCooling && !isWorse) return null
  const kind = state.lastResult === null ? 'problem' : toldAt === undefined || isWorse ? 'changed' : 'reminder'
  return toNotification(kind, seen, now, `${state.since ?? now.toISOString()} ${toldAt ?? 'first'}`)
}

/** State after a message; one that was not delivered may have arrived all the same, so its problem is open. Pure. */
export function afterNotification(state: NotifyState, message: Notification, isDelivered: boolean, now: Date): NotifyState {
  if (message.kind === 'recovered') return isDelivered ? NOTHING_TOLD : state
  const since = state.since ?? message.at
  if (!isDelivered) return { ...state, since }
  const told = { ...state.told, [message.fingerprint]: Math.floor(now.getTime() / 1000) }
  const newest = Object.entries(told)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, MAX_TOLD)
  return { version: 1, since, told: Object.fromEntries(newest), lastResult: message.result }
}

function toNotification(kind: NotificationKind, seen: Observation, now: Date, episode: string): Notification {
  const { estate, round, result, overall, error, fingerprint, problems } = seen
  return {
    schema: 'evidence_notification_v1',
    id: canonicalDigest({ estate, kind, fingerprint, episode }),
    kind,
    estate,
    round,
    at: now.toISOString(),
    result,
    overall,
    error,
    first_blocked_gate: seen.firstBlockedGate,
    problems: problems.slice(0, MAX_PROBLEMS),
    problem_count: problems.length,
    fingerprint,
    text: textOf(kind, seen),
  }
}

function textOf(kind: NotificationKind, seen: Observation): string {
  if (kind === 'recovered') return `${seen.estate}: recovered, ${seen.overall} (${seen.round})`
  const what = seen.error === null ? `${seen.overall}, cold start ${seen.result}` : `no round could be recorded: ${seen.error}`
  const gate = seen.firstBlockedGate === null ? '' : `; first blocked gate ${seen.firstBlockedGate}`
  const named = seen.problems.slice(0, 5).join(', ')
  const more = seen.problems.length > 5 ? ` and ${seen.problems.length - 5} more` : ''
  return `${seen.estate}: ${kind}: ${what}${gate}${named === '' ? '' : `; ${named}${more}`}`
}
