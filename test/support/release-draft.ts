import fc from 'fast-check'
import { Estate } from '../../schemas/estate.ts'
import { GROUP_PHASES } from '../../schemas/timeline.ts'
import type { Draft, DraftEvidence } from './generated-rounds.ts'

const OPENED_AT = Date.parse('2026-06-27T10:00:00.000Z')
const GATE = 'P4-RELEASE'

/** What releases rest on beside the gates, with what each may have seen, good first. */
const CHECKS: readonly { id: string; kind: string; settings?: object; seen: readonly object[] }[] = [
  { id: 'load', kind: 'load-window', seen: [load(0.1, 90_000), load(9, 90_000), load(0.1, 60)] },
  { id: 'guardrails', kind: 'runner-guardrails', settings: { pattern: 'actions.runner.*' }, seen: [units(200), units(400), { units: [] }] },
  { id: 'orphans', kind: 'runaway', seen: [processes([]), processes([{ group: 1, program: 'chrome', processes: 2, age_s: 900, cpu_percent: 200 }])] },
  {
    id: 'alerts',
    kind: 'alertmanager',
    settings: { url: 'http://a:9093', test_webhook: 'http://a/hook' },
    seen: [alerts({ sent: true, status: 200, failure: null }), alerts({ sent: false, status: null, failure: null })],
  },
]

function load(average: number, uptime_s: number): object {
  return { cpus: 4, load: [average, average, average], uptime_s }
}
function units(cpu_quota_percent: number): object {
  return { units: [{ name: 'actions.runner.a', load: 'loaded', active: 'active', cpu_quota_percent, memory_max_bytes: 1_000_000, watchdog_us: 0 }] }
}
function processes(orphans: object[]): object {
  return { orphans, attended_groups: 0, ci_containers: null, cpus: 4, load5: 0.1, io_pressure_percent: 0, memory_pressure_percent: 0 }
}
function alerts(test: object): object {
  return { url: 'http://a:9093', healthy: true, alerts: [], total: 0, test }
}

/** The draft with a gate of release checks, at its front or its end, and service groups over any of its checks. */
export function withReleases(draft: Draft): fc.Arbitrary<Draft> {
  return fc
    .record({
      kept: fc.subarray([...CHECKS], { minLength: 2 }),
      isFirst: fc.boolean(),
      seen: fc.array(fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(2) }), { minLength: CHECKS.length }),
      part: fc.constantFrom('cold_start', 'high_load'),
    })
    .chain(({ kept, isFirst, seen, part }) => {
      const checks = kept.map(({ id, kind, settings }) => ({ id, kind, gate: GATE, part, ...settings }))
      const known = [...draft.estate.checks.map((check) => check.id), ...checks.map((check) => check.id)]
      const group = fc.record({ phase: fc.constantFrom(...GROUP_PHASES), needs: fc.subarray(known, { minLength: 1, maxLength: 5 }) })
      return fc.array(group, { maxLength: 3 }).map((groups) => {
        const gates = isFirst ? [{ id: GATE }, ...draft.estate.gates] : [...draft.estate.gates, { id: GATE }]
        const releases = groups.map((one, n) => ({ id: `group-${n}`, ...one }))
        const estate = Estate.parse({ ...draft.estate, gates, checks: [...draft.estate.checks, ...checks], releases })
        return { ...draft, estate, evidence: [...draft.evidence, ...kept.map((check, n) => evidenceOf(check, seen[n] ?? 0))] }
      })
    })
}

function evidenceOf({ id, kind, seen }: (typeof CHECKS)[number], which: number): DraftEvidence {
  const facts = seen[which] ?? seen[0]
  const attempts = [{ started_at: new Date(OPENED_AT).toISOString(), ms: 1, outcome: which === 0 ? 'ok' : 'unmet' }]
  return { check: id, type: `evidence.${kind}.observed.v1`, at: OPENED_AT + 1000, data: { target: 't', host: null, as_of: null, attempts, facts } }
}
