import type { Sections } from '../schemas/estate.ts'
import { backupBlockers } from '../schemas/expectations/backup-health.ts'
import { escrowItemsPresent } from '../schemas/expectations/escrow.ts'
import { freshnessAgeDays } from '../schemas/expectations/freshness.ts'
import { sqlAgeDays } from '../schemas/expectations/sql-freshness.ts'
import type { CheckVerdict } from '../schemas/snapshot.ts'
import { countOf, listItems, listValue, type Tri } from '../schemas/summary.ts'
import { judgedAt } from './boot-binding.ts'
import { delegatedFindings, REPORTED_BACKUP_COUNTS } from './delegated-report.ts'
import type { JudgedRound } from './judged-round.ts'
import type { Product } from './product-window.ts'
import { acceptedItems, isRegistryAccepted } from './reviews.ts'
import { allGreen, toTri, triOf, withReport } from './tri.ts'

/**
 * Sections of the summary: what the estate declares beside its gates, read from usable evidence. A section that the
 * estate does not declare gives null and prints no keys. Each value comes with the checks it rests on.
 */
export type SectionValues = { values: Record<string, string>; checks: string[] }

export function releaseProductsGreen(judged: JudgedRound): { value: Tri; checks: string[] } | null {
  const products = (judged.estate.sections.products ?? []).filter((product) => product.release)
  if (products.length === 0) return null
  const own = allGreen(products.map((product) => productFresh(judged, product)))
  const isDeclared = products.some((product) => judged.verdicts.has(product.freshness))
  return { value: withReport(isDeclared, own, reportedFresh(judged, products)), checks: products.map((product) => product.freshness) }
}

/** What other tools printed: the green itself, and the freshness keys it is made of. Undefined where nobody printed it. */
function reportedFresh(judged: JudgedRound, products: readonly Product[]): Tri | undefined {
  if (!judged.policy.rules.feedFreshnessGate) return undefined
  const parts = products.map(({ prefix }) => reportedFeed(judged.reported(`${prefix}_FRESHNESS_STATUS`), judged.reported(`${prefix}_BLOCKERS`)))
  const printed = judged.reported('PRODUCT_DATA_GREEN')
  if (printed === '0' || parts.includes('0')) return '0'
  if (printed === 'unknown' || parts.includes('unknown')) return 'unknown'
  return printed === '1' || parts.every((part) => part === '1') ? '1' : undefined
}

/** A status without blockers, or the other way round, says nothing yet. */
function reportedFeed(status: string | undefined, blockers: string | undefined): Tri | undefined {
  if (listItems(blockers).length > 0 || (status !== undefined && status !== 'ok' && status !== 'unknown')) return '0'
  if (status === 'unknown' || blockers === 'unknown') return 'unknown'
  return status === 'ok' && blockers === 'none' ? '1' : undefined
}

/** Whether a product's data is fresh; unknown where nobody looked or the policy version has no such rule. */
export function productFresh(judged: JudgedRound, product: Product): Tri {
  const verdict = judged.verdicts.get(product.freshness)
  if (verdict === undefined || !verdict.counted) return 'unknown'
  return metBy(verdict)
}

/** 1: looked and met, also after a retry; 0: looked and not met; unknown: no usable look, or observations disagree. */
function metBy(verdict: CheckVerdict | undefined): Tri {
  if (verdict === undefined || verdict.observed !== 'observed') return 'unknown'
  if (verdict.conflicting && verdict.status !== 'BLOCKED') return 'unknown'
  return verdict.status === 'PASS' || (verdict.after_retry && verdict.status === 'WARN') ? '1' : '0'
}

export function productValues(judged: JudgedRound, product: Product): SectionValues {
  const checks = [product.freshness, product.parity, product.source, product.release_parity].filter((id) => id !== undefined)
  return { checks, values: product.shape === 'feed' ? feedValues(judged, product) : importValues(judged, product) }
}

function freshnessFacts(judged: JudgedRound, product: Product) {
  const event = (judged.usable.get(product.freshness) ?? [])[0]
  if (event?.type === 'evidence.sql-freshness.observed.v1') {
    const { source, latest_date } = event.data.facts
    const at = judgedAt(event, judged.context.opened)
    return { facts: { source, status: null, latest_date, age_days: sqlAgeDays(event.data.facts, at), blockers: null }, at }
  }
  return event?.type === 'evidence.freshness.observed.v1' ? { facts: event.data.facts, at: judgedAt(event, judged.context.opened) } : null
}

function feedValues(judged: JudgedRound, { prefix, ...product }: Product): Record<string, string> {
  const facts = freshnessFacts(judged, { prefix, ...product })?.facts
  const own = {
    FRESHNESS_STATUS: facts?.status,
    LATEST_TRADING_DATE: facts?.latest_date,
    BLOCKERS: facts?.blockers ? listValue([...facts.blockers].sort()) : null,
  }
  const isDeclared = judged.verdicts.has(product.freshness)
  return Object.fromEntries(
    Object.entries(own).map(([key, value]) => [`${prefix}_${key}`, (isDeclared ? value : judged.reported(`${prefix}_${key}`)) ?? 'unknown']),
  )
}

function importValues(judged: JudgedRound, product: Product): Record<string, string> {
  const { prefix } = product
  const seen = freshnessFacts(judged, product)
  const age = seen === null ? null : freshnessAgeDays(seen.facts, seen.at)
  const flag = (check: string | undefined, key: string): Tri => {
    const verdict = judged.verdicts.get(check ?? '')
    return withReport(verdict !== undefined, metBy(verdict), judged.reported(`${prefix}_${key}`))
  }
  const isDeclared = judged.verdicts.has(product.freshness)
  const daily = age === null || !seen?.facts.latest_date ? undefined : `${age}|${seen.facts.latest_date}`
  return {
    [`${prefix}_RELEASE_CURRENT`]: flag(product.release_parity, 'RELEASE_CURRENT'),
    [`${prefix}_DB_PARITY`]: flag(product.parity, 'DB_PARITY'),
    [`${prefix}_DATA_FRESH`]: withReport(isDeclared, productFresh(judged, product), judged.reported(`${prefix}_DATA_FRESH`)),
    [`${prefix}_SOURCE_AVAILABLE`]: flag(product.source, 'SOURCE_AVAILABLE'),
    [`${prefix}_DAILY_FRESHNESS`]: (isDeclared ? daily : judged.reported(`${prefix}_DAILY_FRESHNESS`)) ?? 'unknown',
  }
}

export type BackupValues = SectionValues & { coreGreen: Tri }

export function backupValues(judged: JudgedRound): BackupValues | null {
  const section = judged.estate.sections.backup
  if (section === undefined) return null
  const health = section.health.filter((id) => judged.verdicts.has(id)).map((id) => healthOf(judged, id))
  const offsite = (section.offsite ?? []).filter((id) => judged.verdicts.has(id))
  const coreGreen = withReport(health.length > 0, allGreen(health.map((one) => one.green)), reportedCoreGreen(judged))
  const blockers = health.length > 0 ? sumKnown(health.map((one) => one.blockers)) : countOf(judged.reported('BACKUP_CORE_BLOCKERS'))
  const integrity = health.length > 0 ? sumKnown(health.map((one) => one.integrityStale)) : countOf(judged.reported('BACKUP_INTEGRITY_STALE'))
  const last = health.map((one) => one.lastAggregate).find((at) => at !== null) ?? judged.reported('BACKUP_LAST_AGGREGATE')
  return {
    coreGreen,
    checks: [...section.health, ...offsite],
    values: {
      BACKUP_CORE_BLOCKERS: blockers === null ? 'unknown' : String(blockers),
      BACKUP_OFFSITE_FRESH: withReport(offsite.length > 0, allGreen(offsite.map((id) => offsiteFresh(judged, id))), judged.reported('BACKUP_OFFSITE_FRESH')),
      BACKUP_INTEGRITY_STALE: integrity === null ? 'unknown' : String(integrity),
      BACKUP_LAST_AGGREGATE: last ?? 'unknown',
    },
  }
}

type Health = { green: Tri; blockers: number | null; integrityStale: number | null; lastAggregate: string | null }

/** What one health check says of the backup core: job counts, another tool's count of core blockers, or a plain met/unmet. */
function healthOf(judged: JudgedRound, checkId: string): Health {
  const verdict = judged.verdicts.get(checkId)
  const events = judged.usable.get(checkId) ?? []
  const event = events[0]
  const none = { blockers: null, integrityStale: null, lastAggregate: null }
  if (event === undefined) return { green: 'unknown', ...none }
  if (verdict?.conflicting) return { green: 'unknown', ...none }
  const check = judged.estate.checks.find((one) => one.id === checkId)
  if (event.type === 'evidence.backup-health.observed.v1' && check?.kind === 'backup-health') {
    const { blockers, unobserved } = backupBlockers(check, event.data.facts)
    const green = blockers > 0 ? '0' : unobserved.length > 0 || metBy(verdict) !== '1' ? 'unknown' : '1'
    return {
      green,
      blockers: unobserved.length > 0 && blockers === 0 ? null : blockers,
      integrityStale: event.data.facts.integrity_stale,
      lastAggregate: event.data.facts.last_aggregate_at,
    }
  }
  if (event.type !== 'evidence.report.delegated.v1') return { green: metBy(verdict), ...none }
  const reported = countOf(event.data.keys.BACKUP_CORE_BLOCKERS)
  const wrong = (delegatedFindings(event.data).blocked ?? 0) > 0
  const integrityStale = countOf(event.data.keys.BACKUP_INTEGRITY_STALE)
  return {
    green: wrong ? '0' : reported === 0 ? '1' : 'unknown',
    blockers: reported,
    integrityStale,
    lastAggregate: event.data.keys.BACKUP_LAST_AGGREGATE ?? null,
  }
}

function reportedCoreGreen(judged: JudgedRound): Tri | undefined {
  const counts = REPORTED_BACKUP_COUNTS.map((key) => judged.reported(key))
  const printed = judged.reported('BACKUP_CORE_GREEN')
  if (printed === '0' || counts.some((count) => (countOf(count) ?? 0) > 0)) return '0'
  if (printed === 'unknown' || counts.includes('unknown')) return 'unknown'
  return printed === '1' || judged.reported('BACKUP_CORE_BLOCKERS') === '0' ? '1' : undefined
}

function offsiteFresh(judged: JudgedRound, checkId: string): Tri {
  const event = (judged.usable.get(checkId) ?? [])[0]
  if (event?.type === 'evidence.report.delegated.v1') return toTri(event.data.keys.BACKUP_OFFSITE_FRESH)
  return metBy(judged.verdicts.get(checkId))
}

function sumKnown(counts: readonly (number | null)[]): number | null {
  const known = counts.filter((count) => count !== null)
  return known.length === 0 ? null : known.reduce((sum, count) => sum + count, 0)
}

/** Items without a marker and an unexpired acceptance; all of them without evidence (contract §4). */
export function missingEscrowItems(judged: JudgedRound): string[] | null {
  const section = judged.estate.sections.escrow
  if (section === undefined) return null
  const accepted = acceptedItems(judged.context)
  const present = new Set(section.inventory.flatMap((id) => presentItems(judged, id)))
  const missing = section.items.filter((item) => !present.has(item) || !accepted.has(item))
  const reported = judged.reported('ESCROW_MISSING_COUNT')
  // Another tool counts more as missing than we do, or its count was lost: we cannot say which, so none counts.
  const isWorse = reported !== undefined && (countOf(reported) ?? Number.POSITIVE_INFINITY) > missing.length
  return isWorse ? [...section.items] : missing
}

function presentItems(judged: JudgedRound, checkId: string): string[] {
  const check = judged.estate.checks.find((one) => one.id === checkId)
  const events = judged.usable.get(checkId) ?? []
  const event = events[0]
  if (check?.kind !== 'escrow' || event?.type !== 'evidence.escrow.observed.v1' || events.length > 1) return []
  return escrowItemsPresent(check, event.data.facts, judgedAt(event, judged.context.opened))
}

export function hygieneValues(judged: JudgedRound, section: NonNullable<Sections['hygiene']>[number]): SectionValues {
  const { prefix } = section
  const service = withReport(
    isAnyDeclared(judged, section.service),
    allOf(judged, section.service, (v) => v.status === 'PASS' || (v.status === 'WARN' && v.warning_class !== 'SERVICE')),
    judged.reported(`${prefix}_SERVICE_GREEN`),
  )
  const clean = withReport(
    isAnyDeclared(judged, section.hygiene),
    allOf(judged, section.hygiene, (v) => v.status === 'PASS'),
    inverted(judged.reported(`${prefix}_HYGIENE_BLOCKED`)),
  )
  return {
    checks: [...section.service, ...section.hygiene],
    values: {
      [`${prefix}_SERVICE_GREEN`]: service,
      [`${prefix}_HYGIENE_BLOCKED`]: invert(clean),
      [`${prefix}_RESULT`]: hygieneResult(prefix, service, clean, judged.reported(`${prefix}_RESULT`)),
    },
  }
}

function allOf(judged: JudgedRound, ids: readonly string[], isGood: (verdict: CheckVerdict) => boolean): Tri {
  const declared = ids.flatMap((id) => judged.verdicts.get(id) ?? [])
  return allGreen(declared.map((verdict) => (verdict.observed === 'observed' ? triOf(isGood(verdict)) : 'unknown')))
}

function isAnyDeclared(judged: JudgedRound, ids: readonly string[]): boolean {
  return ids.some((id) => judged.verdicts.has(id))
}

/** As `invert`, of what a tool printed or nobody did. */
function inverted(reported: string | undefined): Tri | undefined {
  return reported === undefined ? undefined : invert(toTri(reported))
}

function invert(value: Tri): Tri {
  return value === 'unknown' ? 'unknown' : value === '1' ? '0' : '1'
}

/** A trailing full stop, as an old tool printed it, is dropped (contract §4). */
function hygieneResult(prefix: string, service: Tri, clean: Tri, reported: string | undefined): string {
  if (service === '0') return `${prefix}_SERVICE_BLOCKED`
  if (clean === '0') return service === '1' ? 'SERVICE_GREEN_HOST_HYGIENE_BLOCKED' : 'unknown'
  if (service === '1' && clean === '1') return `${prefix}_HYGIENE_GREEN`
  return reported === undefined ? 'unknown' : reported.replace(/\.$/, '')
}

const REGISTRY_KEYS = [
  ['COVERAGE_SCOPE', 'coverage_scope'],
  ['DIRECT_ACTIVE', 'direct_active'],
  ['NO_TRANSPORT', 'no_transport'],
  ['SSH_BLOCKED', 'ssh_blocked'],
  ['ROUTE_CODE', 'route_code'],
  ['TRANSPORT_COUNT', 'transport_count'],
  ['DASHBOARD_API_CONNECTION', 'dashboard_api_connection'],
  ['DASHBOARD_INDEX_OK', 'dashboard_index_ok'],
] as const

/**
 * A reachable route, transports and a dashboard index are not an accepted registry; only a review is (runbook 2026-06-26
 * 08:47). What was accepted must still be seen: where the round itself looks at the registry, an agent that is gone or a
 * look that failed takes the acceptance back.
 */
export function registryValues(judged: JudgedRound): SectionValues | null {
  const section = judged.estate.sections.registry
  if (section === undefined) return null
  const event = section.coverage.map((id) => (judged.usable.get(id) ?? [])[0]).find((one) => one?.type === 'evidence.registry.observed.v1')
  const facts = event?.type === 'evidence.registry.observed.v1' ? event.data.facts : null
  const values = Object.fromEntries(
    REGISTRY_KEYS.map(([key, fact]) => [`${section.prefix}_${key}`, String(facts?.[fact] ?? judged.reported(`${section.prefix}_${key}`) ?? 'unknown')]),
  )
  const looks = section.coverage.flatMap((id) => judged.verdicts.get(id) ?? []).filter(({ kind }) => kind === 'registry')
  const isSeen = looks.every(({ status }) => status === 'PASS')
  values[`${section.prefix}_MANAGER_REGISTRY_ACCEPTED`] = isRegistryAccepted(judged.context) && isSeen ? '1' : '0'
  values[`${section.prefix}_RUNTIME_GATE`] = '0'
  return { values, checks: section.coverage }
}
