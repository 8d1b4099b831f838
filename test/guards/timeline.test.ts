import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateDeclarations } from '../../guards/declaration.ts'
import { snapshotInput } from '../../guards/guard-input.ts'
import { evaluateTimeline, timelineText } from '../../guards/timeline.ts'
import { milestoneOf } from '../../guards/timeline-milestones.ts'
import { bootTimes } from '../../projector/boot-binding.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import { readRoundEvidence } from '../../projector/round-evidence.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { CLOSING_STATES, MILESTONES, TIMELINE_LAYERS, type TimelineResult } from '../../schemas/timeline.ts'
import { judgeRecorded, loadRecordedCorpus } from '../corpus/recorded-corpus.ts'
import { schemaProblems } from '../schemas/validator.ts'
import { aDraft, aWorsening, type Draft, ROUND_ID, sealDraft } from '../support/generated-rounds.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'
import { withReleases } from '../support/release-draft.ts'

const GREEN = JSON.parse(readFileSync(join(REPOSITORY, 'test/golden/green/snapshot.json'), 'utf8')) as Snapshot
const [CHECK] = GREEN.checks as [Snapshot['checks'][number]]

type Word = Snapshot['checks'][number]['status']
/** A whole recovery, check by check; a green one unless something is worse. */
const CHECKS = {
  'arp-110': ['arp', 'P0-NETWORK'],
  'ping-110': ['ping', 'P0-NETWORK'],
  'units-110': ['systemd', 'P0-110-REGISTRY-OBSERVABILITY'],
  'db-188': ['postgres', 'P0-188-DATA'],
  nodes: ['k8s', 'P1-K3S'],
  route: ['http', 'P2-PUBLIC-ROUTES'],
  crontab: ['cron', 'P2-SCHEDULES'],
  load: ['load-window', 'P2-SCHEDULES'],
  guardrails: ['runner-guardrails', 'P2-SCHEDULES'],
  orphans: ['runaway', 'P2-SCHEDULES'],
} as const
type Name = keyof typeof CHECKS
const NAMES = Object.keys(CHECKS) as Name[]

function recovery(
  worse: Partial<Record<Name, Word>> = {},
  more: { summary?: Record<string, string>; result?: string; integrity?: Snapshot['evidence']['integrity'] } = {},
): Snapshot {
  const checks = NAMES.map((id) => ({ ...CHECK, id, kind: CHECKS[id][0], gate: CHECKS[id][1], part: 'cold_start' as const, status: worse[id] ?? 'PASS' }))
  const count = (status: Word): number => checks.filter((check) => check.status === status).length
  const result = more.result ?? (count('BLOCKED') > 0 ? 'BLOCKED' : count('WARN') + count('NOT_EVALUATED') > 0 ? 'DEGRADED' : 'GREEN')
  const isBlocked = result === 'BLOCKED'
  const overall = isBlocked ? 'BLOCKED' : 'FULL_STACK_GREEN'
  return {
    ...GREEN,
    opened_at: '2026-06-27T10:00:00.000Z',
    sealed_at: '2026-06-27T10:40:00.000Z',
    checks,
    gates: [...new Set(checks.map((check) => check.gate))].map((id) => ({
      id,
      status: checks.every((one) => one.gate !== id || one.status === 'PASS') ? 'GREEN' : 'WARN',
    })),
    cold_start: { result, pass: count('PASS'), warn: count('WARN'), blocked: count('BLOCKED') },
    evidence: { ...GREEN.evidence, integrity: more.integrity ?? 'verified' },
    summary: {
      ...GREEN.summary,
      SERVICE_GREEN: isBlocked ? '0' : '1',
      COLD_START_RESULT: result,
      OVERALL_DECLARATION: overall,
      PLAN_B_LEVEL: isBlocked ? 'B1_HOST_RECOVERY_ONLY' : result === 'DEGRADED' ? 'B3_SERVICE_AVAILABLE_DEGRADED' : 'B4_FULL_STACK_GREEN',
      NEXT_REQUIRED_GATES: 'none',
      ESCROW_MISSING_COUNT: '0',
      DR_ESCROW_BLOCKED: '0',
      ...more.summary,
    },
  }
}

const BOOT = [{ host: 'a', boot_time: '2026-06-27T10:00:00.000Z' }]
const timeline = (snapshot: Snapshot, boots: { host: string; boot_time: string | null }[] = BOOT, since: string | null = null): TimelineResult =>
  evaluateTimeline({ snapshot, estate: { checks: snapshot.checks }, boots, since })
const statuses = (result: TimelineResult): string[] => result.milestones.map((one) => `${one.at} ${one.status}`)

describe('where a recovery stands', () => {
  it('green: every milestone, the last layer, conditions of release met and nothing released', () => {
    const result = timeline(recovery())
    expect(statuses(result)).toEqual(MILESTONES.map((at) => `${at} met`))
    expect(result).toMatchObject({
      layer: 'FULL_STACK_GREEN',
      closing_state: 'RETURNED_TO_PLAN_A',
      elapsed_minutes: 40,
      since_source: 'boot',
      runtime_action_authorized: 0,
    })
    expect(result.milestones.map((one) => one.due)).toEqual(['due', 'due', 'due', 'due', 'not_due', 'not_due', 'not_due'])
    expect(result.releases.filter((one) => one.status === 'conditions_met').map((one) => one.phase)).toEqual(['high_load_batch', 'runner_cd'])
    expect(result.phases.map((one) => one.status)).toEqual(result.phases.map(() => 'conditions_met'))
  })

  const stuck: readonly (readonly [Name, string, string, string])[] = [
    ['arp-110', 'T+0', 'NONE', 'freeze CD'],
    ['ping-110', 'T+5', 'HOST_POWERED', 'enter the Plan B path'],
    ['db-188', 'T+15', 'HOST_BOOTED', 'release no K3s'],
    ['units-110', 'T+15', 'HOST_BOOTED', 'release no K3s'],
    ['nodes', 'T+30', 'HOST_READY', 'report at most B2'],
    ['route', 'T+30', 'HOST_READY', 'report at most B2'],
  ]
  it.each(stuck)('%s down: stuck at %s, %s at most, whatever came later', (name, at, layer, planB) => {
    for (const word of ['BLOCKED', 'NOT_EVALUATED'] as const) {
      const result = timeline(recovery({ [name]: word }, { result: 'BLOCKED' }))
      expect(result).toMatchObject({ layer, closing_state: 'OPEN_INCIDENT_REQUIRED' })
      const milestone = result.milestones.find((one) => one.at === at)
      expect(milestone).toMatchObject({ status: 'open', missing: [`${name}:${word}`], plan_b: expect.stringContaining(planB) })
      expect(result.may_say).not.toContain('FULL_STACK_GREEN')
      expect(result.releases.every((one) => one.status === 'forbidden')).toBe(true)
    }
  })

  it('services up, schedules not: SERVICE_READY, and no full-stack green', () => {
    const result = timeline(recovery({ crontab: 'BLOCKED' }, { summary: { SERVICE_GREEN: '1', PLAN_B_LEVEL: 'B2_CORE_SERVICE_READY' } }))
    expect([result.layer, result.closing_state]).toEqual(['SERVICE_READY', 'OPEN_INCIDENT_REQUIRED'])
    expect(result.must_not_say).toEqual(['FULL_STACK_GREEN_DR_ESCROW_BLOCKED', 'FULL_STACK_GREEN', 'DR_COMPLETE'])
  })

  it('an open owner gate, or a scorecard that warns, is not back at plan A', () => {
    expect(timeline(recovery({}, { summary: { NEXT_REQUIRED_GATES: 'credential_escrow_evidence' } })).closing_state).toBe('SERVICE_AVAILABLE_DEGRADED')
    expect(timeline(recovery({ crontab: 'WARN' })).closing_state).toBe('SERVICE_AVAILABLE_DEGRADED')
  })

  it('WARN releases nothing; neither does a kind of check the estate does not have', () => {
    const released = (snapshot: Snapshot): string[] => timeline(snapshot).releases.flatMap((one) => (one.status === 'conditions_met' ? [one.phase] : []))
    expect(released(recovery({ route: 'WARN' }))).toEqual([])
    for (const [name, phases] of [
      ['load', []],
      ['guardrails', ['high_load_batch']],
      ['orphans', ['high_load_batch']],
    ] as const) {
      const whole = recovery()
      expect(released({ ...whole, checks: whole.checks.filter((check) => check.id !== name) })).toEqual(phases)
    }
    expect(released(recovery({}, { integrity: 'legacy_unverified' }))).toEqual([])
  })

  it('no T+0: everything counts as due, and nothing says that maintenance started', () => {
    const result = timeline(recovery({ nodes: 'BLOCKED' }), [{ host: 'a', boot_time: null }])
    expect(result).toMatchObject({ since: null, since_source: 'unknown', elapsed_minutes: null })
    expect(result.milestones.filter((one) => one.status === 'open').every((one) => one.plan_b !== null)).toBe(true)
    expect(result.must_not_say).toContain('MAINTENANCE_STARTED')
    expect(timeline(recovery(), BOOT, '2026-06-27T11:00:00.000Z').elapsed_minutes).toBeNull()
  })

  it('the operator’s T+0 counts over boots, and the newest boot over older ones', () => {
    const boots = [...BOOT, { host: 'b', boot_time: '2026-01-01T00:00:00.000Z' }]
    expect([timeline(recovery(), boots).elapsed_minutes, timeline(recovery(), boots, '2026-06-27T08:30:00.000Z').elapsed_minutes]).toEqual([40, 130])
  })

  it('after two hours without green an incident is due', () => {
    const last = (since: string) => timeline(recovery({ nodes: 'BLOCKED' }), BOOT, since).milestones.at(-1)
    expect([last('2026-06-27T08:40:00.000Z')?.plan_b, last('2026-06-27T08:40:30.000Z')?.plan_b]).toEqual([expect.stringContaining('incident'), null])
  })

  it.each(['unsealed', 'mismatch'] as const)('a round that is %s shows nothing', (integrity) => {
    const result = timeline(recovery({}, { integrity }))
    expect(result).toMatchObject({ layer: 'NONE', closing_state: 'OPEN_INCIDENT_REQUIRED' })
    expect(result.may_say).toEqual(['MAINTENANCE_STARTED'])
    expect(result.milestones.every((one) => one.status === 'open' && one.evidence.length === 0)).toBe(true)
  })

  it('a full-stack green says nothing about hosts that nobody looked at', () => {
    const whole = recovery()
    const result = timeline({ ...whole, checks: whole.checks.filter((check) => check.kind === 'cron') })
    expect([result.layer, result.may_say]).toEqual(['FULL_STACK_GREEN', ['MAINTENANCE_STARTED', 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED', 'FULL_STACK_GREEN']])
  })

  it('every check has a milestone', () => {
    expect(NAMES.map((id) => milestoneOf({ kind: CHECKS[id][0], gate: CHECKS[id][1], part: 'cold_start' }))).toEqual([
      'T+0',
      'T+5',
      'T+15',
      'T+15',
      'T+30',
      'T+30',
      'T+45',
      'T+60',
      'T+60',
      'T+60',
    ])
  })
})

it('recorded rounds: fits the published schema, is ASCII, and never says more than the declaration guard', async () => {
  const corpus = [...(await loadRecordedCorpus()).values()].map((one) => judgeRecorded(one))
  expect(corpus.length).toBeGreaterThan(15)
  for (const snapshot of corpus) {
    const result = timeline(snapshot, [], null)
    expect(schemaProblems('timeline-result', result)).toEqual([])
    expect(timelineText(result)).toMatch(/^[\x20-\x7e\n]+$/)
    const allowed = evaluateDeclarations(snapshotInput(snapshot)).declarations.flatMap((one) => (one.allowed ? [one.name as string] : []))
    expect(result.may_say.filter((one) => /GREEN|COMPLETE/.test(one) && !allowed.includes(one))).toEqual([])
  }
})

describe('monotone', () => {
  const RUNS = Number(process.env.EVIDENCE_MONOTONE_RUNS ?? 600)
  function judge(draft: Draft): TimelineResult {
    const fold = foldEvents(
      emptyFold(),
      sealDraft(draft).map((event) => Buffer.from(event.bytes).toString('utf8')),
    )
    const { opened, estate, byCheck } = readRoundEvidence(ROUND_ID, fold)
    const boots = [...bootTimes(opened, estate, byCheck)].map(([host, boot]) => ({ host, boot_time: boot === 'unknown' ? null : boot.time }))
    return evaluateTimeline({ snapshot: judgeFold(ROUND_ID, fold), estate, boots, since: null })
  }
  const shown = (result: TimelineResult): string[] => [
    ...result.may_say,
    ...result.milestones.filter((one) => one.status === 'met').map((one) => `${one.at} met`),
    ...result.milestones.filter((one) => one.status !== 'open').map((one) => `${one.at} not open`),
    ...released(result),
  ]
  const released = ({ phases, releases, groups }: TimelineResult): string[] => [
    ...phases.filter((one) => one.status === 'conditions_met').map((one) => `layer ${one.gate}`),
    ...releases.filter((one) => one.status === 'conditions_met').map((one) => one.phase),
    ...groups.filter((one) => one.status === 'conditions_met').map((one) => `${one.phase}/${one.id}`),
  ]

  it(`losing, ageing, failing or skipping evidence never moves a recovery forward (${RUNS} rounds)`, () => {
    let further = 0
    const seen = new Set<string>()
    const round = aDraft.chain(withReleases).chain((draft) => fc.tuple(fc.constant(draft), aWorsening(draft)))
    fc.assert(
      fc.property(round, ([draft, worsening]) => {
        const [before, after] = [judge(draft), judge(worsening.apply(draft))]
        if (before.layer !== 'NONE') further++
        for (const one of released(before)) seen.add(one.replace(/-\d$/, ''))
        expect(released(before).filter((one) => /^(ai|security|stateful|process)_/.test(one))).toEqual([])
        expect(
          shown(after).filter((one) => !shown(before).includes(one)),
          worsening.name,
        ).toEqual([])
        expect(TIMELINE_LAYERS.indexOf(after.layer)).toBeLessThanOrEqual(TIMELINE_LAYERS.indexOf(before.layer))
        expect(CLOSING_STATES.indexOf(after.closing_state)).toBeGreaterThanOrEqual(CLOSING_STATES.indexOf(before.closing_state))
        expect(after.elapsed_minutes ?? Number.POSITIVE_INFINITY).toBeGreaterThanOrEqual(before.elapsed_minutes ?? 0)
      }),
      { numRuns: RUNS, ...(process.env.EVIDENCE_SEED ? { seed: Number(process.env.EVIDENCE_SEED) } : {}) },
    )
    expect(further).toBeGreaterThan(RUNS / 10)
    // The property says something of each: every one of these was licensed in some round.
    expect([...seen].filter((one) => !one.startsWith('layer ')).sort()).toEqual([
      'alert_outbound',
      'high_load_batch',
      'high_load_batch/group',
      'runner_cd',
      'runner_cd/group',
    ])
    expect([...seen].filter((one) => one.startsWith('layer ')).length).toBeGreaterThan(3)
  })
})
