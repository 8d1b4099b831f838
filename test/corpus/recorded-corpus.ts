import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { loadRecordedRounds, recordedRoundEvents } from '../../producers/recorded-round.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import type { RecordedRound } from '../../schemas/recorded-round.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'

/** What a round must come out as; strict, so that a misspelt expectation fails instead of passing. */
export const Must = z.strictObject({
  overall: z.string().optional(),
  cold_start: z.string().optional(),
  first_blocked_gate: z.string().optional(),
  plan_b_level: z.string().optional(),
  momo_daily_freshness: z.string().optional(),
  momo_db_parity: z.boolean().optional(),
  momo_data_fresh: z.boolean().optional(),
  recovery: z.strictObject({ core_ready: z.number(), dr_offsite_ready: z.number() }).optional(),
  escrow_missing_items: z.array(z.string()).optional(),
  jobs: z.strictObject({ failed: z.number(), stale_failed: z.number(), active_failed: z.number() }).optional(),
  workload: z.string().optional(),
  both_routes: z.string().optional(),
  blocked: z.number().optional(),
  warn_class: z.literal('EVIDENCE').optional(),
  owner_gates: z.array(z.string()).optional(),
  owner_gates_include: z.array(z.string()).optional(),
  allowed: z.array(z.string()).optional(),
  forbidden: z.array(z.string()).optional(),
  dispatch_status: z.string().optional(),
  packets: z.strictObject({ next_gate_count: z.number(), p0_gate_count: z.number() }).optional(),
  contract_guard_line: z.string().optional(),
  preflight_without_file: z.string().optional(),
  preflight_template: z.string().optional(),
})
export type Must = z.infer<typeof Must>

const MustFile = z.strictObject({
  rounds: z.array(z.strictObject({ id: z.string(), must: Must.optional(), under: z.record(z.string(), Must).optional() })),
  demotion: z.array(z.strictObject({ id: z.string(), must: Must })),
})

const ROUNDS_DIR = path.join(import.meta.dirname, '../../examples/awoooi/rounds')

export const MUST = MustFile.parse(parse(readFileSync(path.join(import.meta.dirname, 'must.yaml'), 'utf8')))

export type Recorded = { round: RecordedRound; events: EncodedEvent[] }

/** Every recorded round of the example, by id, with its events. */
export async function loadRecordedCorpus(): Promise<ReadonlyMap<string, Recorded>> {
  const files = readdirSync(ROUNDS_DIR).filter((name) => name.endsWith('.yaml'))
  const loaded = await Promise.all(files.map((name) => loadRecordedRounds(path.join(ROUNDS_DIR, name))))
  const all = loaded.flatMap(({ estate, rounds }) => rounds.map((round) => ({ round, events: recordedRoundEvents(round, estate.estate, estate.digest) })))
  return new Map(all.map((one) => [one.round.id, one]))
}

export function judgeRecorded({ round, events }: Recorded, policy: string = round.policy): Snapshot {
  const fold = foldEvents(
    emptyFold(),
    events.map((event) => Buffer.from(event.bytes).toString('utf8')),
  )
  return judgeFold(round.id, fold, policy)
}

/** What the old quick check printed, as the summary file of that day; null where the round has no such report. */
export function legacySummaryText({ round }: Recorded): string | null {
  const entry = round.evidence.find((one) => one.check === 'delegated-quick-check')
  if (entry === undefined || !('report' in entry)) return null
  const { result, pass, warn, blocked, keys } = entry.report
  const counts = { POST_START_RESULT: result, POST_START_PASS: pass, POST_START_WARN: warn, POST_START_BLOCKED: blocked }
  const printed = Object.entries({ ...counts, ...keys }).filter(([, value]) => value !== undefined)
  return printed.map(([key, value]) => `${key}=${value}\n`).join('')
}
