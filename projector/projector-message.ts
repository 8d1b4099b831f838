import type { SourceMessage } from '../ledger/event-source.ts'
import { canonicalJson, type Json } from '../schemas/canonical-json.ts'
import { type Digest, sha256Digest } from '../schemas/digest.ts'
import { EvidenceError } from '../schemas/errors.ts'
import { type EvidenceEvent, MAX_EVENT_BYTES, parseEvent } from '../schemas/event.ts'
import { RoundId, Uuid7 } from '../schemas/primitives.ts'
import type { FoldedEvent } from './fold.ts'
import type { RejectedMessage } from './projection-store.ts'

export type RejectReason = RejectedMessage['reason']
export type MessagePlace = { readonly partition: number; readonly offset: string }
/** A message that is an event by itself; whether its round takes it is another question. */
export type ReadEvent = { readonly isEvent: true; readonly place: MessagePlace; readonly roundId: string; readonly folded: FoldedEvent }
export type Unreadable = {
  readonly isEvent: false
  readonly place: MessagePlace
  /** Of the value as it came. */
  readonly digest: Digest
  readonly reason: RejectReason
  readonly detail: string
  readonly eventId: string | null
  readonly roundId: string | null
}
export type ReadMessage = ReadEvent | Unreadable

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads one message of the event topic: UTF-8, JSON, an event of a known type, its bytes canonical (contract §2), its
 * key the event's subject. Never throws, and nothing of the payload gets into the answer where it is refused, save ids.
 */
export function readMessage(partition: number, { offset, key, value }: SourceMessage): ReadMessage {
  const place = { partition, offset }
  const refuse = (reason: RejectReason, detail: string, json?: Json): Unreadable => ({
    isEvent: false,
    place,
    digest: sha256Digest(value ?? new Uint8Array()),
    reason,
    detail,
    ...idsOf(json),
  })
  if (value === null) return refuse('not_json', 'the message has no value')
  if (value.length > MAX_EVENT_BYTES) return refuse('event_too_large', `${value.length} bytes; the limit is ${MAX_EVENT_BYTES}`)
  const text = decode(value)
  if (text === null) return refuse('not_json', 'not UTF-8')
  const json = parse(text)
  if (json === undefined) return refuse('not_json', 'not JSON')
  const event = toEvent(json)
  if ('problem' in event) return refuse('event_invalid', event.problem, json)
  // Equal bytes leave no room for duplicate keys or lone surrogates, which JSON.parse takes in silence.
  if (!isCanonical(event, text)) return refuse('event_invalid', 'the bytes are not canonical JSON (RFC 8785)', json)
  if (key !== event.subject) return refuse('event_invalid', 'the key of the message is not the subject of the event', json)
  const { id, type, subject, checkid } = event
  return { isEvent: true, place, roundId: subject, folded: { id, type, checkId: checkid ?? null, text, event, isChecked: true } }
}

export function toRejected({ place, digest, reason, detail, eventId, roundId }: Unreadable, at: Date): RejectedMessage {
  return { ...place, digest, reason, detail, eventId, roundId, at: at.toISOString() }
}

function decode(value: Uint8Array): string | null {
  try {
    return UTF8.decode(value)
  } catch {
    return null
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

function toEvent(json: Json): EvidenceEvent | { problem: string } {
  try {
    return parseEvent(json)
  } catch (error) {
    // The message of the error may quote names of unknown fields; two steps of the pointer are always names of the schema.
    const pointer = error instanceof EvidenceError ? (/^event is invalid at ((?:\/[a-z_]{1,40}){1,2})/.exec(error.message)?.[1] ?? '/') : '/'
    return { problem: `does not fit the schema at ${pointer}` }
  }
}

function isCanonical(event: EvidenceEvent, text: string): boolean {
  try {
    return canonicalJson(event) === text
  } catch {
    return false
  }
}

/** Ids of something that is no event, where they are ids at all. */
function idsOf(json: Json | undefined): { eventId: string | null; roundId: string | null } {
  const { id, subject } = (typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {}) as { id?: Json; subject?: Json }
  return { eventId: Uuid7.safeParse(id).data ?? null, roundId: RoundId.safeParse(subject).data ?? null }
}
