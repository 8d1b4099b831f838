/**
 * summary.txt: the flat view of a snapshot (contract §4). This file knows the keys, their types and their order of
 * badness; writing is `projector/build-summary.ts`, reading back is `projector/read-summary.ts`. No zod here: guards on
 * a file must start fast.
 */

export const SUMMARY_SCHEMA = 'evidence_round_summary_v1'

export type RoundIntegrity = 'verified' | 'unsealed' | 'mismatch' | 'legacy_unverified'
/** A boolean as summaries print it: `unknown` where there is no evidence, and unknown is never green. */
export type Tri = '0' | '1' | 'unknown'

/** Values by key, in the order of the file. */
export type SummaryValues = Readonly<Record<string, string>>

/** Two keys of one file that cannot both be true; `readAs` is the worse reading, which counts. */
export type Contradiction = { code: string; because: string; readAs: string }

/** A summary as guards take it: from a file, or flattened from a snapshot. */
export type Summary = {
  readonly values: SummaryValues
  readonly integrity: RoundIntegrity
  /** True where the file came from the older tools: a key it lacks is unknown instead of not in the estate. */
  readonly legacy: boolean
  readonly contradictions: readonly Contradiction[]
  /** Digest of the file as it was read, or of the summary the snapshot gives. */
  readonly digest: `sha256:${string}`
}

/** Post-start results and overall declarations from worst to best. */
export const OVERALL_ORDER = [
  'BLOCKED',
  'PRODUCT_DATA_PENDING_EOD_WINDOW',
  'SERVICE_AVAILABLE_DEGRADED',
  'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
  'FULL_STACK_GREEN',
] as const
export type Overall = (typeof OVERALL_ORDER)[number]

export const PLAN_B_ORDER = [
  'B0_ABORTED_BEFORE_REBOOT',
  'B1_HOST_RECOVERY_ONLY',
  'B2_CORE_SERVICE_READY',
  'B3_SERVICE_AVAILABLE_DEGRADED',
  'B4_FULL_STACK_GREEN',
  'B5_DR_COMPLETE',
] as const
export type PlanBLevel = (typeof PLAN_B_ORDER)[number]

export function isOverall(text: string | undefined): text is Overall {
  return (OVERALL_ORDER as readonly string[]).includes(text ?? '')
}

/** The worse of two overall results; `unknown` where both are. */
export function worseOverall(a: string | undefined, b: string | undefined): Overall | 'unknown' {
  const known = [a, b].filter(isOverall)
  if (known.length === 0) return 'unknown'
  return known.reduce((x, y) => (OVERALL_ORDER.indexOf(x) <= OVERALL_ORDER.indexOf(y) ? x : y))
}

/** What the parts allow OVERALL_DECLARATION to be at most; an unknown part caps nothing, but nothing is added either. */
export function cappedOverall(v: SummaryValues): string {
  const caps = [v.OVERALL_DECLARATION, v.POST_START_RESULT]
  if (v.ROUND_INTEGRITY === 'unsealed' || v.ROUND_INTEGRITY === 'mismatch') caps.push('BLOCKED')
  if (v.PRODUCT_DATA_GREEN === '0') caps.push(v.POST_START_RESULT === 'PRODUCT_DATA_PENDING_EOD_WINDOW' ? v.POST_START_RESULT : 'BLOCKED')
  if (v.SERVICE_GREEN === '0' && isGreenOverall(v.OVERALL_DECLARATION)) caps.push('SERVICE_AVAILABLE_DEGRADED')
  if (v.DR_ESCROW_BLOCKED === '1' || (countOf(v.ESCROW_MISSING_COUNT) ?? 0) > 0) caps.push('FULL_STACK_GREEN_DR_ESCROW_BLOCKED')
  if ((countOf(v.POST_START_BLOCKED) ?? 0) > 0 && v.POST_START_RESULT !== 'PRODUCT_DATA_PENDING_EOD_WINDOW') caps.push('BLOCKED')
  return v.OVERALL_DECLARATION === 'unknown' ? 'unknown' : caps.reduce<string>((a, b) => worseOverall(a, b), 'FULL_STACK_GREEN')
}

/** True for the two results that are called full-stack green. */
export function isGreenOverall(text: string | undefined): boolean {
  return text === 'FULL_STACK_GREEN' || text === 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED'
}

export type ValueType = 'count' | 'flag' | 'text' | 'list' | 'digest' | 'time' | readonly string[]

const COLD = ['BLOCKED', 'DEGRADED', 'GREEN', 'CHECK_FAILED'] as const

/** Keys that are the same in every estate, in the order of the file. */
export const SUMMARY_KEYS: Readonly<Record<string, ValueType>> = {
  SUMMARY_SCHEMA: [SUMMARY_SCHEMA],
  ARTIFACT_ID: 'text',
  ESTATE_ID: 'text',
  ESTATE_VERSION: 'text',
  POLICY_VERSION: 'text',
  ROUND_OPENED_AT: 'time',
  ROUND_SEALED_AT: 'time',
  EVIDENCE_COUNT: 'count',
  EVIDENCE_ROOT: 'text',
  ROUND_INTEGRITY: ['verified', 'unsealed', 'mismatch', 'legacy_unverified'],
  EXPECTED_CHECKS: 'count',
  OBSERVED_CHECKS: 'count',
  UNOBSERVED_CHECKS: 'count',
  NOT_EVALUATED_CHECKS: 'count',
  CONFLICTING_CHECKS: 'count',
  COLD_START_RESULT: COLD,
  COLD_START_PASS: 'count',
  COLD_START_WARN: 'count',
  COLD_START_BLOCKED: 'count',
  FIRST_BLOCKED_GATE: 'text',
  POST_START_RESULT: OVERALL_ORDER,
  POST_START_PASS: 'count',
  POST_START_WARN: 'count',
  POST_START_BLOCKED: 'count',
  POST_START_WARN_SERVICE: 'count',
  POST_START_WARN_BOUNDARY: 'count',
  POST_START_WARN_EVIDENCE: 'count',
  SERVICE_GREEN: 'flag',
  PRODUCT_DATA_GREEN: 'flag',
  BACKUP_CORE_GREEN: 'flag',
  BACKUP_CORE_BLOCKERS: 'count',
  BACKUP_OFFSITE_FRESH: 'flag',
  BACKUP_INTEGRITY_STALE: 'count',
  BACKUP_LAST_AGGREGATE: 'text',
  DR_ESCROW_BLOCKED: 'flag',
  ESCROW_MISSING_COUNT: 'count',
  ESCROW_MISSING_ITEMS: 'list',
  RECOVERY_CORE_READY: 'flag',
  RECOVERY_DR_OFFSITE_READY: 'flag',
  PLAN_B_LEVEL: PLAN_B_ORDER,
  RUNTIME_ACTION_AUTHORIZED: ['0'],
  OVERALL_DECLARATION: OVERALL_ORDER,
  NEXT_REQUIRED_GATES: 'list',
  SUMMARY_DIGEST: 'digest',
}

/** Keys that carry a prefix of the estate's own, by their ending; the first match counts. */
export const SUMMARY_KEYS_BY_ENDING: readonly (readonly [RegExp, ValueType])[] = [
  [/^GATE_[A-Z0-9_]+$/, ['GREEN', 'WARN', 'BLOCKED']],
  [/_RUNTIME_GATE$/, ['0']],
  [/_FRESHNESS_STATUS$/, 'text'],
  [/_LATEST_TRADING_DATE$/, 'text'],
  [/_DAILY_FRESHNESS$/, 'text'],
  [/_(RELEASE_CURRENT|DB_PARITY|DATA_FRESH|SOURCE_AVAILABLE)$/, 'flag'],
  [/_(SERVICE_GREEN|HYGIENE_BLOCKED|MANAGER_REGISTRY_ACCEPTED)$/, 'flag'],
  [/^HOST_[A-Z0-9_]+_RESULT$/, 'text'],
  [/_BLOCKERS$/, 'list'],
  [/_(COVERAGE_SCOPE|DIRECT_ACTIVE|NO_TRANSPORT|SSH_BLOCKED|ROUTE_CODE|TRANSPORT_COUNT|DASHBOARD_INDEX_OK)$/, 'count'],
  [/_DASHBOARD_API_CONNECTION$/, 'text'],
]

/** Type of a key's value; null where summaries have no such key. */
export function summaryKeyType(key: string): ValueType | null {
  if (Object.hasOwn(SUMMARY_KEYS, key)) return SUMMARY_KEYS[key] ?? null
  return SUMMARY_KEYS_BY_ENDING.find(([pattern]) => pattern.test(key))?.[1] ?? null
}

/** Every key that a summary of any estate has. */
export const REQUIRED_SUMMARY_KEYS = [
  'ARTIFACT_ID',
  'ESTATE_ID',
  'POLICY_VERSION',
  'ROUND_INTEGRITY',
  'EVIDENCE_ROOT',
  'POST_START_RESULT',
  'SERVICE_GREEN',
  'OVERALL_DECLARATION',
  'NEXT_REQUIRED_GATES',
  'RUNTIME_ACTION_AUTHORIZED',
]

/** Longest value of a key; a list of a few hundred blockers fits. */
export const MAX_VALUE_LENGTH = 32_000

/** What a value of each type looks like; the JSON Schema of summaries is made from the same patterns. */
export const VALUE_PATTERNS: Readonly<Record<Exclude<ValueType, readonly string[]>, RegExp>> = {
  count: /^(0|[1-9]\d{0,14}|unknown)$/,
  flag: /^(0|1|unknown)$/,
  text: /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/,
  list: /^[A-Za-z0-9_.:-]+(,[A-Za-z0-9_.:-]+)*$/,
  digest: /^sha256:[0-9a-f]{64}$/,
  time: /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z|unknown)$/,
}

/** Words a key of fixed words may have: more than one word and `unknown` is a word too; a single word is the only one. */
export function allowedWords(words: readonly string[]): readonly string[] {
  return words.length > 1 ? [...words, 'unknown'] : words
}

/** Whether a text is a value of the type. `unknown` is one of every type but digests and fixed single words. */
export function isSummaryValue(type: ValueType, value: string): boolean {
  return typeof type === 'string' ? VALUE_PATTERNS[type].test(value) : allowedWords(type).includes(value)
}

/** The value as summaries may print it: what does not fit the key (another tool's odd text, say) is unknown, which is never green. */
export function toSummaryValue(key: string, value: string): string {
  const type = summaryKeyType(key)
  return type !== null && value.length <= MAX_VALUE_LENGTH && isSummaryValue(type, value) ? value : 'unknown'
}

/** Items of a list value; `none` and `unknown` are empty. */
export function listItems(value: string | undefined): string[] {
  return value === undefined || value === 'none' || value === 'unknown' ? [] : value.split(',')
}

export function listValue(items: readonly string[]): string {
  return items.length === 0 ? 'none' : items.join(',')
}

/** A count's number; null where it is unknown or absent. */
export function countOf(value: string | undefined): number | null {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : null
}

export function gateKey(gateId: string): string {
  return `GATE_${gateId.replaceAll('-', '_')}`
}

/** What an owner gate id is about and the key that says whether it is still open (contract §5). */
export type OwnerGateKind = 'escrow' | 'hygiene' | 'registry'

export function ownerGateOf(id: string): { kind: OwnerGateKind; prefix: string } | null {
  if (id === 'credential_escrow_evidence') return { kind: 'escrow', prefix: '' }
  const hygiene = /^(host_[a-z0-9_]+)_hygiene_maintenance_window$/.exec(id)
  if (hygiene) return { kind: 'hygiene', prefix: (hygiene[1] as string).toUpperCase() }
  const registry = /^([a-z0-9_]+)_manager_registry_export$/.exec(id)
  return registry ? { kind: 'registry', prefix: (registry[1] as string).toUpperCase() } : null
}

/** Whether the parts demand this owner gate: open unless the evidence shows it closed. */
export function isOwnerGateOpen(id: string, values: SummaryValues): boolean {
  const gate = ownerGateOf(id)
  if (gate?.kind === 'escrow') return values.ESCROW_MISSING_COUNT !== '0' || values.DR_ESCROW_BLOCKED === '1'
  if (gate?.kind === 'hygiene') return values[`${gate.prefix}_HYGIENE_BLOCKED`] !== '0'
  if (gate?.kind === 'registry') return values[`${gate.prefix}_MANAGER_REGISTRY_ACCEPTED`] !== '1'
  return true
}
