import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { buildRebootRecord, type RebootRecord } from '../../api/actions/reboot-record.ts'
import { rebootRecordText } from '../../api/actions/reboot-record-text.ts'
import type { BootedRound } from '../../api/actions/round-timeline.ts'
import { Estate } from '../../schemas/estate.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { newFolder, ROOT, ROUNDS_DIR, runEvidence } from './run-program.ts'

const GREEN = JSON.parse(readFileSync(path.join(ROOT, 'test/golden/green/snapshot.json'), 'utf8')) as Snapshot
const [CHECK] = GREEN.checks as [Snapshot['checks'][number]]

type Shape = { id: string; boot: string | null; sealed: string; blocked?: string[]; k3s?: boolean; backup?: boolean; integrity?: 'verified' | 'mismatch' }
const IDS = ['ssh-110', 'nodes', 'route', 'dump']
const ESTATE = Estate.parse({
  estate: 'e',
  version: '1',
  policy: 'sop@1.78',
  gates: [{ id: 'G' }],
  checks: IDS.map((id) => ({ id, gate: 'G', kind: 'tcp', address: 'h110', port: 1 })),
})

/** A round of one host: what is blocked decides its gates. */
function round({ id, boot, sealed, blocked = [], backup = true, integrity = 'verified' }: Shape): BootedRound {
  const isDown = (name: string): boolean => blocked.includes(name)
  const gates = [
    ['P1-K3S', 'nodes'],
    ['P2-PUBLIC-ROUTES', 'route'],
  ].map(([gate = '', name = '']) => ({ id: gate, status: isDown(name) ? ('BLOCKED' as const) : ('GREEN' as const) }))
  const snapshot: Snapshot = {
    ...GREEN,
    artifact_id: id,
    opened_at: sealed,
    sealed_at: sealed,
    evidence: { ...GREEN.evidence, integrity },
    gates,
    checks: IDS.map((name) => ({ ...CHECK, id: name, kind: 'tcp', status: isDown(name) ? 'BLOCKED' : 'PASS' })),
    summary: { ...GREEN.summary, BACKUP_CORE_GREEN: backup ? '1' : '0', BACKUP_OFFSITE_FRESH: '1' },
  }
  return {
    snapshot,
    estate: ESTATE,
    boots: [{ host: 'h110', boot_time: boot }],
    operator: 'night-shift',
    tool: 'evidence-ledger 0.1.0',
    checksOf: { h110: IDS },
  }
}

const OLD = '2026-06-18T10:00:00.000Z'
const NEW = '2026-06-26T10:00:00.000Z'
const before = { rounds: [round({ id: 'old-1', boot: OLD, sealed: '2026-06-18T10:30:00.000Z', blocked: ['dump'] })] }
const after = {
  rounds: [
    round({ id: 'new-1', boot: NEW, sealed: '2026-06-26T10:10:00.000Z', blocked: ['nodes', 'route', 'dump'], backup: false }),
    round({ id: 'new-2', boot: NEW, sealed: '2026-06-26T10:25:00.000Z', blocked: ['route', 'dump'], backup: false }),
    round({ id: 'new-3', boot: NEW, sealed: '2026-06-26T10:50:00.000Z', blocked: ['dump', 'route'] }),
  ],
}

describe('the record of a reboot', () => {
  test('times are those of the first round that saw it, and are compared with the reboot before', () => {
    const record = buildRebootRecord(after, before)
    expect(record).toMatchObject({
      artifact_id: 'new-3',
      since: NEW,
      rounds: ['new-1', 'new-2', 'new-3'],
      minutes: { ssh: 10, k3s_ready: 25, public_routes: null, backup_green: 50 },
      previous: 'old-1',
      faster: ['ssh: 10 min, before 30 min', 'k3s_ready: 25 min, before 30 min'],
      slower: ['backup_green: 50 min, before 30 min'],
      blockers: ['route', 'dump'],
      blockers_new: ['route'],
      blockers_repeated: ['dump'],
      blockers_gone: [],
      hosts: [{ host: 'h110', boot_time: NEW, checks: 'PASS=2 WARN=0 BLOCKED=2 NOT_EVALUATED=0 (route, dump)' }],
    })
    expect(rebootRecordText(record)).toContain('- SOP change required: yes: a blocker that repeats becomes a hard gate\n')
  })

  test('a round that is not verified saw nothing', () => {
    const forged = { rounds: [round({ id: 'f-1', boot: NEW, sealed: '2026-06-26T10:01:00.000Z', integrity: 'mismatch' }), ...after.rounds] }
    expect(buildRebootRecord(forged, null).minutes).toEqual(buildRebootRecord(after, null).minutes)
  })

  test('without a boot or a round before, nothing is made up', () => {
    const record = buildRebootRecord({ rounds: [round({ id: 'new-1', boot: null, sealed: NEW })] }, null)
    expect(Object.values(record.minutes)).toEqual([null, null, null, null])
    expect(new Set(Object.values(record.pre_check))).toEqual(new Set(['unknown']))
    const text = rebootRecordText(record)
    for (const line of ['Start time: unknown', 'Previous: unknown', 'Faster: unknown', 'New blocker: unknown', 'Repeated blocker: unknown', 'ssh: unknown']) {
      expect(text).toContain(`- ${line}\n`)
    }
  })

  test('has every line of the runbook', () => {
    const text = rebootRecordText(buildRebootRecord(after, before))
    const names =
      'Hosts|Operation|SOP version used|Operator|Maintenance window|Cold-start scorecard|Backup status|Offsite verifier|Public routes|DB parity|Alerts|Credential escrow|Start time|End time|Commands / console actions|Services paused|Services released|h110|Cold-start scorecard after|Backup status after|Offsite verifier after|DB parity after|Alerts after|Faster|Slower|New blocker|Repeated blocker|False positive / detector tuning|SOP change required|Previous version|New version|Change reason|Files updated'
    expect(names.split('|').filter((name) => !text.includes(`\n- ${name}: `))).toEqual([])
  })
})

describe('evidence round record', () => {
  const ESTATE = `estate: shop\nversion: "1"\npolicy: sop@1.78\nhosts: [{ id: here, transport: local }]\ngates: [{ id: P0-HOST }]\nchecks: [{ id: state, gate: P0-HOST, host: here, kind: host, systemd: ignore }]\n`
  test('over the rounds of this boot, as Markdown, JSON and a file', () => {
    const folder = newFolder()
    writeFileSync(path.join(folder, 'estate.yaml'), ESTATE)
    const run = (...args: string[]) => runEvidence(folder, args)
    for (const id of ['one-1', 'two-2']) run('round', 'run', '--estate', 'estate.yaml', '--id', id, '--quiet')
    run('round', 'import', path.join(ROUNDS_DIR, 'june-26-to-27.yaml'))
    const record = JSON.parse(run('round', 'record', 'two-2', '--json').stdout) as RebootRecord
    expect(record).toMatchObject({ artifact_id: 'two-2', rounds: ['one-1', 'two-2'], previous: null, blockers: [], integrity: 'verified' })
    expect(record.minutes.ssh).toBeGreaterThanOrEqual(0)
    const text = run('round', 'record', 'two-2')
    expect([text.code, text.stdout]).toEqual([0, rebootRecordText(record)])
    expect(run('round', 'record', 'two-2', '--output', 'reboot.md')).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(path.join(folder, 'reboot.md'), 'utf8')).toBe(text.stdout)
    expect(run('round', 'record', 'two-2', '--previous', 'one-1', '--json').stdout).toContain('"previous": "one-1"')
  })

  test('of recorded rounds: what was transcribed, compared with the round before, and no times', () => {
    const folder = newFolder()
    runEvidence(folder, ['round', 'import', path.join(ROUNDS_DIR, 'june-26-to-27.yaml')])
    const ran = runEvidence(folder, ['round', 'record', 'awoooi-post-reboot-readiness-20260627-115046', '--json'])
    expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([
      0,
      { integrity: 'legacy_unverified', since: null, previous: expect.stringMatching(/^awoooi-/), minutes: { ssh: null } },
    ])
  })

  test('bad input', () => {
    const folder = newFolder()
    runEvidence(folder, ['round', 'import', path.join(ROUNDS_DIR, 'june-26-to-27.yaml')])
    expect(runEvidence(folder, ['round', 'record', 'not-there']).stderr).toMatch(/^evidence: round_unknown: /)
    writeFileSync(path.join(folder, 'estate.yaml'), ESTATE)
    runEvidence(folder, ['round', 'run', '--estate', 'estate.yaml', '--id', 'shop-1', '--quiet'])
    const ran = runEvidence(folder, ['round', 'record', 'shop-1', '--previous', 'awoooi-post-reboot-readiness-20260627-115046'])
    expect([ran.code, ran.stdout, ran.stderr]).toEqual([2, '', expect.stringContaining('both rounds must be of one estate')])
  })
})
