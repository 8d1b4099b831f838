import {
  type Contradiction,
  cappedOverall,
  countOf,
  isGreenOverall,
  isOwnerGateOpen,
  listItems,
  listValue,
  PLAN_B_ORDER,
  type PlanBLevel,
  type SummaryValues,
} from '../schemas/summary.ts'

/** The owner gates of the estate whose tools wrote summaries before this project, in contract order. */
const LEGACY_GATES = ['credential_escrow_evidence', 'host_188_hygiene_maintenance_window', 'wazuh_manager_registry_export']
const LEGACY_KEYS = [
  'ARTIFACT_ID',
  'POST_START_RESULT',
  'POST_START_PASS',
  'POST_START_WARN',
  'POST_START_BLOCKED',
  'SERVICE_GREEN',
  'PRODUCT_DATA_GREEN',
  'BACKUP_CORE_GREEN',
  'STOCK_FRESHNESS_STATUS',
  'STOCK_LATEST_TRADING_DATE',
  'STOCK_BLOCKERS',
  'MOMO_DATA_FRESH',
  'BACKUP_OFFSITE_FRESH',
  'DR_ESCROW_BLOCKED',
  'ESCROW_MISSING_COUNT',
  'ESCROW_MISSING_ITEMS',
  'HOST_188_SERVICE_GREEN',
  'HOST_188_HYGIENE_BLOCKED',
  'HOST_188_RESULT',
  'WAZUH_MANAGER_REGISTRY_ACCEPTED',
  'RECOVERY_CORE_READY',
  'RECOVERY_DR_OFFSITE_READY',
  'PLAN_B_LEVEL',
]

/** A key that an older tool did not print is unknown; what it derives from printed keys is derived here. */
export function withLegacyDefaults(printed: SummaryValues): Record<string, string> {
  const values: Record<string, string> = { ESTATE_ID: 'awoooi', ...Object.fromEntries(LEGACY_KEYS.map((key) => [key, 'unknown'])), ...printed }
  values.ROUND_INTEGRITY = 'legacy_unverified'
  values.RUNTIME_ACTION_AUTHORIZED = '0'
  // Items printed as missing are a blocked escrow. Nothing is derived the other way: that would make an unknown green.
  if (values.DR_ESCROW_BLOCKED === 'unknown' && (countOf(values.ESCROW_MISSING_COUNT) ?? 0) > 0) values.DR_ESCROW_BLOCKED = '1'
  values.OVERALL_DECLARATION ??= values.POST_START_RESULT as string
  if ((values.NEXT_REQUIRED_GATES ?? 'unknown') === 'unknown') values.NEXT_REQUIRED_GATES = listValue(LEGACY_GATES.filter((id) => isOwnerGateOpen(id, values)))
  return values
}

type Rule = { code: string; holds: (v: SummaryValues) => boolean; because: readonly string[]; worse: (v: SummaryValues) => Record<string, string> }

function flag(key: string): Pick<Rule, 'worse'> {
  return { worse: () => ({ [key]: '0' }) }
}

/**
 * Pairs of keys that cannot both be true, each with its worse reading (contract §4). Order matters: a later rule sees
 * what an earlier one made worse.
 */
const RULES: readonly Rule[] = [
  ...['SERVICE_GREEN', 'PRODUCT_DATA_GREEN', 'BACKUP_CORE_GREEN', 'BACKUP_OFFSITE_FRESH'].map((key) => ({
    code: 'green_without_integrity',
    because: [key, 'ROUND_INTEGRITY'],
    holds: (v: SummaryValues) => v[key] === '1' && (v.ROUND_INTEGRITY === 'unsealed' || v.ROUND_INTEGRITY === 'mismatch'),
    ...flag(key),
  })),
  {
    code: 'post_start_green_with_blockers',
    because: ['POST_START_RESULT', 'POST_START_BLOCKED'],
    holds: (v) => isGreenOverall(v.POST_START_RESULT) && (countOf(v.POST_START_BLOCKED) ?? 0) > 0,
    worse: () => ({ POST_START_RESULT: 'BLOCKED' }),
  },
  {
    code: 'post_start_green_without_pass',
    because: ['POST_START_RESULT', 'POST_START_PASS'],
    holds: (v) => isGreenOverall(v.POST_START_RESULT) && v.POST_START_PASS === '0',
    worse: () => ({ POST_START_RESULT: 'BLOCKED' }),
  },
  {
    code: 'service_green_while_blocked',
    because: ['SERVICE_GREEN', 'POST_START_RESULT'],
    holds: (v) => v.SERVICE_GREEN === '1' && (v.POST_START_RESULT === 'BLOCKED' || v.POST_START_RESULT === 'SERVICE_AVAILABLE_DEGRADED'),
    ...flag('SERVICE_GREEN'),
  },
  {
    code: 'service_green_with_service_findings',
    because: ['SERVICE_GREEN', 'POST_START_BLOCKED', 'POST_START_WARN_SERVICE'],
    holds: (v) =>
      v.SERVICE_GREEN === '1' &&
      ((countOf(v.POST_START_WARN_SERVICE) ?? 0) > 0 ||
        ((countOf(v.POST_START_BLOCKED) ?? 0) > 0 && v.POST_START_RESULT !== 'PRODUCT_DATA_PENDING_EOD_WINDOW')),
    ...flag('SERVICE_GREEN'),
  },
  {
    code: 'product_green_while_pending',
    because: ['PRODUCT_DATA_GREEN', 'POST_START_RESULT'],
    holds: (v) => v.PRODUCT_DATA_GREEN === '1' && v.POST_START_RESULT === 'PRODUCT_DATA_PENDING_EOD_WINDOW',
    ...flag('PRODUCT_DATA_GREEN'),
  },
  {
    code: 'backup_green_with_blockers',
    because: ['BACKUP_CORE_GREEN', 'BACKUP_CORE_BLOCKERS', 'BACKUP_INTEGRITY_STALE'],
    holds: (v) => v.BACKUP_CORE_GREEN === '1' && ((countOf(v.BACKUP_CORE_BLOCKERS) ?? 0) > 0 || (countOf(v.BACKUP_INTEGRITY_STALE) ?? 0) > 0),
    ...flag('BACKUP_CORE_GREEN'),
  },
  {
    code: 'escrow_items_exceed_count',
    because: ['ESCROW_MISSING_COUNT', 'ESCROW_MISSING_ITEMS'],
    holds: (v) =>
      v.ESCROW_MISSING_COUNT !== undefined && listItems(v.ESCROW_MISSING_ITEMS).length > (countOf(v.ESCROW_MISSING_COUNT) ?? Number.POSITIVE_INFINITY),
    worse: (v) => ({ ESCROW_MISSING_COUNT: String(listItems(v.ESCROW_MISSING_ITEMS).length) }),
  },
  {
    code: 'escrow_open_with_items_missing',
    because: ['DR_ESCROW_BLOCKED', 'ESCROW_MISSING_COUNT'],
    holds: (v) => v.DR_ESCROW_BLOCKED === '0' && (countOf(v.ESCROW_MISSING_COUNT) ?? 0) > 0,
    worse: () => ({ DR_ESCROW_BLOCKED: '1' }),
  },
  {
    code: 'escrow_blocked_with_nothing_missing',
    because: ['DR_ESCROW_BLOCKED', 'ESCROW_MISSING_COUNT'],
    holds: (v) => v.DR_ESCROW_BLOCKED === '1' && v.ESCROW_MISSING_COUNT === '0',
    worse: () => ({ ESCROW_MISSING_COUNT: 'unknown' }),
  },
  {
    code: 'core_ready_without_its_parts',
    because: ['RECOVERY_CORE_READY', 'SERVICE_GREEN', 'PRODUCT_DATA_GREEN', 'BACKUP_CORE_GREEN'],
    holds: (v) => v.RECOVERY_CORE_READY === '1' && [v.SERVICE_GREEN, v.PRODUCT_DATA_GREEN, v.BACKUP_CORE_GREEN].some((one) => one !== '1'),
    ...flag('RECOVERY_CORE_READY'),
  },
  {
    code: 'dr_ready_without_its_parts',
    because: ['RECOVERY_DR_OFFSITE_READY', 'BACKUP_OFFSITE_FRESH', 'ESCROW_MISSING_COUNT'],
    holds: (v) => v.RECOVERY_DR_OFFSITE_READY === '1' && (v.BACKUP_OFFSITE_FRESH !== '1' || v.ESCROW_MISSING_COUNT !== '0'),
    ...flag('RECOVERY_DR_OFFSITE_READY'),
  },
  {
    code: 'overall_better_than_its_parts',
    because: ['OVERALL_DECLARATION', 'POST_START_RESULT', 'SERVICE_GREEN', 'PRODUCT_DATA_GREEN', 'ESCROW_MISSING_COUNT', 'ROUND_INTEGRITY'],
    holds: (v) => v.OVERALL_DECLARATION !== cappedOverall(v),
    worse: (v) => ({ OVERALL_DECLARATION: cappedOverall(v) }),
  },
  {
    code: 'plan_b_level_better_than_its_parts',
    because: ['PLAN_B_LEVEL', 'OVERALL_DECLARATION', 'COLD_START_RESULT', 'RECOVERY_DR_OFFSITE_READY'],
    holds: (v) => v.PLAN_B_LEVEL !== undefined && v.PLAN_B_LEVEL !== cappedLevel(v),
    worse: (v) => ({ PLAN_B_LEVEL: cappedLevel(v) }),
  },
]

function cappedLevel(v: SummaryValues): string {
  const level = v.PLAN_B_LEVEL ?? 'unknown'
  const rank = PLAN_B_ORDER.indexOf(level as PlanBLevel)
  if (rank < 0) return level
  const caps = [rank]
  if (v.OVERALL_DECLARATION === 'BLOCKED') caps.push(2)
  else if (!isGreenOverall(v.OVERALL_DECLARATION) || (v.COLD_START_RESULT ?? 'GREEN') !== 'GREEN') caps.push(3)
  if (v.RECOVERY_DR_OFFSITE_READY !== '1') caps.push(4)
  return PLAN_B_ORDER[Math.min(...caps)] as string
}

/** Settles every contradiction for the worse and says so. Values that agree come back unchanged. */
export function reconcile(printed: SummaryValues, isLegacy: boolean): { values: SummaryValues; contradictions: Contradiction[] } {
  const values: Record<string, string> = { ...printed }
  const contradictions: Contradiction[] = []
  const settle = (code: string, because: readonly string[], worse: Record<string, string>): void => {
    const shown = because.filter((key) => key in values).map((key) => `${key}=${values[key]}`)
    const readAs = Object.entries(worse).map(([key, value]) => `${key}=${value}`)
    contradictions.push({ code, because: shown.join(' '), readAs: readAs.join(' ') })
    Object.assign(values, worse)
  }
  for (const rule of [...RULES, ...hygieneRules(printed), ...(isLegacy ? LEGACY_RULES : [])]) {
    if (rule.holds(values)) settle(rule.code, rule.because, rule.worse(values))
  }
  // Parts that were made worse above may demand more, so the overall and the gates are settled last.
  const overall = cappedOverall(values)
  if (overall !== values.OVERALL_DECLARATION) settle('overall_better_than_its_parts', ['OVERALL_DECLARATION'], { OVERALL_DECLARATION: overall })
  const gates = demandedGates(values, isLegacy)
  const printedGates = listItems(values.NEXT_REQUIRED_GATES)
  if (gates.some((id) => !printedGates.includes(id)))
    settle('next_gates_shorter_than_parts', ['NEXT_REQUIRED_GATES'], { NEXT_REQUIRED_GATES: listValue(gates) })
  return { values, contradictions }
}

/** A host's hygiene keys agree, or the worse of them counts. */
function hygieneRules(values: SummaryValues): Rule[] {
  const prefixes = Object.keys(values).flatMap((key) => /^(HOST_[A-Z0-9_]+)_HYGIENE_BLOCKED$/.exec(key)?.[1] ?? [])
  return prefixes.flatMap((prefix): Rule[] => [
    {
      code: 'host_result_better_than_its_parts',
      because: [`${prefix}_RESULT`, `${prefix}_HYGIENE_BLOCKED`, `${prefix}_SERVICE_GREEN`],
      holds: (v) => v[`${prefix}_RESULT`] === `${prefix}_HYGIENE_GREEN` && (v[`${prefix}_HYGIENE_BLOCKED`] === '1' || v[`${prefix}_SERVICE_GREEN`] === '0'),
      worse: (v) => ({ [`${prefix}_RESULT`]: v[`${prefix}_SERVICE_GREEN`] === '0' ? `${prefix}_SERVICE_BLOCKED` : 'SERVICE_GREEN_HOST_HYGIENE_BLOCKED' }),
    },
    {
      code: 'host_hygiene_better_than_result',
      because: [`${prefix}_HYGIENE_BLOCKED`, `${prefix}_RESULT`],
      holds: (v) => v[`${prefix}_HYGIENE_BLOCKED`] === '0' && v[`${prefix}_RESULT`] === 'SERVICE_GREEN_HOST_HYGIENE_BLOCKED',
      worse: () => ({ [`${prefix}_HYGIENE_BLOCKED`]: '1' }),
    },
  ])
}

/** Older summaries have one release product. */
const LEGACY_RULES: readonly Rule[] = [
  {
    code: 'product_green_with_blockers',
    because: ['PRODUCT_DATA_GREEN', 'STOCK_BLOCKERS', 'STOCK_FRESHNESS_STATUS'],
    holds: (v) => v.PRODUCT_DATA_GREEN === '1' && (listItems(v.STOCK_BLOCKERS).length > 0 || !['ok', 'unknown', undefined].includes(v.STOCK_FRESHNESS_STATUS)),
    ...flag('PRODUCT_DATA_GREEN'),
  },
]

/**
 * Printed gates and those the known parts demand, in contract order. A legacy file that prints its gates is believed
 * about parts it does not print.
 */
function demandedGates(values: SummaryValues, isLegacy: boolean): string[] {
  const printed = listItems(values.NEXT_REQUIRED_GATES)
  const known = isLegacy ? LEGACY_GATES : knownGates(values)
  const demanded = known.filter((id) => isOwnerGateOpen(id, isLegacy ? withUnknownClosed(values) : values))
  const all = [...new Set([...printed, ...demanded])]
  return isLegacy ? [...known.filter((id) => all.includes(id)), ...printed.filter((id) => !known.includes(id))] : all
}

function withUnknownClosed(values: SummaryValues): SummaryValues {
  const known = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== 'unknown'))
  return { ESCROW_MISSING_COUNT: '0', HOST_188_HYGIENE_BLOCKED: '0', WAZUH_MANAGER_REGISTRY_ACCEPTED: '1', ...known }
}

/** Owner gates that the keys of a summary imply. */
function knownGates(values: SummaryValues): string[] {
  return Object.keys(values).flatMap((key) => {
    if (key === 'ESCROW_MISSING_COUNT') return ['credential_escrow_evidence']
    const hygiene = /^(HOST_[A-Z0-9_]+)_HYGIENE_BLOCKED$/.exec(key)
    if (hygiene) return [`${(hygiene[1] as string).toLowerCase()}_hygiene_maintenance_window`]
    const registry = /^([A-Z0-9_]+)_MANAGER_REGISTRY_ACCEPTED$/.exec(key)
    return registry ? [`${(registry[1] as string).toLowerCase()}_manager_registry_export`] : []
  })
}
