import type { z } from 'zod'
import { canonicalDigest } from '../schemas/digest.ts'
import type { Check, Estate } from '../schemas/estate.ts'
import { dataSchemaUri, type EncodedEvent, type EventData, type EventType, encodeEvent } from '../schemas/event.ts'
import type { Attempt, FactsKind, FactsOf, HttpAttempt } from '../schemas/facts.ts'
import { targetOf } from './check-target.ts'
import type { Look, ReportLook } from './probe.ts'
import { scrubLine } from './scrub-line.ts'
import type { ProbeFailure } from './transport.ts'

/** What every event of a round has in common. Clock and ids come in from outside. */
export type EventFrame = { roundId: string; source: string; now: () => Date; newId: () => string }

/** One event, checked and encoded. Throws `event_invalid` or `event_too_large`. */
export function buildEvent<T extends EventType>(frame: EventFrame, type: T, data: EventData<T>, checkId?: string): EncodedEvent {
  return encodeEvent({
    specversion: '1.0',
    id: frame.newId(),
    source: frame.source,
    type,
    subject: frame.roundId,
    time: frame.now().toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaUri(type),
    ...(checkId === undefined ? {} : { checkid: checkId }),
    data,
  })
}

type Opened = EventData<'round.opened.v1'>

/** The opening of a round: the estate itself and the denominator, which is every check of the estate, run or not. */
export function openedData(estate: Estate, rest: Omit<Opened, 'estate' | 'expected' | 'recorded'>): Opened {
  return {
    // The digest is over the document that goes with it, so that a reader can check one against the other.
    estate: { id: estate.estate, version: estate.version, digest: canonicalDigest(estate), document: estate },
    expected: estate.checks.map(({ id, gate, kind, severity, warning_class }) => ({ id, gate, kind, severity, warning_class })),
    recorded: null,
    ...rest,
  }
}

/** What the runner knows of one finished check, whatever became of it. */
export type Tried<A extends Attempt = Attempt> = { check: Check; attempts: A[] }

/** `evidence.<kind>.observed.v1`; an http event carries its attempts with what each one saw. */
export function observedEvent(frame: EventFrame, { check, attempts }: Tried<Attempt | z.infer<typeof HttpAttempt>>, look: Look<FactsKind>): EncodedEvent {
  const type = `evidence.${check.kind as FactsKind}.observed.v1` as const
  const data = { target: look.target, host: check.host ?? null, as_of: look.asOf, attempts, facts: look.facts as FactsOf<FactsKind> }
  // Kind and facts belong together by construction; `encodeEvent` checks it again before anything is recorded.
  return buildEvent(frame, type, data as EventData<typeof type>, check.id)
}

export function reportEvent(frame: EventFrame, { check, attempts }: Tried, { report }: ReportLook): EncodedEvent {
  return buildEvent(frame, 'evidence.report.delegated.v1', { ...report, host: check.host ?? null, attempts }, check.id)
}

export function failedEvent(frame: EventFrame, { check, attempts }: Tried, { reason, stage, message }: ProbeFailure): EncodedEvent {
  const data = { target: targetOf(check), host: check.host ?? null, reason, stage: scrubLine(stage).slice(0, 60), detail: scrubLine(message), attempts }
  return buildEvent(frame, 'evidence.check.failed.v1', data, check.id)
}

/** `gate`: the blocked gate, where one is the cause. */
export function notEvaluatedEvent(frame: EventFrame, check: Check, cause: 'gate_blocked' | 'skipped_by_operator', gate: string | null): EncodedEvent {
  return buildEvent(frame, 'evidence.check.not_evaluated.v1', { cause, gate }, check.id)
}
