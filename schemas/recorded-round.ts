import { z } from 'zod'
import { Part } from './check-base.ts'
import { BlockerClass, Count, GateId, line, RoundId, Slug, Time } from './primitives.ts'

/**
 * A recorded round: what a person transcribed from a document about a round that this program did not observe
 * (docs/recorded-rounds.md). It becomes events like any other round; its integrity is at best `legacy_unverified`.
 */
const LocalTime = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(Z|[+-]\d{2}:\d{2})$/, 'a time with its offset, such as 2026-06-27T11:50:46+08:00')

/** A bare text is classified by the estate's rules for that check. */
const RecordedBlocker = z.union([line(300), z.strictObject({ text: line(300), class: BlockerClass, gate: GateId.optional() })])

const RecordedReport = z.strictObject({
  check: Slug,
  report: z.strictObject({
    pass: Count.optional(),
    warn: Count.optional(),
    blocked: Count.optional(),
    result: line(60).optional(),
    blockers: z.array(RecordedBlocker).default([]),
    warnings: z.array(RecordedBlocker).default([]),
    keys: z
      .record(z.string(), z.union([z.string(), z.number().int()]))
      .default({})
      .describe('keys as the tool printed them'),
  }),
})

const RecordedFacts = z.strictObject({
  check: Slug,
  facts: z.record(z.string(), z.unknown()).describe('facts of the kind of the check; a fact that was not recorded is left out'),
  as_of: Time.optional().describe('when what was looked at was itself written, such as a textfile'),
})

/** HTTP tries by status code; "000" is a try without an answer, as curl prints it. */
const RecordedHttp = z.strictObject({
  check: Slug,
  http_attempts: z
    .array(z.string().regex(/^(000|[1-5]\d\d)$/))
    .min(1)
    .max(10),
  body_ok: z.boolean().optional().describe('whether the last answer had the body that the check asserts'),
})

export const RecordedRound = z.strictObject({
  id: RoundId,
  at: LocalTime,
  policy: line(40),
  source: z.strictObject({ document: line(300), find: line(300) }),
  skipped_parts: z.array(Part).default([]),
  evidence: z
    .array(z.union([RecordedReport, RecordedFacts, RecordedHttp]))
    .min(1)
    .max(500),
})
export type RecordedRound = z.infer<typeof RecordedRound>

export const RecordedRounds = z.strictObject({
  recorded_rounds: z.literal('evidence_recorded_rounds_v1'),
  estate: line(1000).describe('estate file, relative to this file'),
  rounds: z.array(RecordedRound).min(1).max(1000),
})
export type RecordedRounds = z.infer<typeof RecordedRounds>
