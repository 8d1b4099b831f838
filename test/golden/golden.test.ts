import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { roundRoot } from '../../ledger/round-root.ts'
import { canonicalDigest, sha256Digest } from '../../schemas/digest.ts'
import { EVENT_TYPES, encodeEvent } from '../../schemas/event.ts'
import { OwnerPackets } from '../../schemas/packets.ts'
import { Snapshot } from '../../schemas/snapshot.ts'
import { schemaProblems } from '../schemas/validator.ts'
import { GOLDEN, goldenEstate, legacyOutputs, preflightOutputs, readGolden, recordedLines, roundOutputs, summaryFileInput } from './outputs.ts'

const ROUNDS = ['green', 'blocked', 'recorded'] as const
const linesOf = (name: string): string[] => readGolden(name).trimEnd().split('\n')

/** Compares file by file, so that a failure names the file. */
function expectFiles(outputs: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(outputs)) expect({ name, text }).toEqual({ name, text: readGolden(name) })
}

describe('events', () => {
  test('every type has a golden file, and every file is of a type', () => {
    expect(readdirSync(path.join(GOLDEN, 'events')).toSorted()).toEqual(
      Object.keys(EVENT_TYPES)
        .map((type) => `${type}.json`)
        .toSorted(),
    )
  })
  for (const type of Object.keys(EVENT_TYPES)) {
    test(`${type} parses and encodes to the same bytes`, () => {
      const line = readGolden(`events/${type}.json`)
      const event = encodeEvent(JSON.parse(line))
      expect(event.type).toBe(type)
      expect(`${Buffer.from(event.bytes).toString('utf8')}\n`).toBe(line)
      expect(schemaProblems(`events/${type}`, JSON.parse(line))).toEqual([])
    })
  }
})

describe('rounds', () => {
  for (const name of ROUNDS) {
    test(`${name}: the root over its events is the one it was sealed with`, () => {
      const events = linesOf(`${name}/events.ndjson`).map((line) => encodeEvent(JSON.parse(line)))
      const seal = JSON.parse(linesOf(`${name}/events.ndjson`).at(-1) as string) as { type: string; data: { root: string; count: number } }
      expect(seal.type).toBe('round.sealed.v1')
      expect(roundRoot(events)).toEqual(seal.data)
    })
    test(`${name}: snapshot, summary, guards and packets are the same bytes`, () => {
      expectFiles(roundOutputs(name, readGolden(`${name}/events.ndjson`)))
    })
    test(`${name}: shuffled events conclude the same`, () => {
      const reversed = linesOf(`${name}/events.ndjson`).toReversed()
      const opened = reversed.pop() as string
      expectFiles(roundOutputs(name, `${[opened, ...reversed].join('\n')}\n`))
    })
    test(`${name}: snapshot and packets fit their schemas, digests are right`, () => {
      expect(Snapshot.safeParse(JSON.parse(readGolden(`${name}/snapshot.json`))).success).toBe(true)
      const { packet_set_digest: setDigest, ...set } = OwnerPackets.parse(JSON.parse(readGolden(`${name}/packets.json`)))
      expect(canonicalDigest(set)).toBe(setDigest)
      for (const { packet_digest: digest, ...packet } of set.owner_packets) expect(canonicalDigest(packet)).toBe(digest)
      const summary = readGolden(`${name}/summary.txt`)
      const body = summary.slice(0, summary.lastIndexOf('SUMMARY_DIGEST='))
      expect(summary.endsWith(`SUMMARY_DIGEST=${sha256Digest(body)}\n`)).toBe(true)
      expect(set.source.summary_digest).toBe(sha256Digest(body))
    })
  }
  test('the recorded round becomes the same events', async () => {
    expect(await recordedLines()).toBe(readGolden('recorded/events.ndjson'))
  })
})

describe('files', () => {
  test('the estate is read, and is the one of the rounds', () => {
    const opened = JSON.parse(linesOf('green/events.ndjson')[0] as string) as { data: { estate: { digest: string } } }
    expect(canonicalDigest(goldenEstate())).toBe(opened.data.estate.digest)
  })
  test('a summary read back gives the same packets as its round', () => {
    for (const name of ROUNDS) expect(summaryFileInput(`${name}/summary.txt`).summary.contradictions, name).toEqual([])
  })
  test('the summary of the older tools is read the same way', () => {
    expectFiles(legacyOutputs(readGolden('legacy-summary.txt')))
  })
  test('preflight says the same of the template and of the filled response', () => {
    expectFiles(preflightOutputs(summaryFileInput('green/summary.txt')))
    expect(readGolden('green/preflight-response.txt')).toMatch(
      /^POST_REBOOT_OWNER_RESPONSE_PREFLIGHT_OK status=ready_for_independent_review expected_gates=3 received=3 /,
    )
    expect(readGolden('green/preflight-template.txt')).toMatch(/ status=blocked_waiting_owner_response_content expected_gates=3 received=0 /)
  })
  test('what the green round says is worth being golden', () => {
    expect(readGolden('green/summary.txt')).toContain('\nSERVICE_GREEN=1\n')
    expect(readGolden('green/dispatch.txt')).toContain(' status=ready ')
    expect(readGolden('blocked/dispatch.txt')).toContain(' status=held_service_not_green ')
    expect(existsSync(path.join(GOLDEN, 'README.md'))).toBe(true)
  })
})
