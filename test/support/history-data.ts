import fc from 'fast-check'
import { roundRoot } from '../../ledger/round-root.ts'
import { emptyFold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import type { RawEvent } from '../../projector/projection-store.ts'
import { type EncodedEvent, encodeEvent } from '../../schemas/event.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { loadRecordedCorpus } from '../corpus/recorded-corpus.ts'
import { aDraft, sealDraft } from './generated-rounds.ts'
import { makeCheckFailed, makeEvent, makeEventId, makeGuardEvaluated, makeOpened, makeSealed, makeTcpObserved } from './make-events.ts'

/** A round with its snapshot under its own policy. Both are what a ledger takes: ids come once, the seal fits or is missing. */
export type HistoryRound = { readonly events: readonly EncodedEvent[]; readonly snapshot: Snapshot }

export const SNOWMAN = 'nobody answers ☃ 無回應 𝔘 "quoted" back\\slash %_'
const CHECKS = ['check-a', 'check-b', 'check-c']
const HOUR = 3_600_000

export const textOf = (event: EncodedEvent): string => Buffer.from(event.bytes).toString('utf8')

/** The recorded rounds, `generated` rich ones that were all opened at one moment, and `simple` ones over time, two at a time. */
export async function buildHistoryData(generated: number, simple: number): Promise<HistoryRound[]> {
  const recorded = [...(await loadRecordedCorpus()).values()].map((one) => one.events)
  const drafts = fc.sample(aDraft, { numRuns: generated, seed: 20260627 })
  const rich = drafts.map((draft, n) => renamed(sealDraft(draft), `generated-${String(n).padStart(4, '0')}`))
  const plain = Array.from({ length: simple }, (_, n) => simpleRound(n))
  return [...recorded, ...rich, ...plain].map(toHistoryRound)
}

export function toHistoryRound(events: readonly EncodedEvent[]): HistoryRound {
  const id = events[0]?.subject ?? ''
  return { events, snapshot: judgeFold(id, foldEvents(emptyFold(), events.map(textOf))) }
}

export function toRawEvents(events: readonly EncodedEvent[]): RawEvent[] {
  return events.map((event, n) => {
    const text = textOf(event)
    const { id, type, time, checkid } = JSON.parse(text) as { id: string; type: string; time: string; checkid?: string }
    return { id, roundId: event.subject, type, checkId: checkid ?? null, time, text, partition: 0, offset: String(n) }
  })
}

/** The same round under another id: other event ids, and a seal over what it now holds. */
function renamed(events: readonly EncodedEvent[], roundId: string): EncodedEvent[] {
  const named = events.map((event, n) => {
    const envelope = JSON.parse(textOf(event)) as Record<string, unknown>
    return { ...envelope, subject: roundId, id: makeEventId(roundId, n) }
  })
  const rooted = named.slice(0, -1).map((one) => encodeEvent(one))
  return [...rooted, encodeEvent({ ...named.at(-1), data: roundRoot(rooted) })]
}

/** Checks fail now and then; every tenth round stays open; every seventh has a decision beside it. */
function simpleRound(n: number): EncodedEvent[] {
  const id = `simple-${String(n).padStart(4, '0')}`
  const start = Math.floor(n / 2) * HOUR
  const evidence = CHECKS.map((check, i) => {
    const isFailed = (n * 7 + i * 3) % 5 === 0
    return isFailed ? failed(id, start + i + 1, check) : makeTcpObserved(id, start + i + 1, check)
  })
  const rooted = [makeOpened(id, start, CHECKS), ...evidence]
  const seal = n % 10 === 9 ? [] : [makeSealed(id, start + 9, rooted)]
  return [...rooted, ...seal, ...(n % 7 === 0 ? [makeGuardEvaluated(id, start + 10)] : [])]
}

function failed(id: string, n: number, check: string): EncodedEvent {
  const plain = makeCheckFailed(id, n, check)
  const { data } = JSON.parse(textOf(plain)) as { data: Record<string, unknown> }
  return makeEvent(id, n, 'evidence.check.failed.v1', { ...data, detail: SNOWMAN }, check)
}
