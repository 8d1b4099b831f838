import { EvidenceError } from '../schemas/errors.ts'
import type { EncodedEvent } from '../schemas/event.ts'
import type { OutgoingMessage } from './event-source.ts'

/** Content type of an event in structured mode (CloudEvents Kafka binding 1.0.2, §3.3). */
export const EVENT_CONTENT_TYPE = 'application/cloudevents+json; charset=UTF-8'

/** The attributes that are repeated as `ce_` headers, by their names in the event. */
const ATTRIBUTES = ['specversion', 'id', 'type', 'source', 'subject', 'time', 'dataschema', 'checkid'] as const

/**
 * An event as a Kafka message: the key is the round id (one round, one partition, in order), the value exactly the
 * canonical bytes that are hashed. That is *structured* mode, so the content type is the event's; the binding lets the
 * attributes be repeated as `ce_` headers (§3.3.3), which is what filters and people read. Only the value counts.
 */
export function toEventMessage(event: Pick<EncodedEvent, 'bytes'>): OutgoingMessage {
  return textToMessage(Buffer.from(event.bytes).toString('utf8'), event.bytes)
}

/** As `toEventMessage`, for a stored event's text. Throws `event_invalid` where it has no envelope. */
export function textToMessage(text: string, bytes: Uint8Array = Buffer.from(text, 'utf8')): OutgoingMessage {
  const envelope = readEnvelope(text)
  const headers: Record<string, string> = { 'content-type': EVENT_CONTENT_TYPE }
  for (const name of ATTRIBUTES) {
    const value = envelope[name]
    if (typeof value === 'string') headers[`ce_${name}`] = value
  }
  return { key: String(envelope.subject), value: bytes, headers }
}

/**
 * The attributes of a canonical text. All but `checkid` stand behind `data`, and `,"datacontenttype":` with real quotes
 * can stand nowhere behind the envelope's own, so its last place is where to cut: parsing the rest is a tenth of the work.
 */
function readEnvelope(text: string): Record<string, unknown> {
  const checkId = /^\{"checkid":"([^"\\]*)"/.exec(text)?.[1]
  const cut = text.lastIndexOf(',"datacontenttype":')
  const value: unknown = JSON.parse(cut === -1 ? text : `{${text.slice(cut + 1)}`)
  if (typeof value === 'object' && value !== null && 'subject' in value && typeof value.subject === 'string') {
    return checkId === undefined ? { ...value } : { ...value, checkid: checkId }
  }
  throw new EvidenceError('event_invalid', 'a stored event has no subject')
}
