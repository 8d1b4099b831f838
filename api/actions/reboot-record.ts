import type { Snapshot } from '../../schemas/snapshot.ts'
import type { TimelineResult } from '../../schemas/timeline.ts'
import { type BootedRound, timelineOf } from './round-timeline.ts'

export const RECOVERY_TIMES = ['ssh', 'k3s_ready', 'public_routes', 'backup_green'] as const
/** Whole minutes from T+0 to the end of the first round that saw it (§14.6); null where none has. It may have been so earlier. */
export type RecoveryMinutes = Record<(typeof RECOVERY_TIMES)[number], number | null>

/** The reboot record of §14.5 and its comparison with the last one, as data. What evidence does not say is `unknown`. */
export type RebootRecord = {
  record_schema: 'evidence_reboot_record_v1'
  artifact_id: string
  estate: string
  policy_version: string
  integrity: string
  operator: string
  tool: string
  since: string | null
  rounds: string[]
  minutes: RecoveryMinutes
  hosts: { host: string; boot_time: string | null; checks: string }[]
  /** Of the last round of the reboot before; every value `unknown` without one. */
  pre_check: Record<string, string>
  result: Record<string, string>
  blockers: string[]
  closing_state: TimelineResult['closing_state']
  previous: string | null
  faster: string[]
  slower: string[]
  blockers_new: string[]
  blockers_repeated: string[]
  blockers_gone: string[]
}

/** A reboot: the rounds since its boot, oldest first; the last is the one that is recorded. Never empty. */
export type Reboot = { readonly rounds: readonly BootedRound[] }

const RESULT_KEYS = [
  'COLD_START_RESULT',
  'COLD_START_PASS',
  'COLD_START_WARN',
  'COLD_START_BLOCKED',
  'POST_START_RESULT',
  'SERVICE_GREEN',
  'PRODUCT_DATA_GREEN',
  'BACKUP_CORE_GREEN',
  'BACKUP_OFFSITE_FRESH',
  'ESCROW_MISSING_COUNT',
  'PLAN_B_LEVEL',
  'OVERALL_DECLARATION',
  'NEXT_REQUIRED_GATES',
]

/** Pure. `previous` is the reboot before, compared by minutes since each one's own T+0. */
export function buildRebootRecord(current: Reboot, previous: Reboot | null): RebootRecord {
  const last = current.rounds.at(-1) as BootedRound
  const { snapshot } = last
  const timeline = timelineOf(last, undefined)
  const minutes = minutesOf(current)
  const before = previous === null ? null : minutesOf(previous)
  const compared = RECOVERY_TIMES.map((name) => ({ name, now: minutes[name], old: before?.[name] ?? null }))
  const blockers = blockersOf(snapshot)
  const known = previous === null ? [] : blockersOf((previous.rounds.at(-1) as BootedRound).snapshot)
  const told = (one: (typeof compared)[number]): string => `${one.name}: ${one.now} min, before ${one.old} min`
  return {
    record_schema: 'evidence_reboot_record_v1',
    artifact_id: snapshot.artifact_id,
    estate: `${snapshot.estate.id} ${snapshot.estate.version}`,
    policy_version: snapshot.policy_version,
    integrity: snapshot.evidence.integrity,
    operator: last.operator,
    tool: last.tool,
    since: timeline.since,
    rounds: current.rounds.map((one) => one.snapshot.artifact_id),
    minutes,
    hosts: Object.keys(last.checksOf).map((host) => ({
      host,
      boot_time: last.boots.find((one) => one.host === host)?.boot_time ?? null,
      checks: tally(snapshot, last.checksOf[host] ?? []),
    })),
    pre_check: conclusions(previous?.rounds.at(-1)?.snapshot ?? null),
    result: conclusions(snapshot),
    blockers,
    closing_state: timeline.closing_state,
    previous: previous?.rounds.at(-1)?.snapshot.artifact_id ?? null,
    faster: compared.filter(({ now, old }) => now !== null && old !== null && now < old).map(told),
    slower: compared.filter(({ now, old }) => now !== null && old !== null && now > old).map(told),
    blockers_new: previous === null ? [] : blockers.filter((id) => !known.includes(id)),
    blockers_repeated: blockers.filter((id) => known.includes(id)),
    blockers_gone: known.filter((id) => !blockers.includes(id)),
  }
}

/** Keys of the summary, database parities, and the gates of public routes and alerts. */
function conclusions(snapshot: Snapshot | null): Record<string, string> {
  const summary = snapshot?.summary ?? {}
  const parities = Object.entries(summary).filter(([key]) => key.endsWith('_DB_PARITY'))
  const gates = (pattern: RegExp): string =>
    (snapshot?.gates ?? []).flatMap((gate) => (pattern.test(gate.id) ? [`${gate.id} ${gate.status}`] : [])).join(', ') || 'unknown'
  return {
    ...Object.fromEntries(RESULT_KEYS.map((key) => [key, summary[key] ?? 'unknown'])),
    DB_PARITY: parities.map(([key, value]) => `${key}=${value}`).join(', ') || 'unknown',
    PUBLIC_ROUTES: gates(/PUBLIC/),
    ALERTS: gates(/ALERT/),
  }
}

function minutesOf({ rounds }: Reboot): RecoveryMinutes {
  const start = timelineOf(rounds.at(-1) as BootedRound, undefined).since
  const firstAt = (isSeen: (snapshot: Snapshot) => boolean): number | null => {
    const found = rounds.find(({ snapshot }) => snapshot.evidence.integrity === 'verified' && isSeen(snapshot))?.snapshot.sealed_at
    return start === null || found === undefined || found === null ? null : Math.floor((Date.parse(found) - Date.parse(start)) / 60_000)
  }
  return {
    ssh: firstAt((snapshot) => allPass(snapshot, ({ id, kind }) => kind === 'host' || /(^|-)ssh(-|$)/.test(id))),
    k3s_ready: firstAt((snapshot) => isGate(snapshot, /K3S/)),
    public_routes: firstAt((snapshot) => isGate(snapshot, /PUBLIC/)),
    backup_green: firstAt(
      ({ summary }) => summary.BACKUP_CORE_GREEN === '1' && summary.BACKUP_OFFSITE_FRESH !== '0' && summary.BACKUP_OFFSITE_FRESH !== 'unknown',
    ),
  }
}

function allPass({ checks }: Snapshot, isOne: (check: Snapshot['checks'][number]) => boolean): boolean {
  const own = checks.filter(isOne)
  return own.length > 0 && own.every((check) => check.status === 'PASS')
}

function isGate({ gates }: Snapshot, pattern: RegExp): boolean {
  const own = gates.filter((gate) => pattern.test(gate.id))
  return own.length > 0 && own.every((gate) => gate.status === 'GREEN')
}

function blockersOf({ checks }: Snapshot): string[] {
  return checks.filter((check) => check.status === 'BLOCKED').map((check) => check.id)
}

function tally({ checks }: Snapshot, ids: readonly string[]): string {
  const own = checks.filter((check) => ids.includes(check.id))
  if (own.length === 0) return 'unknown'
  const words = (['PASS', 'WARN', 'BLOCKED', 'NOT_EVALUATED'] as const).map((status) => `${status}=${own.filter((check) => check.status === status).length}`)
  const open = own.filter((check) => check.status !== 'PASS').map((check) => check.id)
  return `${words.join(' ')}${open.length > 0 ? ` (${open.join(', ')})` : ''}`
}
