import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { checkPacketContract } from '../../guards/contract.ts'
import { evaluateDeclarations } from '../../guards/declaration.ts'
import { dispatchNextGates } from '../../guards/dispatch.ts'
import { type GuardInput, snapshotInput, summaryInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { preflightResponse } from '../../guards/preflight.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import { readSummary } from '../../projector/read-summary.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { EVENT_TYPES } from '../../schemas/event.ts'
import { staleSchemaFiles } from '../../schemas/generate.ts'
import { LOCALHOST, NODE, newFolder, ROOT, ROUNDS_DIR, runEvidence } from '../cli/run-program.ts'
import { judgeRecorded, legacySummaryText, loadRecordedCorpus } from '../corpus/recorded-corpus.ts'
import { ALL_ESTABLISHED, AT, establishedInput, fileInput, GREEN_VALUES, goodResponse, OPEN_GATES, toBytes } from '../guards/guard-fixtures.ts'
import { aDraft, sealDraft } from '../support/generated-rounds.ts'
import { makeRound } from '../support/make-events.ts'
import { SCHEMA_NAMES, schemaProblems } from './validator.ts'

const corpus = [...(await loadRecordedCorpus()).values()]
const decode = ({ bytes }: Pick<EncodedEvent, 'bytes'>): { type: string } => JSON.parse(Buffer.from(bytes).toString('utf8'))

describe('the committed files', () => {
  test('are those the program generates', () => {
    expect(staleSchemaFiles()).toEqual([])
    expect(spawnSync(NODE, ['schemas/generate.ts', '--check'], { cwd: ROOT, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' })
  })
  test('have one file for every event type', () => {
    expect(SCHEMA_NAMES.filter((name) => name.startsWith('events/')).toSorted()).toEqual(
      Object.keys(EVENT_TYPES)
        .map((type) => `events/${type}`)
        .toSorted(),
    )
  })
  test('name themselves by urns, each once', () => {
    const ids = SCHEMA_NAMES.map((name) => JSON.parse(readFileSync(path.join(ROOT, `schemas/json/${name}.schema.json`), 'utf8')).$id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const id of ids) expect(id).toMatch(/^urn:evidence-ledger:schema:[a-z0-9:._-]+$/)
  })
})

describe('real outputs fit the published schemas, by an independent validator', () => {
  const inputs: GuardInput[] = [
    fileInput(GREEN_VALUES),
    fileInput(OPEN_GATES),
    fileInput(OPEN_GATES, { SERVICE_GREEN: '0', POST_START_BLOCKED: '3' }),
    fileInput(GREEN_VALUES, { ROUND_INTEGRITY: 'mismatch' }),
    establishedInput(GREEN_VALUES, ALL_ESTABLISHED),
    summaryInput(readSummary('SERVICE_GREEN=1\n')),
    ...corpus.flatMap((one) => {
      const legacy = legacySummaryText(one)
      return [snapshotInput(judgeRecorded(one)), ...(legacy === null ? [] : [summaryInput(readSummary(legacy, { artifactId: one.round.id }))])]
    }),
  ]
  test('guard results of every recorded round and of files', () => {
    for (const input of inputs) {
      expect(schemaProblems('declaration-result', evaluateDeclarations(input))).toEqual([])
      expect(schemaProblems('dispatch-result', dispatchNextGates(input))).toEqual([])
      const packets = buildOwnerPackets(input)
      expect(schemaProblems('packets', packets)).toEqual([])
      expect(schemaProblems('response', responseTemplate(packets))).toEqual([])
      expect(schemaProblems('response', goodResponse(input))).toEqual([])
      for (const text of [JSON.stringify(packets), '{}', 'x']) expect(schemaProblems('contract-result', checkPacketContract(input, text))).toEqual([])
      const responses = [null, Buffer.from('{'), Buffer.from('{"a":1}'), toBytes(responseTemplate(packets)), toBytes(goodResponse(input))]
      for (const response of responses) {
        expect(schemaProblems('preflight-result', preflightResponse(input, response, { at: AT, isReplayed: false }))).toEqual([])
      }
    }
  })
  test('snapshots and summary values of every recorded round', () => {
    for (const one of corpus) {
      const snapshot = judgeRecorded(one)
      expect(schemaProblems('snapshot', snapshot)).toEqual([])
      expect(schemaProblems('summary', snapshot.summary)).toEqual([])
    }
  })
  test('events of recorded and made rounds', () => {
    for (const event of [...corpus.flatMap((one) => one.events), ...makeRound('made-round-1', 7)].map(decode)) {
      expect(schemaProblems(`events/${event.type}`, event)).toEqual([])
    }
  })
  test('property: events of generated rounds', () => {
    fc.assert(
      fc.property(aDraft, (draft) => {
        for (const event of sealDraft(draft).map(decode)) expect(schemaProblems(`events/${event.type}`, event)).toEqual([])
      }),
      { numRuns: 30 },
    )
  })
  test('estates and recorded rounds of the examples', () => {
    const estates = readdirSync(path.join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' }).filter((name) => /estate\.ya?ml$/.test(name))
    expect(estates.length).toBeGreaterThan(1)
    for (const name of estates)
      expect(schemaProblems('estate', parse(readFileSync(path.join(ROOT, 'examples', name), 'utf8'), { merge: true })), name).toEqual([])
    for (const name of readdirSync(ROUNDS_DIR, { recursive: true, encoding: 'utf8' }).filter((one) => one.endsWith('.yaml'))) {
      expect(schemaProblems('recorded-rounds', parse(readFileSync(path.join(ROUNDS_DIR, name), 'utf8'), { merge: true })), name).toEqual([])
    }
  })
  test('a real round of this machine: its events, its snapshot and its decisions', () => {
    const folder = newFolder()
    expect(runEvidence(folder, ['round', 'run', '--estate', LOCALHOST, '--id', 'schemas-1', '--quiet']).stderr).toBe('')
    expect(runEvidence(folder, ['guard', 'declaration', 'schemas-1']).code).toBe(0)
    expect(runEvidence(folder, ['guard', 'packets', 'schemas-1']).code).toBe(0)
    expect(runEvidence(folder, ['guard', 'preflight', 'schemas-1']).code).toBe(1)
    const lines = runEvidence(folder, ['ledger', 'export']).stdout.trimEnd().split('\n')
    const types = lines.map((line) => {
      const event = JSON.parse(line) as { type: string }
      expect(schemaProblems(`events/${event.type}`, event)).toEqual([])
      return event.type
    })
    expect(types).toEqual(
      expect.arrayContaining(['round.opened.v1', 'round.sealed.v1', 'guard.evaluated.v1', 'packets.exported.v1', 'response.preflighted.v1']),
    )
    expect(schemaProblems('snapshot', JSON.parse(runEvidence(folder, ['round', 'show', 'schemas-1', '--json']).stdout))).toEqual([])
  })
})

describe('what does not fit is refused by the schemas too', () => {
  const packets = buildOwnerPackets(fileInput(OPEN_GATES))
  const sealed = makeRound('made-round-1', 1).map(decode).at(-1) as Record<string, unknown> & { type: string }
  const cases: readonly (readonly [string, string, unknown])[] = [
    ['a counter that is not 0', 'packets', { ...packets, request_sent_count: 1 }],
    ['an unknown field of packets', 'packets', { ...packets, approved: true }],
    ['an unknown field of a response', 'response', { ...goodResponse(fileInput(OPEN_GATES)), accepted: true }],
    ['an unknown key of a summary', 'summary', { ...GREEN_VALUES, SHINY: '1' }],
    ['a runtime action', 'summary', { ...GREEN_VALUES, RUNTIME_ACTION_AUTHORIZED: '1' }],
    ['a flag that is a word', 'summary', { ...GREEN_VALUES, SERVICE_GREEN: 'yes' }],
    ['a prefixed flag that is a word', 'summary', { ...GREEN_VALUES, HOST_188_HYGIENE_BLOCKED: 'no' }],
    ['a seal with a checkid', 'events/round.sealed.v1', { ...sealed, checkid: 'a' }],
    ['a seal without data', 'events/round.sealed.v1', { ...sealed, data: undefined }],
    ['an event of another type', 'events/round.opened.v1', sealed],
    ['a time without a zone', 'events/round.sealed.v1', { ...sealed, time: '2026-06-27 03:50:46' }],
    ['accepted by a preflight', 'preflight-result', { ...preflightResponse(fileInput(OPEN_GATES), null, { at: AT, isReplayed: false }), accepted: 1 }],
  ]
  for (const [name, schema, value] of cases) test(name, () => expect(schemaProblems(schema, JSON.parse(JSON.stringify(value)))).not.toEqual([]))
})
