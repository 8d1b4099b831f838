import { RECOVERY_TIMES, type RebootRecord } from './reboot-record.ts'

/** The Markdown form of §14.5. What evidence does not say is `unknown`, for a person to fill in. Pure. */
export function rebootRecordText(record: RebootRecord): string {
  return [
    `## ${record.since?.slice(0, 10) ?? 'unknown'} | Host reboot / shutdown / startup record\n`,
    scope(record),
    section('Pre-check', [...checklist(record.pre_check), ['Credential escrow', `ESCROW_MISSING_COUNT=${record.pre_check.ESCROW_MISSING_COUNT}`]]),
    section('Execution', [
      ['Start time', record.since ?? 'unknown'],
      ...unknown('End time', 'Commands / console actions', 'Services paused', 'Services released'),
    ]),
    results(record),
    section(
      'Time since T+0, as first seen by a round',
      RECOVERY_TIMES.map((name) => [name, record.minutes[name] === null ? 'unknown' : `at most ${record.minutes[name]} min`]),
    ),
    difference(record),
    section('SOP update', unknown('Previous version', 'New version', 'Change reason', 'Files updated')),
  ].join('\n')
}

type Line = readonly [name: string, text: string]

function section(title: string, lines: readonly Line[]): string {
  return `${title}:\n${lines.map(([name, text]) => `- ${name}: ${text}\n`).join('')}`
}

function unknown(...names: string[]): Line[] {
  return names.map((name) => [name, 'unknown'])
}

function list(items: readonly string[], none = 'none'): string {
  return items.length === 0 ? none : items.join('; ')
}

/** The lines that a reboot has before and after. */
function checklist(v: Readonly<Record<string, string>>): Line[] {
  return [
    ['Cold-start scorecard', `${v.COLD_START_RESULT} PASS=${v.COLD_START_PASS} WARN=${v.COLD_START_WARN} BLOCKED=${v.COLD_START_BLOCKED}`],
    ['Backup status', `BACKUP_CORE_GREEN=${v.BACKUP_CORE_GREEN}`],
    ['Offsite verifier', `BACKUP_OFFSITE_FRESH=${v.BACKUP_OFFSITE_FRESH}`],
    ['Public routes', `${v.PUBLIC_ROUTES}`],
    ['DB parity', `${v.DB_PARITY}`],
    ['Alerts', `${v.ALERTS}`],
  ]
}

function scope({ hosts, policy_version, operator, artifact_id, integrity, estate, tool }: RebootRecord): string {
  const names = hosts.map(({ host }) => host)
  return section('Scope', [
    ['Hosts', list(names, 'unknown')],
    ...unknown('Operation'),
    ['SOP version used', policy_version],
    ['Operator', operator],
    ...unknown('Maintenance window'),
    ['Round', `${artifact_id} (${integrity}), estate ${estate}, ${tool}`],
  ])
}

function results({ hosts, result, closing_state, blockers }: RebootRecord): string {
  return section('Result', [
    ...hosts.map(({ host, boot_time, checks }): Line => [host, `${checks}, booted ${boot_time ?? 'unknown'}`]),
    ...checklist(result).map(([name, text]): Line => [`${name} after`, text]),
    ['Overall', `${result.OVERALL_DECLARATION}, ${result.PLAN_B_LEVEL}, ${closing_state}`],
    ['Next required gates', `${result.NEXT_REQUIRED_GATES}`],
    ['Blockers', list(blockers)],
  ])
}

function difference(record: RebootRecord): string {
  // Without a round to compare with, nothing is known to be new, faster or slower.
  const compared = (items: readonly string[]): string => list(items, record.previous === null ? 'unknown' : 'none')
  return section('Difference versus previous reboot', [
    ['Previous', record.previous ?? 'unknown'],
    ['Faster', compared(record.faster)],
    ['Slower', compared(record.slower)],
    ['New blocker', compared(record.blockers_new)],
    ['Repeated blocker', compared(record.blockers_repeated)],
    ['Blocker gone', compared(record.blockers_gone)],
    ...unknown('False positive / detector tuning'),
    ['SOP change required', record.blockers_repeated.length > 0 ? 'yes: a blocker that repeats becomes a hard gate' : 'unknown'],
  ])
}
