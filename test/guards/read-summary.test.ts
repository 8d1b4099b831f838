import { readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { evaluateDeclarations } from '../../guards/declaration.ts'
import { summaryInput } from '../../guards/guard-input.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import { readSummary } from '../../projector/read-summary.ts'
import { sha256Digest } from '../../schemas/digest.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { isSummaryValue, type SummaryValues, summaryKeyType, toSummaryValue } from '../../schemas/summary.ts'
import { summaryText } from '../../schemas/summary-text.ts'
import { judgeRecorded, loadRecordedCorpus } from '../corpus/recorded-corpus.ts'
import { aDraft, ROUND_ID, sealDraft } from '../support/generated-rounds.ts'
import { GREEN_VALUES, OPEN_GATES, type Overrides, withValues } from './guard-fixtures.ts'

const GOOD = summaryText(OPEN_GATES)

/** The refusal of a text; fails where it is read. */
function refusal(text: string): EvidenceError {
  try {
    readSummary(text, { name: 'f' })
  } catch (error) {
    if (error instanceof EvidenceError) return error
    throw error
  }
  throw new Error('the summary was read')
}

/** A file whose digest is right, whatever its lines say. */
function sealed(lines: string): string {
  return `${lines}SUMMARY_DIGEST=${sha256Digest(lines)}\n`
}

const body = (values: SummaryValues): string =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('')

describe('a file of this project is refused', () => {
  const lines = body(OPEN_GATES)
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['wrong digest', GOOD.replace(/sha256:[0-9a-f]{4}/, 'sha256:0000'), /^f: SUMMARY_DIGEST does not match/],
    ['one changed character', GOOD.replace('ESCROW_MISSING_COUNT=5', 'ESCROW_MISSING_COUNT=4'), /^f: SUMMARY_DIGEST does not match/],
    ['no digest', lines, /^f: does not end with SUMMARY_DIGEST/],
    ['a line after the digest', `${GOOD}SERVICE_GREEN=1\n`, /^f:\d+: SERVICE_GREEN is given twice/],
    ['SERVICE_GREEN twice', sealed(lines.replace('SERVICE_GREEN=1\n', 'SERVICE_GREEN=0\nSERVICE_GREEN=1\n')), /^f:\d+: SERVICE_GREEN is given twice/],
    ['a malformed line', sealed(lines.replace('SERVICE_GREEN=1', 'SERVICE_GREEN')), /^f:\d+: is not KEY=VALUE/],
    ['an empty line', sealed(`\n${lines}`), /^f:1: is not KEY=VALUE/],
    ['a small key', sealed(lines.replace('SERVICE_GREEN=1', 'service_green=1')), /^f:\d+: is not KEY=VALUE/],
    ['a space before the sign', sealed(lines.replace('SERVICE_GREEN=1', 'SERVICE_GREEN =1')), /^f:\d+: is not KEY=VALUE/],
    ['CRLF', GOOD.replaceAll('\n', '\r\n'), /^f:1: is not KEY=VALUE/],
    ['a byte order mark', `\ufeff${GOOD}`, /^f:1: is not KEY=VALUE/],
    ['no last line end', GOOD.slice(0, -1), /^f:\d+: the last line has no line end/],
    ['a value of the wrong type', sealed(lines.replace('SERVICE_GREEN=1', 'SERVICE_GREEN=yes')), /^f:\d+: SERVICE_GREEN has a value of the wrong type/],
    ['a count with a sign', sealed(lines.replace('POST_START_PASS=10', 'POST_START_PASS=+10')), /^f:\d+: POST_START_PASS has a value of the wrong type/],
    [
      'a result that is none',
      sealed(lines.replace('COLD_START_RESULT=GREEN', 'COLD_START_RESULT=GREENISH')),
      /COLD_START_RESULT has a value of the wrong type/,
    ],
    ['an unknown key', sealed(`${lines}SHINY=1\n`), /^f:\d+: unknown key SHINY/],
    ['a missing key', sealed(lines.replace('SERVICE_GREEN=1\n', '')), /^f: lacks SERVICE_GREEN/],
    ['an unknown owner gate', sealed(lines.replace('NEXT_REQUIRED_GATES=', 'NEXT_REQUIRED_GATES=coffee,')), /NEXT_REQUIRED_GATES names an unknown owner gate/],
    ['another schema', sealed(lines.replace('summary_v1', 'summary_v2')), /SUMMARY_SCHEMA has a value of the wrong type/],
    ['an empty file', '', /^f: is empty/],
    ['more than a mebibyte', 'A=1\n'.repeat(300_000), /^f: is larger than/],
  ]
  for (const [name, text, message] of cases) {
    test(name, () => {
      const error = refusal(text)
      expect(error.code).toBe('summary_invalid')
      expect(error.message).toMatch(message)
      expect(error.message).not.toContain('\n')
    })
  }
})

describe('nothing that claims to authorize anything is read, old or new', () => {
  for (const line of ['RUNTIME_ACTION_AUTHORIZED=1', 'RUNTIME_ACTION_AUTHORIZED=unknown', 'WAZUH_RUNTIME_GATE=1', 'X_RUNTIME_GATE=1', 'RUNTIME_GATE=1']) {
    test(line, () => {
      expect(refusal(`SERVICE_GREEN=1\n${line}\n`).message).toMatch(/is not 0; no summary can authorize anything/)
      const key = line.split('=')[0] as string
      const lines = body(withValues(OPEN_GATES, { [key]: null }))
      expect(refusal(sealed(`${lines}${line}\n`)).code).toBe('summary_invalid')
    })
  }
})

test('a new file that lost its SUMMARY_SCHEMA line is not an old one', () => {
  const stripped = GOOD.replace(/^SUMMARY_SCHEMA=.*\n/, '')
  expect(refusal(stripped).message).toMatch(/but no SUMMARY_SCHEMA/)
  const mismatch = summaryText({ ...GREEN_VALUES, ROUND_INTEGRITY: 'mismatch' }).replace(/^SUMMARY_SCHEMA=.*\n/, '')
  expect(refusal(mismatch.replace(/SUMMARY_DIGEST=.*\n/, '')).message).toMatch(/has ROUND_INTEGRITY but no SUMMARY_SCHEMA/)
})

test('every byte of a file counts: changed, removed or doubled, it is refused', () => {
  const bytes = Buffer.from(GOOD)
  for (let at = 0; at < bytes.length; at++) {
    const original = bytes[at] as number
    const before = bytes.subarray(0, at)
    const after = bytes.subarray(at + 1)
    for (const replacement of [[original ^ 1], [original ^ 0x20], [10], [0xff], [], [original, original]]) {
      const changed = Buffer.concat([before, Buffer.from(replacement), after])
      if (!changed.equals(bytes)) expect(() => readSummary(changed.toString('utf8')), `byte ${at} as ${replacement}`).toThrow(EvidenceError)
    }
  }
})

test('property: any other single byte at any place is refused', () => {
  const bytes = Buffer.from(GOOD)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.nat(255), (at, value) => {
      const changed = Buffer.from(bytes)
      changed[at] = value
      if (!changed.equals(bytes)) expect(() => readSummary(changed.toString('utf8'))).toThrow(EvidenceError)
    }),
    { numRuns: 2000 },
  )
})

test('property: cut off anywhere, a file is refused', () => {
  for (let end = 0; end < GOOD.length; end += 7) expect(() => readSummary(GOOD.slice(0, end))).toThrow(EvidenceError)
})

describe('written and read back, values are the same and agree with each other', () => {
  test('the recorded rounds', async () => {
    for (const one of (await loadRecordedCorpus()).values()) {
      const { summary } = judgeRecorded(one)
      const back = readSummary(summaryText(summary))
      const { SUMMARY_DIGEST: digest, ...values } = back.values
      expect(values).toEqual(summary)
      expect(digest).toBe(back.digest)
      expect(back.contradictions).toEqual([])
    }
  })
  test('property: generated rounds', () => {
    fc.assert(
      fc.property(aDraft, (draft) => {
        const fold = foldEvents(
          emptyFold(),
          sealDraft(draft).map((event) => Buffer.from(event.bytes).toString('utf8')),
        )
        const { summary } = judgeFold(ROUND_ID, fold)
        const back = readSummary(summaryText(summary))
        expect(withValues(back.values, { SUMMARY_DIGEST: null })).toEqual(summary)
        expect(back.contradictions).toEqual([])
      }),
      { numRuns: 150 },
    )
  })
})

describe('what another tool printed oddly is unknown, and the file can still be read', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['BACKUP_LAST_AGGREGATE', '', 'unknown'],
    ['BACKUP_LAST_AGGREGATE', ' padded ', 'unknown'],
    ['BACKUP_LAST_AGGREGATE', '2026-06-26 02:31:02', '2026-06-26 02:31:02'],
    ['ESTATE_VERSION', 'caf\u00e9', 'unknown'],
    ['WAZUH_ROUTE_CODE', 'pending', 'unknown'],
    ['STOCK_BLOCKERS', 'two words', 'unknown'],
    ['STOCK_BLOCKERS', 'a\nSERVICE_GREEN=1', 'unknown'],
    ['SERVICE_GREEN', 'yes', 'unknown'],
    ['NO_SUCH_KEY_AT_ALL', '1', 'unknown'],
  ]
  for (const [key, value, printed] of cases) test(`${key}=${JSON.stringify(value)}`, () => expect(toSummaryValue(key, value)).toBe(printed))
  test('as many blockers as an event can name fit', () => {
    const blockers = Array.from({ length: 200 }, (_, n) => `${n}`.padEnd(120, 'x')).join(',')
    expect(toSummaryValue('STOCK_BLOCKERS', blockers)).toBe(blockers)
    const text = summaryText({ ...OPEN_GATES, STOCK_BLOCKERS: blockers, STOCK_FRESHNESS_STATUS: 'blocked' })
    expect(readSummary(text).values.STOCK_BLOCKERS).toBe(blockers)
  })
})

/** Each contradiction of contract §4 (and of the parts it implies): what is printed, its code, what it is read as. */
const CONTRADICTIONS: readonly (readonly [string, Overrides, string, Overrides])[] = [
  ['a green result with blockers', { POST_START_BLOCKED: '2' }, 'post_start_green_with_blockers', { POST_START_RESULT: 'BLOCKED', SERVICE_GREEN: '0' }],
  ['a green result without a pass', { POST_START_PASS: '0' }, 'post_start_green_without_pass', { POST_START_RESULT: 'BLOCKED' }],
  ['escrow open with items missing', { DR_ESCROW_BLOCKED: '0', ESCROW_MISSING_COUNT: '5' }, 'escrow_open_with_items_missing', { DR_ESCROW_BLOCKED: '1' }],
  ['services green while blocked', { POST_START_RESULT: 'BLOCKED' }, 'service_green_while_blocked', { SERVICE_GREEN: '0' }],
  [
    'an overall better than the result',
    { OVERALL_DECLARATION: 'FULL_STACK_GREEN' },
    'overall_better_than_its_parts',
    {
      OVERALL_DECLARATION: 'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
    },
  ],
  [
    'gates shorter than the parts demand',
    { NEXT_REQUIRED_GATES: 'none' },
    'next_gates_shorter_than_parts',
    {
      NEXT_REQUIRED_GATES: OPEN_GATES.NEXT_REQUIRED_GATES as string,
    },
  ],
  ['more items than the count', { ESCROW_MISSING_COUNT: '2' }, 'escrow_items_exceed_count', { ESCROW_MISSING_COUNT: '5' }],
  [
    'escrow blocked with nothing missing',
    { ESCROW_MISSING_COUNT: '0', ESCROW_MISSING_ITEMS: 'none' },
    'escrow_blocked_with_nothing_missing',
    {
      ESCROW_MISSING_COUNT: 'unknown',
    },
  ],
  ['services green with a service warning', { POST_START_WARN_SERVICE: '1' }, 'service_green_with_service_findings', { SERVICE_GREEN: '0' }],
  ['backup green with core blockers', { BACKUP_CORE_BLOCKERS: '1' }, 'backup_green_with_blockers', { BACKUP_CORE_GREEN: '0', RECOVERY_CORE_READY: '0' }],
  ['backup green with stale integrity', { BACKUP_INTEGRITY_STALE: '1' }, 'backup_green_with_blockers', { BACKUP_CORE_GREEN: '0' }],
  ['core ready without its parts', { PRODUCT_DATA_GREEN: '0' }, 'core_ready_without_its_parts', { RECOVERY_CORE_READY: '0' }],
  ['DR ready without its parts', { RECOVERY_DR_OFFSITE_READY: '1' }, 'dr_ready_without_its_parts', { RECOVERY_DR_OFFSITE_READY: '0' }],
  ['a level above its parts', { PLAN_B_LEVEL: 'B5_DR_COMPLETE' }, 'plan_b_level_better_than_its_parts', { PLAN_B_LEVEL: 'B4_FULL_STACK_GREEN' }],
  [
    'a host result above its parts',
    { HOST_188_RESULT: 'HOST_188_HYGIENE_GREEN' },
    'host_result_better_than_its_parts',
    {
      HOST_188_RESULT: 'SERVICE_GREEN_HOST_HYGIENE_BLOCKED',
    },
  ],
  ['hygiene better than the host result', { HOST_188_HYGIENE_BLOCKED: '0' }, 'host_hygiene_better_than_result', { HOST_188_HYGIENE_BLOCKED: '1' }],
  ['product green while pending', { POST_START_RESULT: 'PRODUCT_DATA_PENDING_EOD_WINDOW' }, 'product_green_while_pending', { PRODUCT_DATA_GREEN: '0' }],
  ['greens of an unsealed round', { ROUND_INTEGRITY: 'unsealed' }, 'green_without_integrity', { SERVICE_GREEN: '0', OVERALL_DECLARATION: 'BLOCKED' }],
]

describe('contradictions: the worse reading counts and is named', () => {
  for (const [name, overrides, code, readAs] of CONTRADICTIONS) {
    test(name, () => {
      const summary = readSummary(summaryText(withValues(OPEN_GATES, overrides)))
      expect(summary.contradictions.map((one) => one.code)).toContain(code)
      expect(summary.values).toMatchObject(readAs)
      expect(summary.contradictions.find((one) => one.code === code)?.readAs).not.toBe('')
    })
  }
  test('a file that agrees with itself has none', () => {
    expect(readSummary(GOOD).contradictions).toEqual([])
    expect(readSummary(summaryText(GREEN_VALUES)).contradictions).toEqual([])
  })
})

const CHANGEABLE = Object.entries(OPEN_GATES).filter(([key]) => !['SUMMARY_SCHEMA', 'RUNTIME_ACTION_AUTHORIZED', 'NEXT_REQUIRED_GATES'].includes(key))
const OTHER_VALUES = ['0', '1', '3', 'unknown', 'none', 'GREEN', 'BLOCKED', 'FULL_STACK_GREEN', 'PRODUCT_DATA_PENDING_EOD_WINDOW', 'B5_DR_COMPLETE', 'mismatch']

test('property: settled values agree with each other, whatever a file says', () => {
  const someChanges = fc.dictionary(fc.constantFrom(...CHANGEABLE.map(([key]) => key)), fc.constantFrom(...OTHER_VALUES), { maxKeys: 4 })
  fc.assert(
    fc.property(someChanges, (changes) => {
      const fitting = Object.fromEntries(Object.entries(changes).filter(([key, value]) => isSummaryValue(summaryKeyType(key) ?? 'text', value)))
      const summary = readSummary(summaryText(withValues(OPEN_GATES, fitting)))
      // Reading them again finds nothing more to settle.
      const again = readSummary(summaryText(withValues(summary.values, { SUMMARY_DIGEST: null })))
      expect(again.contradictions).toEqual([])
      expect(again.values.OVERALL_DECLARATION).toBe(summary.values.OVERALL_DECLARATION)
    }),
    { numRuns: 1000 },
  )
})

describe('a file of the older tools', () => {
  const legacy = readFileSync(path.join(import.meta.dirname, 'legacy-summary.txt'), 'utf8')
  test('is read as such: what it prints counts, what it lacks is unknown', () => {
    const summary = readSummary(legacy, { artifactId: 'awoooi-post-reboot-readiness-20260626-121300' })
    expect(summary).toMatchObject({ legacy: true, integrity: 'legacy_unverified', contradictions: [] })
    expect(summary.values).toMatchObject({
      ARTIFACT_ID: 'awoooi-post-reboot-readiness-20260626-121300',
      ROUND_INTEGRITY: 'legacy_unverified',
      SERVICE_GREEN: '1',
      MOMO_DATA_FRESH: 'unknown',
      PLAN_B_LEVEL: 'unknown',
      HOST_188_RESULT: 'HOST_188_HYGIENE_GREEN',
      NEXT_REQUIRED_GATES: 'credential_escrow_evidence,wazuh_manager_registry_export',
    })
  })
  test('the trailing full stop of HOST_188_RESULT is dropped in old files only', () => {
    expect(legacy).toContain('HOST_188_RESULT=HOST_188_HYGIENE_GREEN.\n')
    expect(readSummary(summaryText({ ...GREEN_VALUES, HOST_188_RESULT: 'HOST_188_HYGIENE_GREEN.' })).values.HOST_188_RESULT).toBe('HOST_188_HYGIENE_GREEN.')
  })
  test('keys nobody knows are passed over, but not duplicates or malformed lines', () => {
    expect(readSummary(`${legacy}COFFEE=hot\n`).values).not.toHaveProperty('COFFEE')
    expect(refusal(`${legacy}SERVICE_GREEN=1\n`).message).toMatch(/given twice/)
    expect(refusal(`${legacy}COFFEE=1\nCOFFEE=2\n`).message).toMatch(/given twice/)
    expect(refusal(`${legacy}\n`).message).toMatch(/not KEY=VALUE/)
    expect(refusal(legacy.replace('SERVICE_GREEN=1', 'SERVICE_GREEN=maybe')).message).toMatch(/wrong type/)
    expect(refusal('COFFEE=hot\n').message).toMatch(/holds no key of a summary/)
  })
  test('unknown is never green', () => {
    const allowed = evaluateDeclarations(summaryInput(readSummary('POST_START_RESULT=FULL_STACK_GREEN\n'))).declarations.filter((one) => one.allowed)
    expect(allowed).toEqual([])
  })
  test('gates that it prints as unknown are those its parts demand', () => {
    const printed = 'SERVICE_GREEN=1\nESCROW_MISSING_COUNT=0\nHOST_188_HYGIENE_BLOCKED=0\nNEXT_REQUIRED_GATES=unknown\n'
    expect(readSummary(printed).values.NEXT_REQUIRED_GATES).toBe('wazuh_manager_registry_export')
  })
  test('contradictions count there too', () => {
    const summary = readSummary(legacy.replace('PRODUCT_DATA_GREEN=1', 'PRODUCT_DATA_GREEN=1\nSTOCK_BLOCKERS=late\nSTOCK_FRESHNESS_STATUS=blocked'))
    expect(summary.contradictions.map((one) => one.code)).toContain('product_green_with_blockers')
    expect(summary.values.PRODUCT_DATA_GREEN).toBe('0')
  })
})
