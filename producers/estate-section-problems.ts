import type { Check, Estate, Sections } from '../schemas/estate.ts'
import type { CheckKind } from '../schemas/facts.ts'
import type { EstatePath, EstateProblem } from './estate-document.ts'
import { duplicateProblems, unknownName } from './estate-names.ts'

type Product = NonNullable<Sections['products']>[number]

/** Kinds whose facts can carry what a section key says; `null`: any kind. */
const KINDS = {
  freshness: ['freshness', 'sql-freshness'],
  parity: ['sql-parity', 'command', 'textfile'],
  source: ['source-presence', 'file', 'http', 'command', 'textfile'],
  release_parity: ['release-parity', 'http', 'command', 'textfile'],
  health: ['delegated', 'textfile', 'file', 'command', 'backup-health'],
  offsite: ['delegated', 'textfile', 'file', 'command', 'backup-health', 'offsite'],
  inventory: ['escrow', 'delegated'],
  coverage: ['registry', 'delegated'],
  service: null,
  hygiene: null,
} as const satisfies Record<string, readonly CheckKind[] | null>

/** Words that start the fixed keys of summary.txt (contract §4); a section key must not look like one. */
const FIXED_KEY_WORDS =
  'SUMMARY ARTIFACT ESTATE POLICY ROUND EVIDENCE COLD_START FIRST GATE POST_START BACKUP ESCROW DR RECOVERY PLAN RUNTIME OVERALL NEXT'.split(' ')

/** What the sections say wrongly about checks and about each other. */
export function sectionProblems(estate: Estate): EstateProblem[] {
  const { products = [], backup, escrow, hygiene = [], registry } = estate.sections
  const checks = new Map(estate.checks.map((check) => [check.id, check]))
  const list = (path: EstatePath, key: keyof typeof KINDS, names: readonly string[] | undefined): EstateProblem[] => [
    ...duplicateProblems([...path, key], names ?? [], null),
    ...(names ?? []).flatMap((name, n) => referenceProblems([...path, key, n], key, name, checks)),
  ]
  return [
    ...products.flatMap((product, index) => productProblems(product, ['sections', 'products', index], checks)),
    ...duplicateProblems(
      ['sections', 'products'],
      products.map((product) => product.id),
    ),
    ...list(['sections', 'backup'], 'health', backup?.health),
    ...list(['sections', 'backup'], 'offsite', backup?.offsite),
    ...list(['sections', 'escrow'], 'inventory', escrow?.inventory),
    ...duplicateProblems(['sections', 'escrow', 'items'], escrow?.items ?? [], null),
    ...hygiene.flatMap((one, index) => [
      ...list(['sections', 'hygiene', index], 'service', one.service),
      ...list(['sections', 'hygiene', index], 'hygiene', one.hygiene),
    ]),
    ...list(['sections', 'registry'], 'coverage', registry?.coverage),
    ...prefixProblems(estate.sections),
  ]
}

function referenceProblems(path: EstatePath, key: keyof typeof KINDS, name: string, checks: ReadonlyMap<string, Check>): EstateProblem[] {
  const check = checks.get(name)
  if (check === undefined) return unknownName(path, 'check', name, [...checks.keys()])
  const kinds: readonly CheckKind[] | null = KINDS[key]
  if (kinds === null || kinds.includes(check.kind)) return []
  return [{ path, message: `check \`${name}\` is of kind ${check.kind}; ${key} needs ${kinds.join(' or ')}` }]
}

function productProblems(product: Product, at: EstatePath, checks: ReadonlyMap<string, Check>): EstateProblem[] {
  const problems = referenceProblems([...at, 'freshness'], 'freshness', product.freshness, checks)
  for (const key of ['parity', 'source', 'release_parity'] as const) {
    const name = product[key]
    if (name === undefined) continue
    if (product.shape === 'feed') problems.push({ path: [...at, key], at: 'key', message: 'is for products of shape import' })
    problems.push(...referenceProblems([...at, key], key, name, checks))
  }
  if (product.end_of_day !== undefined && product.shape === 'import') {
    problems.push({ path: [...at, 'end_of_day'], at: 'key', message: 'is for products of shape feed' })
  }
  if (product.release && checks.get(product.freshness)?.severity === 'warn') {
    problems.push({ path: [...at, 'freshness'], message: `check \`${product.freshness}\` of a release product must have severity blocked` })
  }
  return problems
}

function prefixProblems(sections: Sections): EstateProblem[] {
  const all: { path: EstatePath; prefix: string }[] = [
    ...(sections.products ?? []).map(({ prefix }, n) => ({ path: ['sections', 'products', n, 'prefix'], prefix })),
    ...(sections.hygiene ?? []).map(({ prefix }, n) => ({ path: ['sections', 'hygiene', n, 'prefix'], prefix })),
    ...(sections.registry === undefined ? [] : [{ path: ['sections', 'registry', 'prefix'], prefix: sections.registry.prefix }]),
  ]
  return all.flatMap(({ path, prefix }, index) => {
    const word = FIXED_KEY_WORDS.find((fixed) => prefix === fixed || prefix.startsWith(`${fixed}_`))
    if (word !== undefined) return [{ path, message: `${word} starts keys that every summary has; choose another prefix` }]
    const isSecond = all.findIndex((other) => other.prefix === prefix) < index
    return isSecond ? [{ path, message: `prefix ${prefix} is used by another section` }] : []
  })
}

/** Owner gates name the section whose evidence they close (contract §5). */
export function ownerGateProblems(estate: Estate): EstateProblem[] {
  return [
    ...duplicateProblems(['owner_gates'], estate.owner_gates, null),
    ...estate.owner_gates.flatMap((id, n) => {
      const message = ownerGateMessage(id, estate.sections)
      return message === null ? [] : [{ path: ['owner_gates', n], message }]
    }),
  ]
}

function ownerGateMessage(id: string, sections: Sections): string | null {
  if (id === 'credential_escrow_evidence') return sections.escrow === undefined ? 'needs sections.escrow' : null
  const host = /^(host_[a-z0-9_]+)_hygiene_maintenance_window$/.exec(id)?.[1]?.toUpperCase()
  if (host !== undefined) {
    return sections.hygiene?.some((one) => one.prefix === host) ? null : `needs a sections.hygiene entry with prefix ${host}`
  }
  const registry = /^([a-z0-9_]+)_manager_registry_export$/.exec(id)?.[1]?.toUpperCase()
  if (registry !== undefined) return sections.registry?.prefix === registry ? null : `needs sections.registry with prefix ${registry}`
  return 'not an owner gate; they are credential_escrow_evidence, host_<x>_hygiene_maintenance_window, <x>_manager_registry_export'
}
