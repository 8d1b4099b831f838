import fc from 'fast-check'
import { expect, test } from 'vitest'
import { checkPacketContract } from '../../guards/contract.ts'
import { declarationText, evaluateDeclarations } from '../../guards/declaration.ts'
import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import { type GuardInput, snapshotInput, summaryInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { preflightResponse } from '../../guards/preflight.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import { readSummary } from '../../projector/read-summary.ts'
import { EstablishedNames } from '../../schemas/declarations.ts'
import { listItems } from '../../schemas/summary.ts'
import { summaryText } from '../../schemas/summary-text.ts'
import { schemaProblems } from '../schemas/validator.ts'
import { aDraft, ROUND_ID, sealDraft } from '../support/generated-rounds.ts'
import { goodResponse, toBytes } from './guard-fixtures.ts'

const AT = '2026-06-28T00:00:00.000Z'

/** Guard input of a generated round, from its events and through its file. */
const inputs = aDraft.map((draft): { direct: GuardInput; file: GuardInput } => {
  const lines = sealDraft(draft).map((event) => Buffer.from(event.bytes).toString('utf8'))
  const snapshot = judgeFold(ROUND_ID, foldEvents(emptyFold(), lines))
  return { direct: snapshotInput(snapshot), file: summaryInput(readSummary(summaryText(snapshot.summary))) }
})

const allowed = (input: GuardInput): string[] => evaluateDeclarations(input).declarations.flatMap((one) => (one.allowed ? [one.name] : []))

test('property: through its file a round is allowed the same, but for what only checks establish', () => {
  fc.assert(
    fc.property(inputs, ({ direct, file }) => {
      const established = new Set<string>(EstablishedNames)
      expect(allowed(file)).toEqual(allowed(direct).filter((name) => !established.has(name)))
      expect(dispatchText(dispatchNextGates(file))).toBe(dispatchText(dispatchNextGates(direct)))
      expect(JSON.stringify(buildOwnerPackets(file))).toBe(JSON.stringify(buildOwnerPackets(direct)))
    }),
    { numRuns: 100 },
  )
})

test('property: a round’s own packets pass the contract, its template waits, its filled response is ready', () => {
  fc.assert(
    fc.property(inputs, ({ direct }) => {
      const packets = buildOwnerPackets(direct)
      expect(checkPacketContract(direct, JSON.stringify(packets))).toMatchObject({ status: 'ok', reasons: [] })
      expect(packets.source.next_required_gates).toEqual(listItems(direct.summary.values.NEXT_REQUIRED_GATES))
      const said = (response: unknown): string => preflightResponse(direct, toBytes(response), { at: AT, isReplayed: false }).status
      expect(said(responseTemplate(packets))).toBe('blocked_waiting_owner_response_content')
      const filled = { ...goodResponse(direct), responded_at: '2026-06-27T20:00:00Z' }
      expect(said(filled)).toBe(packets.next_gate_count === 0 ? 'blocked_waiting_owner_response_content' : 'ready_for_independent_review')
    }),
    { numRuns: 100 },
  )
})

test('property: texts are ASCII lines, results fit their schemas, and the two that are always forbidden are', () => {
  fc.assert(
    fc.property(inputs, ({ direct, file }) => {
      for (const input of [direct, file]) {
        const [declared, dispatched] = [evaluateDeclarations(input), dispatchNextGates(input)]
        for (const text of [declarationText(declared), dispatchText(dispatched)]) expect(text).toMatch(/^([\x20-\x7e]+\n)+$/)
        expect(schemaProblems('declaration-result', declared)).toEqual([])
        expect(schemaProblems('dispatch-result', dispatched)).toEqual([])
        expect(allowed(input)).not.toContain('AI_REMEDIATION_ENABLED')
        expect(allowed(input)).not.toContain('RUNTIME_ACTION_AUTHORIZED')
      }
    }),
    { numRuns: 100 },
  )
})
