import type { Snapshot } from '../schemas/snapshot.ts'
import { MILESTONES, type Milestone, type MilestoneName } from '../schemas/timeline.ts'

type CheckVerdict = Snapshot['checks'][number]
type Row = { minutes: number; goal: string; plan_b: string }

/** Goals of §14.22, and what Plan B §1.4 asks for where one is due and open. */
const ROWS: Readonly<Record<MilestoneName, Row>> = {
  'T+0': { minutes: 0, goal: 'power, VM or console', plan_b: 'freeze CD, runners, AI remediation and heavy batch; keep the evidence' },
  'T+5': { minutes: 5, goal: 'LAN and SSH', plan_b: 'enter the Plan B path of the host that cannot be reached' },
  'T+15': { minutes: 15, goal: 'base services of the hosts', plan_b: 'release no K3s, runner or AI; go no further than this layer' },
  'T+30': { minutes: 30, goal: 'core services', plan_b: 'report at most B2_CORE_SERVICE_READY' },
  'T+45': { minutes: 45, goal: 'schedules, backups and consistent data', plan_b: 'report no full-stack green' },
  'T+60': { minutes: 60, goal: 'scorecard, load and guardrails', plan_b: 'record the Plan B level and the next blocker' },
  'T+120': { minutes: 120, goal: 'full-stack green', plan_b: 'open an incident or follow-up; do not extend the window' },
}

const KINDS: readonly (readonly [MilestoneName, readonly string[]])[] = [
  ['T+0', ['arp']],
  ['T+60', ['load-window', 'runner-guardrails', 'runaway']],
  [
    'T+45',
    ['cron', 'cronjobs', 'backup-health', 'offsite', 'escrow', 'sql-parity', 'sql-freshness', 'freshness', 'import-job', 'source-presence', 'token-metadata'],
  ],
  ['T+5', ['ping', 'known-hosts']],
  ['T+15', ['host', 'systemd', 'docker', 'storage-signatures', 'postgres', 'redis']],
]

/** The one milestone a check belongs to: by its kind, else by its part, else by its gate. */
export function milestoneOf(check: Pick<CheckVerdict, 'kind' | 'gate' | 'part'>): MilestoneName {
  const byKind = KINDS.find(([, kinds]) => kinds.includes(check.kind))?.[0]
  if (byKind !== undefined) return byKind
  if (check.part === 'backup' || /SCHEDULE|BACKUP|PRODUCT/.test(check.gate)) return 'T+45'
  if (/NETWORK|(^|-)NET$/.test(check.gate)) return 'T+5'
  return check.gate.startsWith('P0-') ? 'T+15' : 'T+30'
}

/** How each milestone stands; T+60 and T+120 also rest on what the whole round concluded. Pure. */
export function judgeMilestones(snapshot: Snapshot, elapsed: number | null, isFullStackGreen: boolean): Milestone[] {
  const scorecard = { key: `COLD_START_RESULT=${snapshot.cold_start.result}`, status: scorecardStatus(snapshot) }
  const whole = { key: `OVERALL_DECLARATION=${snapshot.summary.OVERALL_DECLARATION ?? 'unknown'}`, status: isFullStackGreen ? 'PASS' : 'BLOCKED' } as const
  const isTrusted = snapshot.evidence.integrity === 'verified' || snapshot.evidence.integrity === 'legacy_unverified'
  return MILESTONES.map((at) => {
    const checks = snapshot.checks.filter((check) => check.counted && milestoneOf(check) === at).map((check) => ({ key: check.id, status: shownStatus(check) }))
    const seen = [...checks, ...(at === 'T+60' ? [scorecard] : at === 'T+120' ? [whole] : [])]
    const { minutes, goal, plan_b } = ROWS[at]
    const due = elapsed === null ? 'unknown' : elapsed >= minutes ? 'due' : 'not_due'
    const status = isTrusted ? statusOf(seen) : 'open'
    const evidence = isTrusted ? seen.filter((one) => one.status === 'PASS').map((one) => one.key) : []
    const missing = isTrusted
      ? seen.filter((one) => one.status !== 'PASS').map((one) => `${one.key}:${one.status}`)
      : [`ROUND_INTEGRITY=${snapshot.evidence.integrity}`]
    return { at, minutes, goal, due, status, evidence, missing, plan_b: status === 'open' && due !== 'not_due' ? plan_b : null }
  })
}

/**
 * A warning counts as far as somebody looked. Where nobody could, it stands for not knowing: had the look found a blocker,
 * losing it would otherwise be progress.
 */
function shownStatus({ status, observed }: CheckVerdict): CheckVerdict['status'] {
  return status === 'WARN' && observed !== 'observed' ? 'NOT_EVALUATED' : status
}

function scorecardStatus({ cold_start, checks }: Snapshot): CheckVerdict['status'] {
  if (cold_start.result === 'GREEN') return 'PASS'
  return cold_start.result === 'DEGRADED' && checks.every((check) => shownStatus(check) !== 'NOT_EVALUATED') ? 'WARN' : 'BLOCKED'
}

function statusOf(seen: readonly { status: CheckVerdict['status'] }[]): Milestone['status'] {
  if (seen.length === 0) return 'not_in_estate'
  if (seen.some(({ status }) => status === 'BLOCKED' || status === 'NOT_EVALUATED')) return 'open'
  return seen.some(({ status }) => status === 'WARN') ? 'met_with_warnings' : 'met'
}
