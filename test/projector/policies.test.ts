import { describe, expect, test } from 'vitest'
import { findPolicy, VERSIONS } from '../../projector/policies.ts'
import { compareVersions, parsePolicyRef } from '../../schemas/policy-ref.ts'

describe('policy versions', () => {
  test('compare number by number', () => {
    expect(compareVersions('1.9', '1.24')).toBe(-1)
    expect(compareVersions('1.76', '1.8')).toBe(1)
    expect(compareVersions('1.24', '1.24.0')).toBe(0)
    expect(compareVersions('2', '1.78')).toBe(1)
  })

  test.each([
    ['sop@1.5', '1.24'],
    ['sop@1.9', '1.24'],
    ['sop@1.24', '1.24'],
    ['sop@1.27', '1.25'],
    ['sop@1.42', '1.28'],
    ['sop@1.60', '1.57'],
    ['sop@1.74', '1.61'],
    ['sop@1.75', '1.75'],
    ['sop@1.77', '1.76'],
    ['sop@1.78', '1.78'],
    ['sop@1.780', '1.78'],
    ['sop@9', '1.78'],
  ])('%s is judged as %s', (asked, applied) => {
    expect(findPolicy(asked).version).toBe(applied)
  })

  test('each version changes only what the runbook says it changed', () => {
    const changes = VERSIONS.map(({ version }, n) => {
      const now = findPolicy(`sop@${version}`).rules
      const before = n === 0 ? now : findPolicy(`sop@${VERSIONS[n - 1]?.version}`).rules
      return [version, Object.fromEntries(Object.entries(now).filter(([rule, value]) => before[rule as keyof typeof before] !== value))]
    })
    expect(Object.fromEntries(changes)).toEqual({
      '1.24': {},
      '1.25': { staleJobsAreEvidence: true },
      '1.28': { importMaxAgeDays: 2 },
      '1.57': { feedFreshnessGate: true },
      '1.61': { httpAttempts: 3 },
      '1.75': { demoteRecoveredRoutes: true },
      '1.76': { demoteApiWarmup: true, endOfDayWindow: true },
      '1.78': {},
    })
  })

  test.each(['1.78', 'sop', 'sop@', 'sop@1.', 'sop@1.x', 'other@1.78', 'sop@01.2', 'sop@1.78 ', ''])('%j is refused with the known versions', (text) => {
    expect(() => findPolicy(text)).toThrow(expect.objectContaining({ code: 'policy_unknown', remedy: expect.stringContaining('1.24 1.25 1.28') }))
  })

  test('a reference is read whole or not at all', () => {
    expect(parsePolicyRef('sop@1.78')).toEqual({ id: 'sop', version: '1.78' })
    expect(parsePolicyRef('sop@1.78\n')).toBeNull()
  })
})
