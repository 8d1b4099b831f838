import type { HostName } from './machines.ts'

/**
 * One thing that can be broken, and what a round must say of it; whatever is not named here stays as it was.
 *
 * `checks` are the checks that are no longer PASS. `stops` is the first gate that is blocked: the checks of the gates that
 * depend on it are NOT_EVALUATED. `lost` are the declarations that are allowed no longer.
 */
export type Fault = {
  id: string
  title: string
  on: HostName | 'operator'
  /** Shell, as root on that machine; the functions of services.sh and of its host.sh are there. */
  break: string
  repair: string
  /** Shell on 110 that ends when its Prometheus has seen the fault, where a check asks it. */
  seen?: string
  expect: Expected
}

type Status = 'WARN' | 'BLOCKED'
type Checks = Readonly<Record<string, Status>>
export type Expected = {
  checks: Checks
  stops?: Gate
  coldStart: 'GREEN' | 'DEGRADED' | 'BLOCKED'
  postStart: 'FULL_STACK_GREEN' | 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED' | 'SERVICE_AVAILABLE_DEGRADED' | 'BLOCKED'
  lost: readonly string[]
}

/** Each of these checks in this state. */
export const all = (status: Status, ...ids: string[]): Record<string, Status> => Object.fromEntries(ids.map((id) => [id, status]))

/** Shell: systemd says that a unit failed. */
export const failed = (unit: string): string => `unit ${unit} ActiveState=failed SubState=failed Result=exit-code`

/** What rests on services being green. */
export const SERVICE = [
  ...['SERVICE_GREEN', 'PUBLIC_CORE_SERVICES_RECOVERED', 'SERVICE_RECOVERY_WITH_KNOWN_BLOCKER', 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED', 'FULL_STACK_GREEN'],
  'DR_COMPLETE',
]
const SEEN_BY_SCHEDULES = [
  ...['PRODUCT_DATA_GREEN', 'ALL_PRODUCT_DATA_LATEST', 'BACKUP_CORE_GREEN', 'BACKUP_OFFSITE_CURRENT', 'CREDENTIAL_ESCROW_COMPLETE', 'LIVE_MONITOR_SYNCED'],
  'WAZUH_REGISTRY_RECOVERED',
]
const BEHIND_WORKLOAD = ['CERTIFICATE_RENEWED', ...SEEN_BY_SCHEDULES]
const BEHIND_K3S = ['WORKLOAD_BALANCED', 'ARGOCD_HEALTHY', ...BEHIND_WORKLOAD]
const BEHIND_PLATFORM = ['K3S_CONTROL_PLANE_AA', ...BEHIND_K3S]

/** By gate: what the gates behind it establish, and can no longer say when it is blocked. */
const BEHIND = {
  'P0-NETWORK': ['HOST_188_HYGIENE_GREEN', 'HOST_188_FULLY_GREEN', 'MOMO_DATA_FRESH', ...BEHIND_PLATFORM],
  'P0-188-DATA': BEHIND_PLATFORM,
  'P0-110-REGISTRY-OBSERVABILITY': BEHIND_PLATFORM,
  'P1-K3S': BEHIND_K3S,
  'P2-WORKLOAD-ALERTCHAIN': BEHIND_WORKLOAD,
  'P2-PUBLIC-ROUTES': SEEN_BY_SCHEDULES,
  'P2-SCHEDULES': [],
} as const satisfies Record<string, readonly string[]>
type Gate = keyof typeof BEHIND

/** A check of the cold start is BLOCKED, and with it its gate and all behind it; `more` is what its own gate establishes. */
export function blocked(stops: Gate, checks: Checks, ...more: string[]): Expected {
  return { checks, stops, coldStart: 'BLOCKED', postStart: 'BLOCKED', lost: [...SERVICE, ...BEHIND[stops], ...more] }
}

/** A check beside the cold start is BLOCKED. The cold start is DEGRADED where gates behind it were not evaluated. */
export function quickCheckBlocked(stops: Gate, checks: Checks, ...more: string[]): Expected {
  return { ...blocked(stops, checks, ...more), coldStart: stops === 'P2-SCHEDULES' ? 'GREEN' : 'DEGRADED' }
}

/** A check of the cold start warns of what users may feel. */
export function serviceWarning(checks: Checks, ...more: string[]): Expected {
  return { checks, coldStart: 'DEGRADED', postStart: 'SERVICE_AVAILABLE_DEGRADED', lost: [...SERVICE, ...more] }
}

/** A check of the cold start warns of evidence: services are green, and the cold start is not (Plan B level B3). */
export function coldStartWarning(checks: Checks, ...more: string[]): Expected {
  return { checks, coldStart: 'DEGRADED', postStart: 'FULL_STACK_GREEN', lost: ['DR_COMPLETE', ...more] }
}

/** A check beside the cold start warns of evidence or of a known boundary. */
export function warning(checks: Checks, ...lost: string[]): Expected {
  return { checks, coldStart: 'GREEN', postStart: 'FULL_STACK_GREEN', lost }
}
