import { describe, expect, test } from 'vitest'
import { declarationText, evaluateDeclarations, refusedDeclarations } from '../../guards/declaration.ts'
import { type GuardInput, summaryInput } from '../../guards/guard-input.ts'
import { readSummary } from '../../projector/read-summary.ts'
import { DECLARATIONS, type DeclarationName } from '../../schemas/declarations.ts'
import { ALL_ESTABLISHED, establishedInput, fileInput, GREEN_VALUES, OPEN_GATES, type Overrides } from './guard-fixtures.ts'

const allowedBy = (input: GuardInput): string[] => evaluateDeclarations(input).declarations.flatMap((one) => (one.allowed ? [one.name] : []))
const verdict = (input: GuardInput, name: DeclarationName) => evaluateDeclarations(input).declarations.find((one) => one.name === name)

/** Each declaration of the contract's catalogue, in its order, with what takes it away. */
const CATALOGUE: readonly (readonly [DeclarationName, Overrides, string])[] = [
  ['SERVICE_GREEN', { SERVICE_GREEN: '0' }, 'SERVICE_GREEN=0'],
  ['PRODUCT_DATA_GREEN', { PRODUCT_DATA_GREEN: '0' }, 'PRODUCT_DATA_GREEN=0'],
  ['ALL_PRODUCT_DATA_LATEST', { MOMO_DATA_FRESH: '0' }, 'MOMO_DATA_FRESH=0'],
  ['BACKUP_CORE_GREEN', { BACKUP_CORE_GREEN: 'unknown' }, 'BACKUP_CORE_GREEN=unknown'],
  ['BACKUP_OFFSITE_CURRENT', { BACKUP_OFFSITE_FRESH: '0' }, 'BACKUP_OFFSITE_FRESH=0'],
  ['PUBLIC_CORE_SERVICES_RECOVERED', { GATE_P2_PUBLIC_ROUTES: 'BLOCKED' }, 'GATE_P2_PUBLIC_ROUTES=BLOCKED'],
  ['SERVICE_RECOVERY_WITH_KNOWN_BLOCKER', { POST_START_RESULT: 'BLOCKED' }, 'SERVICE_GREEN=0'],
  ['FULL_STACK_GREEN_DR_ESCROW_BLOCKED', { POST_START_RESULT: 'SERVICE_AVAILABLE_DEGRADED' }, 'OVERALL_DECLARATION=SERVICE_AVAILABLE_DEGRADED'],
  ['FULL_STACK_GREEN', { ESCROW_MISSING_COUNT: '1' }, 'OVERALL_DECLARATION=FULL_STACK_GREEN_DR_ESCROW_BLOCKED'],
  ['CREDENTIAL_ESCROW_COMPLETE', { ESCROW_MISSING_COUNT: 'unknown' }, 'ESCROW_MISSING_COUNT=unknown'],
  ['DR_COMPLETE', { BACKUP_OFFSITE_FRESH: '0' }, 'RECOVERY_DR_OFFSITE_READY=0'],
  ['HOST_188_HYGIENE_GREEN', { HOST_188_HYGIENE_BLOCKED: '1' }, 'HOST_188_HYGIENE_BLOCKED=1'],
  ['HOST_188_FULLY_GREEN', { HOST_188_SERVICE_GREEN: '0' }, 'HOST_188_SERVICE_GREEN=0'],
  ['MOMO_DATA_FRESH', { MOMO_DATA_FRESH: 'unknown' }, 'MOMO_DATA_FRESH=unknown'],
  ['WAZUH_REGISTRY_RECOVERED', { WAZUH_MANAGER_REGISTRY_ACCEPTED: '0' }, 'WAZUH_MANAGER_REGISTRY_ACCEPTED=0'],
]
const ESTABLISHED = ['K3S_CONTROL_PLANE_AA', 'WORKLOAD_BALANCED', 'STATEFUL_AA', 'ARGOCD_HEALTHY', 'CERTIFICATE_RENEWED', 'LIVE_MONITOR_SYNCED'] as const
const NEVER = ['AI_REMEDIATION_ENABLED', 'RUNTIME_ACTION_AUTHORIZED'] as const

test('the catalogue is the one of the contract, in its order, each name once', () => {
  const names = [...CATALOGUE.map(([name]) => name), ...ESTABLISHED, ...NEVER]
  expect(DECLARATIONS).toEqual(names)
  expect(evaluateDeclarations(fileInput(GREEN_VALUES)).declarations.map((one) => one.name)).toEqual(names)
})

describe('each declaration is licensed by its keys and taken away by one of them', () => {
  const best = establishedInput(GREEN_VALUES, ALL_ESTABLISHED)
  for (const [name, overrides, because] of CATALOGUE) {
    test(name, () => {
      expect(verdict(best, name)).toMatchObject({ allowed: true })
      const refused = verdict(fileInput(GREEN_VALUES, overrides), name)
      expect(refused?.allowed).toBe(false)
      expect(refused?.because).toContain(because)
    })
  }
  for (const name of ESTABLISHED) {
    test(name, () => {
      expect(verdict(best, name)).toMatchObject({ allowed: true, because: [`${name}=1`] })
      expect(verdict(establishedInput(GREEN_VALUES, { ...ALL_ESTABLISHED, [name]: '0' }), name)).toMatchObject({ allowed: false, because: [`${name}=0`] })
      expect(verdict(fileInput(GREEN_VALUES), name)).toMatchObject({ allowed: false, because: [`${name}=unknown`] })
    })
  }
  for (const name of NEVER) {
    test(`${name} is never allowed`, () => {
      expect(verdict(best, name)).toMatchObject({ allowed: false, because: [`${name}=0`] })
    })
  }
})

test('everything green allows all but the two that are always forbidden', () => {
  const result = evaluateDeclarations(establishedInput(GREEN_VALUES, ALL_ESTABLISHED))
  expect(result).toMatchObject({ status: 'ok', reason: null, allowed: 21, forbidden: 2, overall: 'FULL_STACK_GREEN' })
  expect(declarationText(result).split('\n')[0]).toBe('POST_REBOOT_DECLARATION_GUARD_OK overall=FULL_STACK_GREEN allowed=21 forbidden=2')
})

test('every name is in exactly one of allowed and forbidden, and the text has one line a name in catalogue order', () => {
  const result = evaluateDeclarations(fileInput(OPEN_GATES))
  const lines = declarationText(result).trimEnd().split('\n')
  expect(lines).toHaveLength(1 + DECLARATIONS.length)
  expect(lines.slice(1).map((line) => line.split(' ')[1])).toEqual([...DECLARATIONS])
  for (const line of lines.slice(1)) expect(line).toMatch(/^(ALLOWED|FORBIDDEN) [A-Z0-9_]+ because [A-Z0-9_]+=[^ ]+( [A-Z0-9_]+=[^ ]+)*$/)
  expect(result.allowed + result.forbidden).toBe(DECLARATIONS.length)
})

describe('without integrity nothing is allowed', () => {
  for (const integrity of ['unsealed', 'mismatch']) {
    test(integrity, () => {
      const result = evaluateDeclarations(fileInput(GREEN_VALUES, { ROUND_INTEGRITY: integrity }))
      expect(result).toMatchObject({ status: 'blocked', allowed: 0, forbidden: DECLARATIONS.length, reason: `round_integrity_${integrity}` })
      const [first, ...lines] = declarationText(result).trimEnd().split('\n')
      expect(first).toBe(`POST_REBOOT_DECLARATION_GUARD_BLOCKED reason=round_integrity_${integrity} allowed=0 forbidden=${DECLARATIONS.length}`)
      for (const line of lines.slice(0, DECLARATIONS.length)) expect(line).toMatch(new RegExp(`^FORBIDDEN [A-Z0-9_]+ because ROUND_INTEGRITY=${integrity}$`))
      expect(refusedDeclarations(result, ['SERVICE_GREEN'])).toEqual(['SERVICE_GREEN'])
    })
  }
  test('an integrity that is none of the words', () => {
    expect(allowedBy(fileInput(GREEN_VALUES, { ROUND_INTEGRITY: 'unknown' }))).toEqual([])
  })
})

test('legacy integrity is printed on every line', () => {
  const files = [fileInput(GREEN_VALUES, { ROUND_INTEGRITY: 'legacy_unverified' }), summaryInput(readSummary('SERVICE_GREEN=1\nPOST_START_RESULT=BLOCKED\n'))]
  for (const input of files) {
    const lines = declarationText(evaluateDeclarations(input)).trimEnd().split('\n').slice(1)
    const verdicts = lines.filter((line) => !line.startsWith('CONTRADICTION'))
    expect(verdicts).toHaveLength(DECLARATIONS.length)
    for (const line of verdicts) expect(line).toContain(' ROUND_INTEGRITY=legacy_unverified')
  }
})

describe('sections an estate does not declare', () => {
  const without = (pattern: RegExp): Overrides => Object.fromEntries(Object.keys(GREEN_VALUES).flatMap((key) => (pattern.test(key) ? [[key, null]] : [])))
  const cases: readonly (readonly [string, RegExp, readonly DeclarationName[]])[] = [
    ['escrow', /ESCROW/, ['CREDENTIAL_ESCROW_COMPLETE', 'DR_COMPLETE', 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED']],
    ['registry', /^WAZUH/, ['WAZUH_REGISTRY_RECOVERED']],
    ['hygiene', /^HOST_188/, ['HOST_188_HYGIENE_GREEN', 'HOST_188_FULLY_GREEN']],
    ['products', /^(STOCK|MOMO|PRODUCT)/, ['PRODUCT_DATA_GREEN', 'ALL_PRODUCT_DATA_LATEST', 'MOMO_DATA_FRESH']],
    ['backup', /^BACKUP/, ['BACKUP_CORE_GREEN', 'BACKUP_OFFSITE_CURRENT']],
    ['public gate', /^GATE_P2_PUBLIC/, ['PUBLIC_CORE_SERVICES_RECOVERED']],
  ]
  for (const [section, pattern, names] of cases) {
    test(section, () => {
      const input = fileInput(GREEN_VALUES, without(pattern))
      for (const name of names) {
        expect(verdict(input, name)?.allowed, name).toBe(false)
        expect(verdict(input, name)?.because.join(' '), name).toContain('=not_in_estate')
      }
    })
  }
  test('a full-stack green counts only the sections there are', () => {
    expect(allowedBy(fileInput(GREEN_VALUES, without(/ESCROW|^(WAZUH|HOST|STOCK|MOMO|PRODUCT|BACKUP)/)))).toContain('FULL_STACK_GREEN')
  })
})

test('an empty value is never taken for green, whatever the key', () => {
  const keys = Object.keys(GREEN_VALUES).filter((key) => GREEN_VALUES[key] === '1' && key !== 'RUNTIME_ACTION_AUTHORIZED')
  const best = new Set(allowedBy(fileInput(GREEN_VALUES)))
  for (const key of keys) {
    for (const worse of ['0', 'unknown']) {
      for (const name of allowedBy(fileInput(GREEN_VALUES, { [key]: worse }))) expect(best, `${name} with ${key}=${worse}`).toContain(name)
    }
  }
})

test('contradictions are printed and the worse reading counts', () => {
  const result = evaluateDeclarations(fileInput(GREEN_VALUES, { POST_START_BLOCKED: '2' }))
  expect(result.contradictions.map((one) => one.code)).toContain('post_start_green_with_blockers')
  expect(result.overall).toBe('BLOCKED')
  const text = declarationText(result)
  expect(text).toContain(
    'CONTRADICTION post_start_green_with_blockers because POST_START_RESULT=FULL_STACK_GREEN POST_START_BLOCKED=2 read_as POST_START_RESULT=BLOCKED\n',
  )
  expect(result.declarations.find((one) => one.name === 'FULL_STACK_GREEN')?.allowed).toBe(false)
})

test('asked-for declarations are refused when forbidden or not in the catalogue', () => {
  const result = evaluateDeclarations(fileInput(OPEN_GATES))
  expect(refusedDeclarations(result, ['SERVICE_GREEN', 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED'])).toEqual([])
  expect(refusedDeclarations(result, ['DR_COMPLETE', 'service_green', 'SERVICE_GREEN', 'constructor', ''])).toEqual([
    'DR_COMPLETE',
    'service_green',
    'constructor',
    '',
  ])
})

test('event ids license a verdict where a snapshot knows them', () => {
  const input = { ...fileInput(GREEN_VALUES), eventsOf: { SERVICE_GREEN: ['b', 'a', 'b'] } }
  expect(verdict(input, 'SERVICE_GREEN')?.event_ids).toEqual(['a', 'b'])
})
