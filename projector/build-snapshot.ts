import type { Estate } from '../schemas/estate.ts'
import type { CheckVerdict, Snapshot } from '../schemas/snapshot.ts'
import {
  cappedOverall,
  gateKey,
  isGreenOverall,
  isOwnerGateOpen,
  listItems,
  listValue,
  type PlanBLevel,
  SUMMARY_SCHEMA,
  type Tri,
  toSummaryValue,
  worseOverall,
} from '../schemas/summary.ts'
import { establishedDeclarations, platformFacts } from './established.ts'
import { judgeGates } from './gates.ts'
import { type JudgedRound, judgeRound } from './judged-round.ts'
import type { Policy } from './policies.ts'
import { isUp, judgeResults, type Results } from './results.ts'
import type { RoundEvidence } from './round-evidence.ts'
import { backupValues, hygieneValues, missingEscrowItems, productValues, registryValues, releaseProductsGreen } from './sections.ts'
import { allGreen } from './tri.ts'

/**
 * Everything concluded about one round under one policy version. Pure: the same evidence, policy and estate give the
 * same snapshot, byte for byte, on any machine.
 *
 * Where the integrity is not `verified` (or `legacy_unverified`), nothing the events say may license anything: checks
 * are shown as they were judged, but results, greens and sections are those of a round without evidence.
 */
export function buildSnapshot(round: RoundEvidence, policy: Policy): Snapshot {
  const isTrusted = round.integrity === 'verified' || round.integrity === 'legacy_unverified'
  const shown = judgeRound(round, policy)
  const believed = isTrusted ? shown : judgeRound(withoutEvidence(round), policy)
  const results = judgeResults(believed)
  const gates = judgeGates(believed)
  const verdicts = [...shown.verdicts.values()]
  const base = {
    snapshot_schema: 'evidence_snapshot_v1' as const,
    artifact_id: round.roundId,
    estate: { id: round.estate.estate, version: round.estate.version, digest: round.opened.data.estate.digest },
    policy_version: policy.version,
    opened_at: round.opened.time,
    sealed_at: round.sealedAt,
    evidence: { count: round.count, root: round.root, integrity: round.integrity, integrity_reasons: round.integrityReasons },
    recorded: round.opened.data.recorded,
    coverage: coverageOf(round, verdicts),
    gates,
    first_blocked_gate: gates.find((gate) => gate.status === 'BLOCKED')?.id ?? null,
    checks: verdicts,
    cold_start: results.cold,
    post_start: isTrusted ? results.post : { ...results.post, result: 'BLOCKED' },
    demoted: results.demoted.map(({ text, class: blockerClass }) => ({ text, class: blockerClass })),
    platform: platformFacts(believed),
    established: establishedDeclarations(believed),
  }
  const { summary, checksOf } = buildSummary(base, believed, results, isTrusted)
  return { ...base, evidence_of: eventsOf(checksOf, believed), summary }
}

function withoutEvidence(round: RoundEvidence): RoundEvidence {
  return { ...round, byCheck: new Map(), opened: { ...round.opened, data: { ...round.opened.data, reviews: [] } } }
}

function coverageOf(round: RoundEvidence, verdicts: readonly CheckVerdict[]): Snapshot['coverage'] {
  const count = (observed: CheckVerdict['observed']): number => verdicts.filter((one) => one.observed === observed).length
  return {
    expected: verdicts.length,
    observed: count('observed'),
    unobserved: count('unobserved'),
    not_evaluated: count('not_evaluated'),
    conflicting: verdicts.filter((one) => one.conflicting).length,
    undeclared: round.undeclared,
  }
}

type Base = Omit<Snapshot, 'evidence_of' | 'summary'>
/** Values in the fixed order of contract §4, and the checks each key rests on. */
type Built = { summary: Record<string, string>; checksOf: Record<string, readonly string[]> }

function buildSummary(base: Base, judged: JudgedRound, results: Results, isTrusted: boolean): Built {
  const all = [...judged.verdicts.keys()]
  const summary: Record<string, string> = {}
  const checksOf: Record<string, readonly string[]> = {}
  const put = (values: Record<string, string>, checks: readonly string[] = []): void => {
    for (const [key, value] of Object.entries(values)) {
      summary[key] = toSummaryValue(key, value)
      if (checks.length > 0) checksOf[key] = checks
    }
  }
  put(identityValues(base))
  put(coverageValues(base))
  put(coldStartValues(base), all)
  put(postStartValues(base), all)
  const sections = judged.estate.sections
  const backup = backupValues(judged)
  const products = releaseProductsGreen(judged)
  put({ SERVICE_GREEN: isTrusted ? results.serviceGreen : '0' }, all)
  if (products) put({ PRODUCT_DATA_GREEN: products.value }, products.checks)
  if (backup) put({ BACKUP_CORE_GREEN: backup.coreGreen }, sections.backup?.health)
  for (const product of sections.products ?? []) put(...spread(productValues(judged, product)))
  if (backup) put(backup.values, backup.checks)
  const missing = missingEscrowItems(judged)
  if (missing) put(escrowValues(missing), sections.escrow?.inventory)
  for (const host of sections.hygiene ?? []) put(...spread(hygieneValues(judged, host)))
  const registry = registryValues(judged)
  if (registry) put(registry.values, registry.checks)
  put(verdictValues(summary, base, judged, results, isTrusted), all)
  return { summary, checksOf }
}

function spread({ values, checks }: { values: Record<string, string>; checks: string[] }): [Record<string, string>, string[]] {
  return [values, checks]
}

function identityValues(base: Base): Record<string, string> {
  return {
    SUMMARY_SCHEMA,
    ARTIFACT_ID: base.artifact_id,
    ESTATE_ID: base.estate.id,
    ESTATE_VERSION: base.estate.version,
    POLICY_VERSION: base.policy_version,
    ROUND_OPENED_AT: base.opened_at,
    ROUND_SEALED_AT: base.sealed_at ?? 'unknown',
    EVIDENCE_COUNT: String(base.evidence.count),
    EVIDENCE_ROOT: base.evidence.root,
    ROUND_INTEGRITY: base.evidence.integrity,
  }
}

function coverageValues({ coverage }: Base): Record<string, string> {
  return {
    EXPECTED_CHECKS: String(coverage.expected),
    OBSERVED_CHECKS: String(coverage.observed),
    UNOBSERVED_CHECKS: String(coverage.unobserved),
    NOT_EVALUATED_CHECKS: String(coverage.not_evaluated),
    CONFLICTING_CHECKS: String(coverage.conflicting),
  }
}

function coldStartValues({ cold_start: cold, gates, first_blocked_gate: first }: Base): Record<string, string> {
  return {
    COLD_START_RESULT: cold.result,
    COLD_START_PASS: text(cold.pass),
    COLD_START_WARN: text(cold.warn),
    COLD_START_BLOCKED: text(cold.blocked),
    FIRST_BLOCKED_GATE: first ?? 'none',
    ...Object.fromEntries(gates.map((gate) => [gateKey(gate.id), gate.status])),
  }
}

function postStartValues({ post_start: post }: Base): Record<string, string> {
  return {
    POST_START_RESULT: post.result,
    POST_START_PASS: text(post.pass),
    POST_START_WARN: text(post.warn),
    POST_START_BLOCKED: text(post.blocked),
    POST_START_WARN_SERVICE: text(post.warn_service),
    POST_START_WARN_BOUNDARY: text(post.warn_boundary),
    POST_START_WARN_EVIDENCE: text(post.warn_evidence),
  }
}

function text(count: number | null): string {
  return count === null ? 'unknown' : String(count)
}

function escrowValues(missing: readonly string[]): Record<string, string> {
  return { DR_ESCROW_BLOCKED: missing.length > 0 ? '1' : '0', ESCROW_MISSING_COUNT: String(missing.length), ESCROW_MISSING_ITEMS: listValue(missing) }
}

function verdictValues(
  summary: Readonly<Record<string, string>>,
  base: Base,
  judged: JudgedRound,
  results: Results,
  isTrusted: boolean,
): Record<string, string> {
  const flag = (key: string): Tri => (summary[key] === '1' ? '1' : '0')
  const core = allGreen([flag('SERVICE_GREEN'), flag('PRODUCT_DATA_GREEN'), flag('BACKUP_CORE_GREEN')])
  const dr = summary.BACKUP_OFFSITE_FRESH === '1' && summary.ESCROW_MISSING_COUNT === '0' ? '1' : '0'
  const told = judged.reported('NEXT_REQUIRED_GATES')
  const demanded = ownerGatesOf(judged.estate).filter((id) => told === 'unknown' || listItems(told).includes(id) || isOwnerGateOpen(id, summary))
  const overall = cappedOverall({ ...summary, OVERALL_DECLARATION: worseOverall(base.post_start.result, judged.reported('OVERALL_DECLARATION')) })
  return {
    RECOVERY_CORE_READY: core,
    RECOVERY_DR_OFFSITE_READY: dr,
    PLAN_B_LEVEL: planBLevel(judged, results, overall, dr, isTrusted),
    RUNTIME_ACTION_AUTHORIZED: '0',
    OVERALL_DECLARATION: isTrusted ? overall : 'BLOCKED',
    NEXT_REQUIRED_GATES: listValue(demanded),
  }
}

/** Owner gates in the estate's order; a section's own gate is there whether or not the estate lists it. */
function ownerGatesOf({ owner_gates: listed, sections }: Estate): string[] {
  const implied = [
    ...(sections.escrow ? ['credential_escrow_evidence'] : []),
    ...(sections.hygiene ?? []).map((host) => `${host.prefix.toLowerCase()}_hygiene_maintenance_window`),
    ...(sections.registry ? [`${sections.registry.prefix.toLowerCase()}_manager_registry_export`] : []),
  ]
  return [...new Set([...listed, ...implied])]
}

/** Contract §4, PLAN_B_LEVEL; runbook §1.4. A level is what may be said at most. */
function planBLevel(judged: JudgedRound, { cold, demoted }: Results, overall: string, dr: Tri, isTrusted: boolean): PlanBLevel | 'unknown' {
  if (!isTrusted) return 'B1_HOST_RECOVERY_ONLY'
  const isColdBlocked = (cold.result === 'BLOCKED' && demoted.length === 0) || cold.result === 'CHECK_FAILED'
  if (overall === 'BLOCKED' || isColdBlocked) {
    const isPublicUp = judged.estate.checks.some((check) => check.role !== undefined && isUp(judged.verdicts.get(check.id)))
    return isPublicUp ? 'B2_CORE_SERVICE_READY' : 'B1_HOST_RECOVERY_ONLY'
  }
  if (overall === 'unknown') return 'unknown'
  if (cold.result !== 'GREEN' || !isGreenOverall(overall)) return 'B3_SERVICE_AVAILABLE_DEGRADED'
  return dr === '1' ? 'B5_DR_COMPLETE' : 'B4_FULL_STACK_GREEN'
}

/** Event ids behind each key: those of the checks it rests on. */
function eventsOf(checksOf: Readonly<Record<string, readonly string[]>>, judged: JudgedRound): Record<string, string[]> {
  // Many keys rest on the same list of checks.
  const events = new Map<readonly string[], string[]>()
  return Object.fromEntries(
    Object.entries(checksOf).map(([key, ids]) => {
      const known = events.get(ids) ?? ids.flatMap((id) => judged.verdicts.get(id)?.event_ids ?? [])
      events.set(ids, known)
      return [key, known]
    }),
  )
}
