import { describe, expect, test } from 'vitest'
import { evaluateDeclarations } from '../../guards/declaration.ts'
import { snapshotInput, summaryInput } from '../../guards/guard-input.ts'
import { VERSIONS } from '../../projector/policies.ts'
import { readSummary } from '../../projector/read-summary.ts'
import { canonicalJson } from '../../schemas/canonical-json.ts'
import { listItems } from '../../schemas/summary.ts'
import { summaryText } from '../../schemas/summary-text.ts'
import { expectGuards, expectVerdict } from './expect-must.ts'
import { judgeRecorded, legacySummaryText, loadRecordedCorpus, MUST, type Recorded } from './recorded-corpus.ts'

const corpus = await loadRecordedCorpus()
const recorded = (id: string): Recorded => {
  const found = corpus.get(id)
  if (found === undefined) throw new Error(`no recorded round ${id}`)
  return found
}

test('every recorded round has expectations and every expectation a round', () => {
  const expected = [...MUST.rounds, ...MUST.demotion].map((one) => one.id)
  expect(expected.toSorted()).toEqual([...corpus.keys()].toSorted())
  expect(MUST.rounds).toHaveLength(23)
  expect(MUST.demotion).toHaveLength(7)
})

describe('from the ledger', () => {
  for (const { id, must = {}, under = {} } of [...MUST.rounds, ...MUST.demotion.map((one) => ({ ...one, under: undefined }))]) {
    test(id, () => {
      const snapshot = judgeRecorded(recorded(id))
      expect(snapshot.evidence).toMatchObject({ integrity: 'legacy_unverified', integrity_reasons: [] })
      expectVerdict(must, snapshot)
      expectGuards(must, snapshotInput(snapshot), snapshot.opened_at)
    })
    for (const [version, wanted] of Object.entries(under)) {
      test(`${id} under ${version}`, () => {
        const snapshot = judgeRecorded(recorded(id), `sop@${version}`)
        expectVerdict(wanted, snapshot)
        expectGuards(wanted, snapshotInput(snapshot), snapshot.opened_at)
      })
    }
  }
})

describe('through the summary file that the round writes', () => {
  for (const { id, must = {} } of MUST.rounds) {
    test(id, () => {
      const snapshot = judgeRecorded(recorded(id))
      const summary = readSummary(summaryText(snapshot.summary))
      expect(summary.contradictions).toEqual([])
      expectGuards(must, summaryInput(summary), snapshot.opened_at)
    })
  }
})

describe('through the summary file of the old tools', () => {
  for (const { id, must } of MUST.rounds) {
    const text = must === undefined || !corpus.has(id) ? null : legacySummaryText(recorded(id))
    if (text === null || must === undefined) continue
    test(id, () => {
      const summary = readSummary(text, { artifactId: id })
      expect(summary).toMatchObject({ legacy: true, integrity: 'legacy_unverified' })
      if (must.overall !== undefined) expect(summary.values.OVERALL_DECLARATION).toBe(must.overall)
      expectGuards(must, summaryInput(summary), recorded(id).round.at)
    })
  }
})

test('a run that skipped the cold-start and backup parts is never full-stack green, under no policy', () => {
  for (const { version } of VERSIONS) {
    const snapshot = judgeRecorded(recorded('awoooi-post-start-quick-check-20260625-193500'), `sop@${version}`)
    const allowed = evaluateDeclarations(snapshotInput(snapshot)).declarations.filter((one) => one.allowed)
    expect(allowed.map((one) => one.name)).not.toContain('FULL_STACK_GREEN')
    expect(allowed.map((one) => one.name)).not.toContain('FULL_STACK_GREEN_DR_ESCROW_BLOCKED')
    expect(['B4_FULL_STACK_GREEN', 'B5_DR_COMPLETE']).not.toContain(snapshot.summary.PLAN_B_LEVEL)
  }
})

test('no round of the corpus is DR complete or authorizes anything, under no policy', () => {
  for (const one of corpus.values()) {
    for (const { version } of VERSIONS) {
      const { summary } = judgeRecorded(one, `sop@${version}`)
      expect(summary.RUNTIME_ACTION_AUTHORIZED).toBe('0')
      expect(summary.PLAN_B_LEVEL).not.toBe('B5_DR_COMPLETE')
      expect(listItems(summary.NEXT_REQUIRED_GATES)).toContain('credential_escrow_evidence')
      expect(listItems(summary.NEXT_REQUIRED_GATES)).toContain('wazuh_manager_registry_export')
    }
  }
})

test('the order of arrival and second copies change no byte of a snapshot', () => {
  for (const one of corpus.values()) {
    const doubled = { ...one, events: [...one.events.toReversed(), ...one.events] }
    expect(canonicalJson(judgeRecorded(doubled))).toBe(canonicalJson(judgeRecorded(one)))
  }
})
