import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { evaluateTimeline, timelineText } from '../../guards/timeline.ts'
import type { ReleaseEstate } from '../../guards/timeline-releases.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { RELEASE_PHASES, type TimelineResult } from '../../schemas/timeline.ts'
import { schemaProblems } from '../schemas/validator.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

const GREEN = JSON.parse(readFileSync(join(REPOSITORY, 'test/golden/green/snapshot.json'), 'utf8')) as Snapshot
const [CHECK] = GREEN.checks as [Snapshot['checks'][number]]

/** The estate of the runbook: gates in the order of §1.2, and behind them what §11 asks of single services. */
const GATES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'P0-NETWORK': { 'ping-110': 'ping', 'ssh-188': 'tcp' },
  'P0-188-DATA': { 'postgres-188': 'postgres', 'redis-188': 'redis', 'momo-parity': 'sql-parity', 'docker-188': 'docker' },
  'P0-110-REGISTRY-OBSERVABILITY': {
    ...{ 'harbor-110': 'http', 'gitea-110': 'http', 'rules-110': 'prometheus', 'alertmanager-110': 'alertmanager', 'sentry-110': 'http' },
    ...{ 'exporters-110': 'textfile', 'guardrails-110': 'runner-guardrails', 'orphans-110': 'runaway', 'load-110': 'load-window', 'load-188': 'load-window' },
  },
  'P1-K3S': { 'k3s-nodes': 'k8s', vip: 'tcp' },
  'P2-WORKLOAD-ALERTCHAIN': { api: 'http', web: 'http', 'alert-chain': 'alertmanager' },
  'P2-PUBLIC-ROUTES': { 'route-awoooi': 'http', 'route-momo': 'http' },
  'P2-SCHEDULES': { crontabs: 'cron', cronjobs: 'cronjobs', 'backup-188': 'backup-health', kubejobs: 'k8s' },
  'P3-HIGH-LOAD': { signoz: 'http', merges: 'prometheus', litellm: 'http', 'provider-route': 'http', clickhouse: 'http', 'kafka-lag': 'prometheus' },
}
const KINDS: Readonly<Record<string, string>> = Object.assign({}, ...Object.values(GATES))
const CHAIN = Object.keys(GATES).slice(0, -1)

const ESTATE: ReleaseEstate = {
  checks: Object.entries(GATES).flatMap(([gate, checks]) =>
    Object.entries(checks).map(([id, kind]) => ({
      id,
      gate,
      kind,
      part: CHAIN.includes(gate) ? 'cold_start' : 'high_load',
      ...(id === 'api' ? { role: 'public_api' } : {}),
      ...(id === 'alert-chain' ? { test_webhook: 'http://vip/api/v1/webhooks/alertmanager' } : {}),
    })),
  ),
  releases: [
    { id: 'momo-scheduler', phase: 'high_load_batch', needs: ['load-188', 'postgres-188', 'momo-parity'] },
    { id: 'signoz-clickhouse', phase: 'high_load_batch', needs: ['signoz', 'merges'] },
    { id: 'litellm', phase: 'high_load_batch', needs: ['litellm', 'provider-route'] },
    { id: 'snuba-consumers', phase: 'high_load_batch', needs: ['clickhouse', 'kafka-lag'] },
    { id: 'uptime-checker', phase: 'high_load_batch', needs: ['sentry-110'] },
    { id: 'runners', phase: 'runner_cd', needs: ['postgres-188', 'harbor-110', 'gitea-110', 'k3s-nodes', 'api', 'load-110', 'guardrails-110', 'orphans-110'] },
    { id: 'ai-repair', phase: 'ai_auto_remediation', needs: ['redis-188'] },
  ],
}
const GROUPS = (ESTATE.releases ?? []).map((group) => `${group.phase}/${group.id}`)

type Word = Snapshot['checks'][number]['status']
type Worse = Readonly<Record<string, Word>>

/** A round over that estate; green unless a check is worse. Those behind the chain are no part of the cold start. */
function round(worse: Worse = {}, integrity: Snapshot['evidence']['integrity'] = 'verified'): Snapshot {
  const checks = ESTATE.checks.map(({ id, gate, kind }): Snapshot['checks'][number] => ({
    ...CHECK,
    ...{ id, gate, kind, part: CHAIN.includes(gate) ? 'cold_start' : 'high_load', status: worse[id] ?? 'PASS' },
    observed: worse[id] === 'NOT_EVALUATED' ? 'not_evaluated' : 'observed',
  }))
  const count = (word: Word): number => checks.filter((check) => check.part === 'cold_start' && check.status === word).length
  const gates = Object.keys(GATES).map((id) => {
    const own = checks.filter((check) => check.gate === id).map((check) => check.status)
    return { id, status: own.includes('BLOCKED') ? ('BLOCKED' as const) : own.every((word) => word === 'PASS') ? ('GREEN' as const) : ('WARN' as const) }
  })
  const result = count('BLOCKED') > 0 ? 'BLOCKED' : count('WARN') + count('NOT_EVALUATED') > 0 ? 'DEGRADED' : 'GREEN'
  return {
    ...GREEN,
    checks,
    gates,
    evidence: { ...GREEN.evidence, integrity },
    cold_start: { result, pass: count('PASS'), warn: count('WARN') + count('NOT_EVALUATED'), blocked: count('BLOCKED') },
  }
}

const judge = (snapshot: Snapshot, estate: ReleaseEstate = ESTATE): TimelineResult => evaluateTimeline({ snapshot, estate, boots: [], since: null })
type Line = { name: string; status: string; because: string[] }
const lines = (result: TimelineResult): Line[] => [
  ...result.releases.map(({ phase, ...one }) => ({ name: phase as string, ...one })),
  ...result.groups.map(({ phase, id, ...one }) => ({ name: `${phase}/${id}`, ...one })),
]
const held = (result: TimelineResult): string[] => lines(result).flatMap((one) => (one.status === 'forbidden' ? [one.name] : []))
const startable = (result: TimelineResult): string[] => result.phases.flatMap((one) => (one.status === 'conditions_met' ? [one.gate] : []))

const NEVER = ['ai_auto_remediation', 'security_scan', 'stateful_restart', 'process_kill', 'ai_auto_remediation/ai-repair']
const ALL_GROUPS = GROUPS.filter((name) => !NEVER.includes(name))
/** Whatever waits for the whole chain of gates. */
const BEHIND_CHAIN = ['high_load_batch', 'runner_cd', ...ALL_GROUPS]

/** The rules of the runbook, each with what breaks it, what that holds, and the words that say why. */
const RULES: readonly { rule: string; broken: Worse; holds: readonly string[]; why: string }[] = [
  { rule: '§1.2 BLOCKED stops phase release', broken: { web: 'BLOCKED' }, holds: BEHIND_CHAIN, why: 'P2-WORKLOAD-ALERTCHAIN=BLOCKED' },
  { rule: '§1.2 WARN releases no runner, CD or AI', broken: { 'route-momo': 'WARN' }, holds: BEHIND_CHAIN, why: 'COLD_START_WARN=1' },
  { rule: '§1.2 what nobody looked at releases nothing', broken: { vip: 'NOT_EVALUATED' }, holds: BEHIND_CHAIN, why: 'P1-K3S=WARN' },
  ...CHAIN.map((gate) => ({
    rule: `§1.2 ${gate} before high-load services and runners`,
    broken: { [Object.keys(GATES[gate] ?? {})[0] ?? '']: 'BLOCKED' as const },
    holds: BEHIND_CHAIN,
    why: `${gate}=BLOCKED`,
  })),
  {
    rule: '§2 no alerts before the chain is proven',
    broken: { 'alert-chain': 'WARN' },
    holds: ['alert_outbound', ...BEHIND_CHAIN],
    why: 'alert_test=alert-chain:WARN',
  },
  {
    rule: '§2 no alerts while what they run on is down',
    broken: { 'k3s-nodes': 'BLOCKED' },
    holds: ['alert_outbound', ...BEHIND_CHAIN],
    why: 'P1-K3S=BLOCKED',
  },
  { rule: '§5.3 188 PostgreSQL ready', broken: { 'postgres-188': 'BLOCKED' }, holds: ['runner_cd', 'runner_cd/runners'], why: 'postgres-188:BLOCKED' },
  { rule: '§5.3 110 Harbor ready', broken: { 'harbor-110': 'BLOCKED' }, holds: ['runner_cd', 'runner_cd/runners'], why: 'harbor-110:BLOCKED' },
  { rule: '§5.3 110 Gitea ready', broken: { 'gitea-110': 'BLOCKED' }, holds: ['runner_cd', 'runner_cd/runners'], why: 'gitea-110:BLOCKED' },
  { rule: '§5.3 K3s nodes ready', broken: { 'k3s-nodes': 'BLOCKED' }, holds: ['runner_cd', 'runner_cd/runners'], why: 'k3s-nodes:BLOCKED' },
  { rule: '§5.3 AWOOOI API health passes', broken: { api: 'BLOCKED' }, holds: ['runner_cd', 'runner_cd/runners'], why: 'api:BLOCKED' },
  {
    rule: '§5.3 110 load below 1.0 per core for 15 minutes',
    broken: { 'load-110': 'WARN' },
    holds: ['runner_cd', 'runner_cd/runners'],
    why: 'load-window=load-110:WARN',
  },
  {
    rule: '§5.3 runner guardrails',
    broken: { 'guardrails-110': 'WARN' },
    holds: ['runner_cd', 'runner_cd/runners'],
    why: 'runner-guardrails=guardrails-110:WARN',
  },
  {
    rule: '§11 only after the gates: momo scheduler and crawlers',
    broken: { 'load-188': 'WARN' },
    holds: ['high_load_batch/momo-scheduler'],
    why: 'load-188:WARN',
  },
  { rule: '§11 momo: DB healthy', broken: { 'momo-parity': 'BLOCKED' }, holds: ['high_load_batch/momo-scheduler'], why: 'momo-parity:BLOCKED' },
  {
    rule: '§11 Sentry uptime checker: Sentry healthy',
    broken: { 'sentry-110': 'BLOCKED' },
    holds: ['high_load_batch/uptime-checker'],
    why: 'sentry-110:BLOCKED',
  },
  { rule: '§11, §11.1 no orphan browser group', broken: { 'orphans-110': 'WARN' }, holds: ['runner_cd', 'runner_cd/runners'], why: 'runaway=orphans-110:WARN' },
  {
    rule: '§11.1 the monitor of runaway processes is fresh',
    broken: { 'exporters-110': 'WARN' },
    holds: ['runner_cd'],
    why: 'P0-110-REGISTRY-OBSERVABILITY=WARN',
  },
]

describe('each rule of the runbook', () => {
  it('all hold: what may be released is met, what acts is not', () => {
    const result = judge(round())
    expect(held(result)).toEqual(NEVER)
    expect(startable(result)).toEqual(Object.keys(GATES))
    expect(lines(result).map((one) => one.name)).toEqual([...RELEASE_PHASES, ...GROUPS])
  })

  it.each(RULES)('$rule', ({ broken, holds, why }) => {
    const result = judge(round(broken))
    expect(held(result)).toEqual(expect.arrayContaining([...NEVER, ...holds]))
    const told = lines(result).filter((one) => one.because.includes(why))
    expect(told.filter((one) => holds.includes(one.name))).not.toEqual([])
  })

  /** §11: a service of its own holds itself, and runners, which come last; no other high-load service. */
  it.each([
    ['SignOz ClickHouse healthy', 'signoz', 'signoz-clickhouse'],
    ['merge backlog trending down', 'merges', 'signoz-clickhouse'],
    ['litellm alive', 'litellm', 'litellm'],
    ['provider route verified', 'provider-route', 'litellm'],
    ['Sentry ClickHouse healthy', 'clickhouse', 'snuba-consumers'],
    ['Kafka backlog decreasing', 'kafka-lag', 'snuba-consumers'],
  ])('§11 %s', (_rule, check, group) => {
    const result = judge(round({ [check]: 'WARN' }))
    expect(held(result).sort()).toEqual([...NEVER, `high_load_batch/${group}`, 'runner_cd', 'runner_cd/runners'].sort())
    expect(result.groups.find((one) => one.id === group)?.because).toEqual([`${check}:WARN`])
  })

  it('a gate is behind the chain only where every check of it belongs to high-load services', () => {
    const releases = (ESTATE.releases ?? []).filter((group) => group.id !== 'litellm')
    const result = judge(round({ merges: 'WARN' }), { ...ESTATE, releases })
    expect(result.releases.find((one) => one.phase === 'high_load_batch')).toMatchObject({ status: 'forbidden', because: ['P3-HIGH-LOAD=WARN'] })
  })

  it('a gate of the chain stays in it, whatever groups name of it', () => {
    const names = (gate: string): string[] => Object.keys(GATES[gate] ?? {})
    const whole: ReleaseEstate['releases'] = [{ id: 'all', phase: 'high_load_batch', needs: [...names('P1-K3S'), ...names('P3-HIGH-LOAD')] }]
    const isReleased = (worse: Worse, checks: ReleaseEstate['checks']): boolean =>
      judge(round(worse), { checks, releases: whole }).releases.some((one) => one.phase === 'high_load_batch' && one.status === 'conditions_met')
    const parted = (gate: string, part: string) => ESTATE.checks.map((check) => (check.gate === gate ? { ...check, part } : check))
    expect(isReleased({ litellm: 'WARN' }, ESTATE.checks)).toBe(true)
    expect(isReleased({ litellm: 'WARN' }, parted('P3-HIGH-LOAD', 'cold_start'))).toBe(false)
    expect(judge({ ...round({ vip: 'WARN' }), cold_start: round().cold_start }, { checks: parted('P1-K3S', 'other'), releases: whole }).releases[1]).toEqual({
      phase: 'high_load_batch',
      status: 'forbidden',
      because: ['P1-K3S=WARN'],
    })
  })

  /** §12.2: the ten conditions are told, and even all of them move nothing out of observe-only. */
  it.each([
    ['Prometheus rules loaded', 'rules-110', 'prometheus=rules-110:BLOCKED'],
    ['exporters fresh', 'exporters-110', 'textfile=exporters-110:BLOCKED'],
    ['runaway processes seen', 'orphans-110', 'runaway=orphans-110:BLOCKED'],
    ['probes stable', 'route-awoooi', 'http=route-awoooi:BLOCKED'],
    ['cron green', 'crontabs', 'cron=crontabs:BLOCKED'],
    ['CronJobs green', 'cronjobs', 'cronjobs=cronjobs:BLOCKED'],
    ['API health', 'api', 'public_api=api:BLOCKED'],
    ['Alertmanager end to end', 'alert-chain', 'alert_test=alert-chain:BLOCKED'],
    ['Redis', 'redis-188', 'redis=redis-188:BLOCKED'],
    ['no restart storm', 'docker-188', 'docker=docker-188:BLOCKED'],
    ['load below 1.0', 'load-110', 'load-window=load-110:BLOCKED'],
  ])('§12.2 %s', (_rule, check, why) => {
    const ai = judge(round({ [check]: 'BLOCKED' })).releases.find((one) => one.phase === 'ai_auto_remediation')
    expect(ai?.because).toEqual(expect.arrayContaining(['AI_REMEDIATION_ENABLED=0', why]))
    expect(judge(round()).releases.find((one) => one.phase === 'ai_auto_remediation')).toMatchObject({
      status: 'forbidden',
      because: ['AI_REMEDIATION_ENABLED=0'],
    })
  })

  it.each([
    ['§10, §12.2 no restart of stateful services', 'stateful_restart'],
    ['§12.2 no process is ended', 'process_kill'],
    ['§1, §14 the scanner is no part of a recovery', 'security_scan'],
  ])('%s: no evidence changes that', (_rule, phase) => {
    expect(judge(round()).releases.find((one) => one.phase === phase)).toEqual({ phase, status: 'forbidden', because: ['RUNTIME_ACTION_AUTHORIZED=0'] })
  })

  it('§12.1 every other check of the baseline holds runners too', () => {
    for (const id of Object.keys(KINDS)) {
      for (const word of ['WARN', 'BLOCKED', 'NOT_EVALUATED'] as const) expect(held(judge(round({ [id]: word }))), `${id} ${word}`).toContain('runner_cd')
    }
  })
})

describe('accepted limits', () => {
  const withEscrow = (more: Partial<Snapshot['checks'][number]>): TimelineResult => {
    const snapshot = round()
    const escrow = { ...CHECK, id: 'escrow', kind: 'escrow', gate: 'P2-SCHEDULES', part: 'escrow', status: 'WARN', warning_class: 'BOUNDARY', ...more } as const
    const gates = snapshot.gates.map((gate) => (gate.id === 'P2-SCHEDULES' ? { ...gate, status: 'WARN' as const } : gate))
    return judge({ ...snapshot, gates, checks: [...snapshot.checks, escrow] })
  }

  it('§0: missing escrow holds DR, and no release', () => {
    const result = withEscrow({ observed: 'observed' })
    expect(held(result)).toEqual(NEVER)
    expect(result.releases.find((one) => one.phase === 'runner_cd')?.because).toContain('P2-SCHEDULES=WARN:BOUNDARY:escrow')
  })

  it.each([
    ['nobody looked', { observed: 'unobserved' }],
    ['it is of another class', { observed: 'observed', warning_class: 'EVIDENCE' }],
    ['it belongs to the cold start', { observed: 'observed', part: 'cold_start' }],
  ] as const)('… but not where %s', (_why, more) => {
    expect(held(withEscrow(more))).toEqual(expect.arrayContaining(BEHIND_CHAIN))
  })
})

describe('layers', () => {
  it('§1.2 GREEN releases the next phase only, and every gate up to it must be', () => {
    const names = Object.keys(GATES)
    for (const [n, gate] of names.entries()) {
      const [first = ''] = Object.keys(GATES[gate] ?? {})
      for (const word of ['WARN', 'BLOCKED', 'NOT_EVALUATED'] as const) expect(startable(judge(round({ [first]: word })))).toEqual(names.slice(0, n + 1))
    }
  })

  it('§1.4 T+15: unhealthy data or registry releases no K3s', () => {
    for (const id of ['postgres-188', 'harbor-110']) {
      const k3s = judge(round({ [id]: 'BLOCKED' })).phases.find((one) => one.gate === 'P1-K3S')
      expect(k3s).toEqual({
        gate: 'P1-K3S',
        status: 'forbidden',
        because: [`${KINDS[id] === 'postgres' ? 'P0-188-DATA' : 'P0-110-REGISTRY-OBSERVABILITY'}=BLOCKED`],
      })
    }
  })

  it('a report that nobody read may have blamed any gate: it holds every layer but the first', () => {
    const snapshot = round()
    const report = { ...CHECK, id: 'old-tool', kind: 'delegated', gate: 'P2-SCHEDULES', status: 'WARN' as const }
    const [read, unread] = (['observed', 'unobserved'] as const).map((observed) =>
      startable(judge({ ...snapshot, checks: [...snapshot.checks, { ...report, observed }] })),
    )
    expect([read, unread]).toEqual([Object.keys(GATES), ['P0-NETWORK']])
  })

  it.each(['unsealed', 'mismatch', 'legacy_unverified'] as const)('a round that is %s releases nothing', (integrity) => {
    const result = judge(round({}, integrity))
    expect([startable(result), lines(result).filter((one) => one.status !== 'forbidden')]).toEqual([[], []])
  })
})

it('what the estate cannot prove is not proven', () => {
  const without = (id: string): TimelineResult => {
    const snapshot = round()
    const estate = { ...ESTATE, checks: ESTATE.checks.filter((check) => check.id !== id), releases: [] }
    return judge({ ...snapshot, checks: snapshot.checks.filter((check) => check.id !== id) }, estate)
  }
  expect(without('guardrails-110').releases.find((one) => one.phase === 'runner_cd')?.because).toEqual(['runner-guardrails=not_in_estate'])
  expect(without('alert-chain').releases.find((one) => one.phase === 'alert_outbound')?.because).toEqual(['alert_test=not_in_estate'])
  expect(held(without('orphans-110'))).toContain('runner_cd')
  const uncounted = round()
  const groups = judge({ ...uncounted, checks: uncounted.checks.map((check) => ({ ...check, counted: check.id !== 'litellm' })) }).groups
  expect(groups.find((one) => one.id === 'litellm')).toMatchObject({ status: 'forbidden', because: ['litellm:not_counted'] })
})

it('is told in text and in JSON of the published schema', () => {
  const result = judge(round({ 'kafka-lag': 'WARN' }))
  expect(schemaProblems('timeline-result', result)).toEqual([])
  const text = timelineText(result)
  expect(text).toMatch(/^[\x20-\x7e\n]+$/)
  expect(text).toContain(
    '\nPHASE P0-NETWORK conditions_met because ROUND_INTEGRITY=verified\nPHASE P0-188-DATA conditions_met because ROUND_INTEGRITY=verified P0-NETWORK=GREEN\n',
  )
  expect(text).toContain('\nRELEASE high_load_batch/snuba-consumers forbidden because kafka-lag:WARN\n')
  expect(text).toContain('\nRELEASE stateful_restart forbidden because RUNTIME_ACTION_AUTHORIZED=0\n')
  expect(text.endsWith('\nRUNTIME_ACTION_AUTHORIZED=0\n')).toBe(true)
})
