import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Bundle } from '../../api/exports/bundle.ts'
import { toInTotoStatement } from '../../api/exports/in-toto.ts'
import { toOscalResults } from '../../api/exports/oscal.ts'
import { roundOutcome } from '../../api/exports/round-outcome.ts'
import { sha256Digest } from '../../schemas/digest.ts'
import { loadRecordedCorpus } from '../corpus/recorded-corpus.ts'
import { aDraft, aWorsening, sealDraft } from '../support/generated-rounds.ts'
import { makeCheckFailed, makeOpened, makeRound, makeSealed } from '../support/make-events.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'
import { bundleOf, goldenTexts, toText } from './bundle-fixtures.ts'

/** Checks formats and `\p{…}` patterns too; without them half of the schema would say nothing. */
function validatorOf(file: string) {
  const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: true })
  ajv.addFormat('date-time', (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)))
  ajv.addFormat('uri', (text) => URL.canParse(text) && !/\s/.test(text))
  ajv.addFormat('uri-reference', (text) => URL.canParse(text, 'https://base.example/') && /^[!-~]*$/.test(text))
  ajv.addFormat('email', /^[^@\s]+@[^@\s]+$/)
  const validate = ajv.compile(JSON.parse(readFileSync(join(REPOSITORY, 'test/vendor-schemas', file), 'utf8')))
  return (value: unknown): unknown => (validate(JSON.parse(JSON.stringify(value))) ? [] : validate.errors)
}

const problemsOfStatement = validatorOf('in-toto-test-result-v0.1.schema.json')
const problemsOfOscal = validatorOf('oscal_assessment-results_schema-1.2.3.json')

const green = bundleOf(goldenTexts('green'))
const rounds: [string, Bundle][] = [
  ['green', green],
  ['blocked', bundleOf(goldenTexts('blocked'))],
  ['recorded', bundleOf(goldenTexts('recorded'))],
  ['under an old policy', bundleOf(goldenTexts('green'), { policy: 'sop@1.24' })],
  ['unsealed', bundleOf(makeRound('round-1', 3).slice(0, -1).map(toText))],
  ['mismatch', bundleOf(makeRound('round-1', 3).toSpliced(1, 1).map(toText))],
  ...[...(await loadRecordedCorpus())].map(([id, { events }]): [string, Bundle] => [id, bundleOf(events.map(toText))]),
]
/** Every check passed, nothing else in the estate. */
const best = bundleOf(makeRound('round-1', 2).map(toText))

describe('the in-toto statement', () => {
  it.each(rounds)('of %s is valid', (_name, bundle) => {
    expect(problemsOfStatement(toInTotoStatement(bundle))).toEqual([])
  })

  it('names the bundle, the files of its conclusions, the root and the configuration by their digests', () => {
    const { subject, predicate } = toInTotoStatement(green)
    const byName = Object.fromEntries([...subject, ...predicate.configuration].map((one) => [one.name, Object.values(one.digest)[0]]))
    expect(byName).toMatchObject({
      'golden-green-1.bundle.tar': sha256Digest(green.bytes).slice(7),
      'snapshot.json': green.manifest.snapshot_digest.slice(7),
      'evidence-root': green.manifest.evidence.root,
      estate: green.manifest.estate.digest.slice(7),
    })
    expect(new Set(subject.map((one) => one.name)).size).toBe(subject.length)
  })

  it('is held to a schema that refuses what the specification does not allow', () => {
    const good = toInTotoStatement(green)
    const [first] = good.subject
    const bad: unknown[] = [
      { ...good, _type: 'https://in-toto.io/Statement/v0.1' },
      { ...good, subject: [] },
      { ...good, subject: [{ ...first, digest: undefined, uri: 'urn:x:y' }] },
      { ...good, subject: [{ ...first, digest: { sha256: 'ABC' } }] },
      { ...good, predicate: { ...good.predicate, result: 'passed' } },
      { ...good, predicate: { ...good.predicate, configuration: undefined } },
      { ...good, predicate: { ...good.predicate, configuration: [{ name: 'only a name' }] } },
      { ...good, predicate: { ...good.predicate, passedTests: 'all' } },
    ]
    for (const one of bad) expect(problemsOfStatement(one)).not.toEqual([])
    // As the example of the specification: a name and a download location beside the digest, an address of the run.
    const run = { name: 'ci.yml', downloadLocation: 'https://code.example/ci.yml', digest: { gitBlob: 'e'.repeat(40) } }
    const predicate = {
      result: 'PASSED',
      configuration: [run],
      url: 'https://code.example/runs/1',
      passedTests: ['build (3.7, lint)'],
      warnedTests: [],
      failedTests: [],
    }
    expect(problemsOfStatement({ ...good, subject: [{ digest: { gitCommit: 'd'.repeat(40) } }], predicate })).toEqual([])
  })
})

describe('the OSCAL assessment results', () => {
  it.each(rounds)('of %s are valid', (_name, bundle) => {
    expect(problemsOfOscal(toOscalResults(bundle))).toEqual([])
  })

  it('are held to the schema: it refuses other versions of a UUID, tokens, times and keys', () => {
    const good = JSON.stringify(toOscalResults(green))
    const bad = [
      good.replace(/("uuid":"[0-9a-f]{8}-[0-9a-f]{4}-)5/, '$17'),
      good.replace('"name":"status"', '"name":"1 status"'),
      good.replace(/"collected":"[^"]+"/, '"collected":"yesterday"'),
      good.replace('"state":"satisfied"', '"state":"fine"'),
      good.replace('"import-ap"', '"import-plan"'),
      good.replace('"ns":"urn:evidence-ledger:oscal"', '"ns":"no uri"'),
    ]
    expect(bad.filter((text) => text === good)).toEqual([])
    expect(bad.filter((text) => Array.isArray(problemsOfOscal(JSON.parse(text))) && (problemsOfOscal(JSON.parse(text)) as []).length === 0)).toEqual([])
  })

  it('have one observation a check, one finding a gate and one for the round, and UUIDs that come once', () => {
    const results = toOscalResults(green)
    const text = JSON.stringify(results)
    const defined = [...text.matchAll(/"uuid":"([^"]+)"/g)].map((match) => match[1])
    expect(new Set(defined).size).toBe(defined.length)
    const used = [...text.matchAll(/"(?:observation-uuid":"|href":"#)([^"]+)"/g)].map((match) => match[1])
    expect(used.filter((one) => !defined.includes(one))).toEqual([])
    const [result] = results['assessment-results'].results
    expect([result?.observations?.length, result?.findings.length]).toEqual([green.snapshot.checks.length, green.snapshot.gates.length + 1])
  })

  it('show what a probe saw as text, never as markup', () => {
    const events = [makeOpened('round-1', 0, ['check-a']), makeCheckFailed('round-1', 1, 'check-a')]
    const bundle = bundleOf([...events, makeSealed('round-1', 2, events)].map(toText))
    const [check] = bundle.snapshot.checks
    const hostile = { ...bundle, snapshot: { ...bundle.snapshot, checks: [{ ...check, reasons: ['<img src=x> [click](javascript:x) *b*'] }] } } as Bundle
    const [result] = toOscalResults(hostile)['assessment-results'].results
    expect(result?.observations?.[0]?.description).toBe('\\<img src=x\\> \\[click\\](javascript:x) \\*b\\*')
  })
})

describe('nothing less than green is passed', () => {
  it('the best round is', () => {
    expect([best.snapshot.summary.OVERALL_DECLARATION, roundOutcome(best.snapshot)]).toEqual([
      'FULL_STACK_GREEN',
      { result: 'PASSED', passed: best.snapshot.checks.map((check) => check.id), warned: [], failed: [] },
    ])
    expect(JSON.stringify(toOscalResults(best))).not.toContain('not-satisfied')
  })

  it.each(rounds)('%s', (_name, bundle) => {
    expectHonest(bundle)
  })

  it('for generated rounds, and for their worse versions', { timeout: 240_000 }, () => {
    const drafts = aDraft.chain((draft) => fc.tuple(fc.constant(draft), fc.array(aWorsening(draft), { minLength: 1, maxLength: 3 })))
    fc.assert(
      fc.property(drafts, ([draft, worsenings]) => {
        const before = bundleOf(sealDraft(draft).map(toText))
        const after = bundleOf(sealDraft(worsenings.reduce((one, worsening) => worsening.apply(one), draft)).map(toText))
        expectHonest(before)
        expectHonest(after)
        const passed = new Set(roundOutcome(before.snapshot).passed)
        expect(roundOutcome(after.snapshot).passed.filter((id) => !passed.has(id))).toEqual([])
        expect(problemsOfOscal(toOscalResults(after))).toEqual([])
      }),
      { numRuns: 60 },
    )
  })
})

function expectHonest(bundle: Bundle): void {
  const { snapshot } = bundle
  const { result, passed, warned, failed } = roundOutcome(snapshot)
  expect([...passed, ...warned, ...failed].sort()).toEqual(snapshot.checks.map((check) => check.id).sort())
  const statusOf = new Map(snapshot.checks.map((check) => [check.id, check.status]))
  expect(passed.filter((id) => statusOf.get(id) !== 'PASS')).toEqual([])
  expect(snapshot.checks.filter((check) => check.status === 'NOT_EVALUATED' && !failed.includes(check.id))).toEqual([])
  if (snapshot.evidence.integrity !== 'verified') expect(passed).toEqual([])
  if (result === 'PASSED')
    expect([snapshot.evidence.integrity, snapshot.summary.OVERALL_DECLARATION, warned, failed]).toEqual(['verified', 'FULL_STACK_GREEN', [], []])
  const [oscal] = toOscalResults(bundle)['assessment-results'].results
  const satisfied = oscal?.findings.filter((finding) => finding.target.status.state === 'satisfied').map((finding) => finding.title) ?? []
  const greenGates = snapshot.gates.filter((gate) => gate.status === 'GREEN').map((gate) => `Gate ${gate.id}`)
  expect(satisfied.filter((title) => !greenGates.includes(title))).toEqual(result === 'PASSED' ? ['The whole round'] : [])
}

it('the same events in any order, and twice, give the same bytes', () => {
  const texts = goldenTexts('green')
  const again = bundleOf([...texts.toReversed(), ...texts])
  expect(Buffer.from(again.bytes).equals(green.bytes)).toBe(true)
  expect(JSON.stringify([toInTotoStatement(again), toOscalResults(again)])).toBe(JSON.stringify([toInTotoStatement(green), toOscalResults(green)]))
})
