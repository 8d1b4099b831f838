import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { classifyBlocker } from '../../producers/probes/classify-blocker.ts'
import { parseReport } from '../../producers/probes/report-text.ts'

const classify = [
  { match: 'public route', class: 'route' as const, gate: 'P2-PUBLIC-ROUTES' },
  { match: '^AWOOOI API not reachable$', class: 'api' as const },
  { match: 'API', class: 'product' as const },
]
const parse = (...lines: string[]) => parseReport(lines.join('\n'), { classify })

describe('parseReport', () => {
  it('reads counts, result, lines and keys', () => {
    const report = parse(
      '\u001b[32mPASS\u001b[0m 110 ping',
      '  [\u001b[31mBLOCKED\u001b[0m] public route https://stock.wooo.work/ 502',
      'BLOCKED AWOOOI API not reachable',
      '- WARN: swap is full',
      'WARNING  old kernel',
      'OFFSITE_CONFIGURED=1',
      'LAST_BACKUP_ALL=2026-06-26 02:31:02',
      'SUMMARY PASS=8 WARN=2 BLOCKED=2',
      'Result: BLOCKED',
    )
    expect(report).toEqual({
      pass: 8,
      warn: 2,
      blocked: 2,
      result: 'BLOCKED',
      blockers: [
        { text: 'public route https://stock.wooo.work/ 502', class: 'route', gate: 'P2-PUBLIC-ROUTES' },
        { text: 'AWOOOI API not reachable', class: 'api', gate: null },
      ],
      warnings: [
        { text: 'swap is full', class: 'other', gate: null },
        { text: 'old kernel', class: 'other', gate: null },
      ],
      keys: { OFFSITE_CONFIGURED: '1', LAST_BACKUP_ALL: '2026-06-26 02:31:02' },
    })
  })

  it('takes the last counts and the last result', () => {
    const report = parse('PASS=89 WARN=0 BLOCKED=0', 'Result: GREEN', 'POST_START_QUICK_CHECK PASS=37 WARN=2 BLOCKED=1, RESULT=BLOCKED')
    expect(report).toMatchObject({ pass: 37, warn: 2, blocked: 1, result: 'BLOCKED', keys: {} })
    expect(parse('POST_START_RESULT=FULL_STACK_GREEN_DR_ESCROW_BLOCKED')).toMatchObject({
      result: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
      keys: { POST_START_RESULT: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED' },
    })
  })

  it('does not take counts for blocked lines, and a count of blocked without counts for none', () => {
    expect(parse('PASS=1 WARN=0 BLOCKED=0', 'BLOCKED = 0', 'WARN = 0', 'BLOCKED: 0', 'BLOCKED=0', 'BLOCKED_GATES=none', 'BLOCKED').blockers).toEqual([])
    expect(parse('PASS=1 WARN=0 BLOCKED=0', 'BLOCKED: 3').blockers).toEqual([{ text: '3', class: 'other', gate: null }])
  })

  it('keeps contradictions as they are', () => {
    expect(parse('BLOCKED one', 'PASS=9 WARN=0 BLOCKED=3', 'Result: GREEN')).toMatchObject({ blocked: 3, result: 'GREEN', blockers: [{ text: 'one' }] })
  })

  it('refuses what says nothing, an unknown result and a key with two values', () => {
    const failures = [
      [''],
      ['all good'],
      ['PASS 12'],
      ['Result: MOSTLY_GREEN'],
      ['PASS=1 WARN=0 BLOCKED=0', 'Result: GREEN', 'RESULT=SOMETHING'],
      ['Result: green'],
      ['Result:'],
      ['A_KEY=1', 'A_KEY=2'],
      ['A_KEY=1', 'A_KEY=é'],
    ]
    for (const lines of failures) expect(() => parse(...lines), lines.join('|')).toThrow()
    expect(parse('A_KEY=1', 'A_KEY=1').keys).toEqual({ A_KEY: '1' })
    expect(() => parse(...Array.from({ length: 301 }, (_, i) => `BLOCKED ${i} down`), 'PASS=1 WARN=0 BLOCKED=301')).toThrow(/more than 300/u)
  })

  it('keeps no secret, in lines or in keys', () => {
    const secret = `${'hunter'}2hunter2`
    const report = parse(
      `BLOCKED login with PASSWORD=${secret} failed`,
      `DB_PASSWORD=${secret}`,
      `odd_key=${secret}`,
      ' INDENTED=1',
      'STRANGE=a;b',
      'PASS=1 WARN=0 BLOCKED=1',
    )
    expect(JSON.stringify(report)).not.toContain(secret)
    expect(report.keys).toEqual({})
  })

  it('loses no blocked line, whatever stands around it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('', '  ', '[', '\t', '* '),
        fc.constantFrom(' ', ': ', '] ', '  '),
        fc.stringMatching(/^[a-z][a-z ]{0,30}[a-z]$/u),
        (before, after, text) => {
          expect(parse('PASS=1 WARN=0 BLOCKED=1', `${before}BLOCKED${after}${text}`).blockers).toHaveLength(1)
        },
      ),
    )
  })
})

describe('classifyBlocker', () => {
  it('takes the first rule that matches, else other', () => {
    expect(classifyBlocker('AWOOOI API not reachable', classify).class).toBe('api')
    expect(classifyBlocker('AWOOOI API not reachable now', classify).class).toBe('product')
    expect(classifyBlocker('mon NotReady', classify)).toEqual({ text: 'mon NotReady', class: 'other', gate: null })
  })
})
