import { expect, test } from 'vitest'
import { evaluateDeclarations } from '../../guards/declaration.ts'
import { snapshotInput } from '../../guards/guard-input.ts'
import { roundRoot } from '../../ledger/round-root.ts'
import { VERSIONS } from '../../projector/policies.ts'
import { type EncodedEvent, type EvidenceEvent, encodeEvent } from '../../schemas/event.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { listItems } from '../../schemas/summary.ts'
import { judgeRecorded, loadRecordedCorpus, type Recorded } from './recorded-corpus.ts'

/** Keys where 1 is good; none may turn 1 by losing evidence. */
const GREEN =
  /^(SERVICE_GREEN|PRODUCT_DATA_GREEN|BACKUP_CORE_GREEN|BACKUP_OFFSITE_FRESH|MOMO_.*|RECOVERY_.*|HOST_188_SERVICE_GREEN|WAZUH_MANAGER_REGISTRY_ACCEPTED)$/

function allowedOf(snapshot: Snapshot): string[] {
  const { declarations } = evaluateDeclarations(snapshotInput(snapshot))
  return declarations.filter((one) => one.allowed).map((one) => one.name)
}

function greensOf(snapshot: Snapshot): string[] {
  return Object.keys(snapshot.summary).filter((key) => GREEN.test(key) && snapshot.summary[key] === '1')
}

/** `sub` holds nothing that `all` lacks. */
function expectSubset(sub: readonly string[], all: readonly string[], what: string): void {
  expect(
    sub.filter((one) => !all.includes(one)),
    what,
  ).toEqual([])
}

function expectNoBetter(after: Snapshot, before: Snapshot, what: string): void {
  expectSubset(allowedOf(after), allowedOf(before), `allowed: ${what}`)
  expectSubset(greensOf(after), greensOf(before), `green: ${what}`)
  expectSubset(listItems(before.summary.NEXT_REQUIRED_GATES), listItems(after.summary.NEXT_REQUIRED_GATES), `owner gates: ${what}`)
}

function decoded(event: EncodedEvent): EvidenceEvent {
  return JSON.parse(Buffer.from(event.bytes).toString('utf8')) as EvidenceEvent
}

/** The round with other evidence, sealed anew: an honest seal over less. */
function withEvidence(one: Recorded, evidence: readonly EncodedEvent[]): Recorded {
  const [opened, sealed] = [one.events[0] as EncodedEvent, one.events.at(-1) as EncodedEvent]
  const rooted = [opened, ...evidence]
  return { ...one, events: [...rooted, encodeEvent({ ...decoded(sealed), data: roundRoot(rooted) })] }
}

/** The same look as one that failed. */
function failed(event: EncodedEvent): EncodedEvent {
  const type = 'evidence.check.failed.v1'
  const data = { target: 'x', host: null, reason: 'timeout', stage: 'look', detail: 'no answer', attempts: [] }
  return encodeEvent({ ...decoded(event), type, dataschema: `urn:evidence-ledger:schema:${type}`, data })
}

const corpus = await loadRecordedCorpus()
/** Some 3,500 judgements: seven seconds alone, longer beside other suites. */
const TIMEOUT_MS = 180_000

test('losing any evidence of any recorded round, under any policy, licenses nothing and closes no owner gate', { timeout: TIMEOUT_MS }, () => {
  for (const one of corpus.values()) {
    const evidence = one.events.slice(1, -1)
    for (const { version } of VERSIONS) {
      const before = judgeRecorded(one, `sop@${version}`)
      for (let kept = 0; kept < 2 ** evidence.length; kept++) {
        const some = evidence.filter((_, n) => (kept >> n) % 2 === 1)
        expectNoBetter(judgeRecorded(withEvidence(one, some), `sop@${version}`), before, `${one.round.id} ${version} kept ${kept}`)
      }
    }
  }
})

test('a look that fails instead licenses nothing and closes no owner gate', { timeout: TIMEOUT_MS }, () => {
  for (const one of corpus.values()) {
    const evidence = one.events.slice(1, -1)
    for (const { version } of VERSIONS) {
      const before = judgeRecorded(one, `sop@${version}`)
      for (const lost of evidence) {
        const some = evidence.map((event) => (event === lost ? failed(event) : event))
        expectNoBetter(judgeRecorded(withEvidence(one, some), `sop@${version}`), before, `${one.round.id} ${version} failed ${lost.checkId}`)
      }
    }
  }
})

test('evidence that was removed without a new seal is a mismatch, and nothing is allowed', () => {
  for (const one of corpus.values()) {
    const snapshot = judgeRecorded({ ...one, events: one.events.filter((_, n) => n !== 1) })
    expect(snapshot.summary.ROUND_INTEGRITY).toBe('mismatch')
    expect(allowedOf(snapshot)).toEqual([])
  }
})
