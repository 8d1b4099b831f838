import type { DeclarationName, DeclarationResult, DeclarationVerdict } from '../schemas/declarations.ts'
import { EstablishedNames } from '../schemas/declarations.ts'
import type { Summary } from '../schemas/summary.ts'
import { type GuardInput, isTrusted } from './guard-input.ts'

/** A key must have one of these values; `null`: any, as long as the estate has the section. */
type Need = { key: string; oneOf: readonly string[] | null }
type Rule = { name: DeclarationName; needs: (summary: Summary) => readonly Need[] }

const one = (key: string, ...oneOf: string[]): Need => ({ key, oneOf })
const ESCROW_DECLARED: Need = { key: 'ESCROW_MISSING_COUNT', oneOf: null }
const always =
  (...needs: Need[]) =>
  (): readonly Need[] =>
    needs

/**
 * The catalogue, in contract order. Each declaration is licensed by keys alone, so the same summary gives the same
 * answer everywhere. A weaker declaration is licensed wherever a stronger one is: `FULL_STACK_GREEN_DR_ESCROW_BLOCKED`
 * claims a full-stack green that does not count DR escrow, `SERVICE_RECOVERY_WITH_KNOWN_BLOCKER` that services are
 * back whatever else is open. Otherwise losing evidence could license something new.
 */
const CATALOGUE: readonly Rule[] = [
  { name: 'SERVICE_GREEN', needs: always(one('SERVICE_GREEN', '1')) },
  { name: 'PRODUCT_DATA_GREEN', needs: always(one('PRODUCT_DATA_GREEN', '1')) },
  { name: 'ALL_PRODUCT_DATA_LATEST', needs: allProductNeeds },
  { name: 'BACKUP_CORE_GREEN', needs: always(one('BACKUP_CORE_GREEN', '1')) },
  { name: 'BACKUP_OFFSITE_CURRENT', needs: always(one('BACKUP_OFFSITE_FRESH', '1')) },
  {
    name: 'PUBLIC_CORE_SERVICES_RECOVERED',
    needs: (summary) => [
      one('SERVICE_GREEN', '1'),
      one('POST_START_BLOCKED', '0'),
      one('PLAN_B_LEVEL', 'B3_SERVICE_AVAILABLE_DEGRADED', 'B4_FULL_STACK_GREEN', 'B5_DR_COMPLETE'),
      ...publicGateNeeds(summary),
    ],
  },
  {
    name: 'SERVICE_RECOVERY_WITH_KNOWN_BLOCKER',
    needs: always(
      one('SERVICE_GREEN', '1'),
      one('OVERALL_DECLARATION', 'PRODUCT_DATA_PENDING_EOD_WINDOW', 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED', 'FULL_STACK_GREEN'),
    ),
  },
  {
    name: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
    needs: (summary) => [one('OVERALL_DECLARATION', 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED', 'FULL_STACK_GREEN'), ...greenNeeds(summary), ESCROW_DECLARED],
  },
  {
    name: 'FULL_STACK_GREEN',
    needs: (summary) => [one('OVERALL_DECLARATION', 'FULL_STACK_GREEN'), ...greenNeeds(summary), ...whereDeclared(summary, one('ESCROW_MISSING_COUNT', '0'))],
  },
  { name: 'CREDENTIAL_ESCROW_COMPLETE', needs: always(one('ESCROW_MISSING_COUNT', '0'), one('DR_ESCROW_BLOCKED', '0')) },
  {
    name: 'DR_COMPLETE',
    needs: always(
      one('OVERALL_DECLARATION', 'FULL_STACK_GREEN'),
      one('RECOVERY_CORE_READY', '1'),
      one('RECOVERY_DR_OFFSITE_READY', '1'),
      one('ESCROW_MISSING_COUNT', '0'),
      one('PLAN_B_LEVEL', 'B5_DR_COMPLETE'),
    ),
  },
  { name: 'HOST_188_HYGIENE_GREEN', needs: always(one('HOST_188_HYGIENE_BLOCKED', '0')) },
  {
    name: 'HOST_188_FULLY_GREEN',
    needs: always(one('HOST_188_SERVICE_GREEN', '1'), one('HOST_188_HYGIENE_BLOCKED', '0'), one('HOST_188_RESULT', 'HOST_188_HYGIENE_GREEN')),
  },
  { name: 'MOMO_DATA_FRESH', needs: always(one('MOMO_DATA_FRESH', '1')) },
  { name: 'WAZUH_REGISTRY_RECOVERED', needs: always(one('WAZUH_MANAGER_REGISTRY_ACCEPTED', '1')) },
  ...EstablishedNames.map((name) => ({ name, needs: always(one(name, '1')) })),
  { name: 'AI_REMEDIATION_ENABLED', needs: always(one('AI_REMEDIATION_ENABLED')) },
  { name: 'RUNTIME_ACTION_AUTHORIZED', needs: always(one('RUNTIME_ACTION_AUTHORIZED')) },
]

/** The greens a full-stack green is made of: services, and each section the estate declares. */
function greenNeeds(summary: Summary): Need[] {
  return [one('SERVICE_GREEN', '1'), ...whereDeclared(summary, one('PRODUCT_DATA_GREEN', '1')), ...whereDeclared(summary, one('BACKUP_CORE_GREEN', '1'))]
}

/** An old file has every section: what it does not print is unknown, not undeclared. */
function whereDeclared(summary: Summary, need: Need): Need[] {
  return summary.legacy || need.key in summary.values ? [need] : []
}

/** Public services are the gates an estate calls public; without one there is nothing to have recovered. */
function publicGateNeeds({ values }: Summary): Need[] {
  const gates = Object.keys(values).filter((key) => /^GATE_.*PUBLIC/.test(key))
  return (gates.length > 0 ? gates : ['GATE_P2_PUBLIC_ROUTES']).map((key) => one(key, 'GREEN', 'WARN'))
}

function allProductNeeds({ values }: Summary): Need[] {
  const keys = Object.keys(values)
  const feeds = keys.filter((key) => key.endsWith('_FRESHNESS_STATUS')).map((key) => key.replace(/_FRESHNESS_STATUS$/, ''))
  const imports = keys.filter((key) => key.endsWith('_DATA_FRESH'))
  return [
    one('PRODUCT_DATA_GREEN', '1'),
    ...feeds.flatMap((prefix) => [one(`${prefix}_FRESHNESS_STATUS`, 'ok'), one(`${prefix}_BLOCKERS`, 'none')]),
    ...imports.map((key) => one(key, '1')),
  ]
}

/**
 * Puts every declaration of the catalogue in exactly one of allowed and forbidden, with the keys that license it or
 * that it lacks (contract §5). Pure. Where the round's integrity is neither `verified` nor `legacy_unverified`, nothing
 * is allowed.
 */
export function evaluateDeclarations(input: GuardInput): DeclarationResult {
  const values = declarationValues(input)
  const verdicts = CATALOGUE.map((rule) => judge(rule, input, values))
  const trusted = isTrusted(input)
  return {
    result_schema: 'evidence_declaration_result_v1',
    status: trusted ? 'ok' : 'blocked',
    reason: trusted ? null : `round_integrity_${input.summary.integrity}`,
    artifact_id: values.ARTIFACT_ID ?? 'unknown',
    policy_version: values.POLICY_VERSION ?? 'unknown',
    round_integrity: input.summary.integrity,
    overall: values.OVERALL_DECLARATION ?? 'unknown',
    allowed: verdicts.filter((verdict) => verdict.allowed).length,
    forbidden: verdicts.filter((verdict) => !verdict.allowed).length,
    declarations: verdicts,
    contradictions: input.summary.contradictions.map((one) => ({ code: one.code, because: one.because, read_as: one.readAs })),
  }
}

function declarationValues({ summary, established }: GuardInput): Record<string, string> {
  const extra = Object.fromEntries(established.map((one) => [one.declaration, one.value]))
  return { ...extra, ...summary.values, RUNTIME_ACTION_AUTHORIZED: '0', AI_REMEDIATION_ENABLED: '0' }
}

function judge(rule: Rule, input: GuardInput, values: Readonly<Record<string, string>>): DeclarationVerdict {
  const { summary } = input
  if (!isTrusted(input)) return { name: rule.name, allowed: false, because: [`ROUND_INTEGRITY=${summary.integrity}`], event_ids: [] }
  const needs = rule.needs(summary)
  const missing = needs.filter((need) => !isMet(need, values))
  const shown = missing.length > 0 ? missing : needs
  const because = shown.map(({ key }) => `${key}=${values[key] ?? absent(key, summary)}`)
  if (summary.integrity === 'legacy_unverified') because.push('ROUND_INTEGRITY=legacy_unverified')
  const eventIds = [...new Set(shown.flatMap(({ key }) => input.eventsOf[key] ?? []))].sort()
  return { name: rule.name, allowed: missing.length === 0, because, event_ids: eventIds }
}

function isMet({ key, oneOf }: Need, values: Readonly<Record<string, string>>): boolean {
  const value = values[key]
  return value !== undefined && (oneOf === null || oneOf.includes(value))
}

/** A key an old file lacks is unknown; one a new file lacks belongs to a section the estate does not declare. */
function absent(key: string, summary: Summary): string {
  const isEstablished = (EstablishedNames as readonly string[]).includes(key)
  return summary.legacy || isEstablished ? 'unknown' : 'not_in_estate'
}

/** Text form (contract §5): the first line, then one line a declaration in catalogue order, then contradictions. */
export function declarationText(result: DeclarationResult): string {
  const first =
    result.status === 'ok'
      ? `POST_REBOOT_DECLARATION_GUARD_OK overall=${result.overall} allowed=${result.allowed} forbidden=${result.forbidden}`
      : `POST_REBOOT_DECLARATION_GUARD_BLOCKED reason=${result.reason} allowed=${result.allowed} forbidden=${result.forbidden}`
  const lines = result.declarations.map((one) => `${one.allowed ? 'ALLOWED' : 'FORBIDDEN'} ${one.name} because ${one.because.join(' ')}`)
  const contradictions = result.contradictions.map((one) => `CONTRADICTION ${one.code} because ${one.because} read_as ${one.read_as}`)
  return `${[first, ...lines, ...contradictions].join('\n')}\n`
}

/** Names that may not be declared: forbidden ones, and any that the catalogue does not know. */
export function refusedDeclarations(result: DeclarationResult, declared: readonly string[]): string[] {
  const allowed = new Set<string>(result.declarations.filter((one) => one.allowed).map((one) => one.name))
  return declared.filter((name) => !allowed.has(name))
}
