import { z } from 'zod'
import { canonicalJson } from './canonical-json.ts'
import { Part } from './check-base.ts'
import { compiled } from './compiled.ts'
import { EvidenceError } from './errors.ts'
import { Estate } from './estate.ts'
import { Attempt, FACTS, type FactsKind, HttpAttempt } from './facts.ts'
import {
  BlockerClass,
  ColdStartResult,
  Count,
  DigestText,
  FailureReason,
  GateId,
  line,
  OwnerGateId,
  PostStartResult,
  RoundId,
  Severity,
  Sha256Hex,
  Slug,
  Time,
  Uuid7,
  WarningClass,
} from './primitives.ts'

/**
 * Evidence events (contract §2): CloudEvents 1.0 in structured JSON. The hashed form is the RFC 8785 text of the event
 * as the producer sent it, at most 256 KiB.
 */
export const MAX_EVENT_BYTES = 262_144

const attempts = z.array(Attempt).max(10)
const someAttempts = attempts.min(1)
const httpAttempts = z.array(HttpAttempt).min(1).max(10)

export const ExpectedCheck = z.strictObject({ id: Slug, gate: GateId, kind: Slug, severity: Severity, warning_class: WarningClass })
export type ExpectedCheck = z.infer<typeof ExpectedCheck>

/** An unexpired acceptance by an independent reviewer, known when the round opened (contract §5, Review). */
export const AcceptedReview = z.strictObject({ event_id: Uuid7, gate_id: OwnerGateId, items: z.array(line(64)).max(50), expires_at: Time })

const RoundOpened = z.strictObject({
  estate: z.strictObject({
    id: Slug,
    version: line(40),
    digest: DigestText,
    document: Estate.describe('the whole estate, so that a round can be judged again with nothing but its events'),
  }),
  policy: z.strictObject({ id: Slug, version: line(20) }),
  expected: z.array(ExpectedCheck).max(1000).describe('every check this round must account for'),
  options: z.strictObject({
    skipped_parts: z.array(Part).max(50),
    only_gates: z.array(GateId).max(100).nullable(),
    watch_attempt: Count.nullable(),
    alert_test: z.boolean(),
  }),
  recorded: z
    .strictObject({ document: line(300), find: line(300) })
    .nullable()
    .describe('set when the round was transcribed from a document instead of observed'),
  tool: z.strictObject({ name: line(60), version: line(40) }),
  operator: line(120),
  boots: z.array(z.strictObject({ host: Slug, boot_id: line(64), boot_time: Time })).max(200),
  reviews: z.array(AcceptedReview).max(200),
})

const observed = <K extends FactsKind>(kind: K) =>
  z.strictObject({
    target: line(2000),
    host: Slug.nullable(),
    as_of: Time.nullable().describe('when the facts themselves were produced, where that is not the moment of looking'),
    attempts: (kind === 'http' ? httpAttempts : someAttempts) as K extends 'http' ? typeof httpAttempts : typeof someAttempts,
    facts: FACTS[kind] as (typeof FACTS)[K],
  })

const CheckFailed = z.strictObject({
  target: line(2000),
  host: Slug.nullable(),
  reason: FailureReason,
  stage: line(60),
  detail: line(300).describe('what happened, without secrets'),
  attempts,
})

const NotEvaluated = z.strictObject({
  cause: z.enum(['gate_blocked', 'skipped_by_operator', 'dependency_failed']),
  gate: GateId.nullable().describe('the blocked gate'),
})

const Classified = z.strictObject({ text: line(300), class: BlockerClass, gate: GateId.nullable() })
export type ClassifiedBlocker = z.infer<typeof Classified>

/** Keys another tool may report; the same names as in summary.txt plus the backup-status tool's own. */
export const ReportedKeys = z.record(z.string().regex(/^[A-Z][A-Z0-9_]{1,63}$/), z.string().regex(/^[A-Za-z0-9_.:,|+ /-]{0,300}$/))

const DelegatedReport = z.strictObject({
  tool: line(120),
  report: z.enum(['cold_start', 'quick_check', 'backup_status', 'escrow_report', 'other']),
  host: Slug.nullable(),
  as_of: Time.nullable(),
  attempts,
  exit_code: z.number().int().min(0).max(255).nullable(),
  pass: Count.nullable(),
  warn: Count.nullable(),
  blocked: Count.nullable(),
  result: z.union([ColdStartResult, PostStartResult]).nullable(),
  blockers: z.array(Classified).max(300),
  warnings: z.array(Classified).max(300),
  keys: ReportedKeys,
})

const RoundSealed = z.strictObject({ count: Count.describe('leaves under the root, round.opened included'), root: Sha256Hex })

const GuardEvaluated = z.strictObject({
  guard: z.enum(['declaration', 'dispatch', 'contract']),
  policy_version: line(20),
  evidence_root: Sha256Hex.nullable(),
  summary_digest: DigestText.nullable(),
  result_digest: DigestText,
  answer: z.enum(['yes', 'no']),
  declared: z.array(line(64)).max(50),
})

const PacketsExported = z.strictObject({
  evidence_root: Sha256Hex.nullable(),
  summary_digest: DigestText,
  packet_set_digest: DigestText,
  gates: z.array(OwnerGateId).max(50),
})

const ResponsePreflighted = z.strictObject({
  packet_set_digest: DigestText.nullable(),
  response_digest: DigestText.nullable(),
  status: line(80),
  reasons: z.array(z.strictObject({ code: line(80), pointer: line(300) })).max(200),
  expected_gates: Count,
  received: Count,
  submitted_by: line(120).optional().describe('who sent the response in, where a service knows; never its reviewer'),
})

const ReviewRecorded = z.strictObject({
  reviewer: line(120),
  owner: line(120),
  gate_id: OwnerGateId,
  items: z.array(line(64)).max(50),
  decision: z.enum(['accepted', 'rejected']),
  response_digest: DigestText,
  packet_digest: DigestText,
  expires_at: Time,
})

const EscrowMarked = z.strictObject({ item: line(64), evidence_id_sha256: Sha256Hex, dry_run: z.boolean() })

/** Who asked the HTTP API for what; the `principal` is null where nobody was identified (docs/api-access.md). */
const accessRequest = {
  method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other']),
  route: line(200).describe('template of the route, never the address as it was asked for'),
  principal: line(200).nullable(),
  via: z.enum(['loopback', 'token', 'oidc']).nullable(),
  address: line(64),
}

/** Closed list: why the HTTP API turned a request away. */
export const ACCESS_REFUSALS = [
  'no_credentials',
  'credentials_malformed',
  'token_unknown',
  'token_expired',
  'token_revoked',
  'jwt_invalid',
  'jwt_expired',
  'jwt_no_role',
  'issuer_unavailable',
  'role_missing',
  'source_not_own',
  'same_person',
  'host_not_allowed',
  'cross_site',
  'too_many_requests',
  'too_many_failures',
  'too_many_readers',
] as const
export type AccessRefusal = (typeof ACCESS_REFUSALS)[number]

const AccessRefused = z.strictObject({
  status: z.number().int().min(400).max(599),
  reason: z.enum(ACCESS_REFUSALS),
  ...accessRequest,
  count: Count.describe('refusals of this kind that the event stands for'),
  first_at: Time,
  last_at: Time,
})

const AccessPacketRead = z.strictObject({ round_id: RoundId, ...accessRequest, request_id: Uuid7 })

type ObservedTypes = { [K in FactsKind as `evidence.${K}.observed.v1`]: ReturnType<typeof observed<K>> }
const observedTypes = Object.fromEntries((Object.keys(FACTS) as FactsKind[]).map((kind) => [`evidence.${kind}.observed.v1`, observed(kind)])) as ObservedTypes

/** Data schema of every event type; the one list of what the ledger takes. */
export const EVENT_TYPES = {
  'round.opened.v1': RoundOpened,
  ...observedTypes,
  'evidence.check.failed.v1': CheckFailed,
  'evidence.check.not_evaluated.v1': NotEvaluated,
  'evidence.report.delegated.v1': DelegatedReport,
  'round.sealed.v1': RoundSealed,
  'guard.evaluated.v1': GuardEvaluated,
  'packets.exported.v1': PacketsExported,
  'response.preflighted.v1': ResponsePreflighted,
  'review.recorded.v1': ReviewRecorded,
  'escrow.marked.v1': EscrowMarked,
  'access.refused.v1': AccessRefused,
  'access.packet_read.v1': AccessPacketRead,
} as const

export type EventType = keyof typeof EVENT_TYPES
export type EventData<T extends EventType> = z.infer<(typeof EVENT_TYPES)[T]>
export type ObservedType = `evidence.${FactsKind}.observed.v1`

const DECISIONS = [
  'guard.evaluated.v1',
  'packets.exported.v1',
  'response.preflighted.v1',
  'review.recorded.v1',
  'escrow.marked.v1',
  'access.refused.v1',
  'access.packet_read.v1',
] as const
export type DecisionType = (typeof DECISIONS)[number]
export const DECISION_TYPES: ReadonlySet<string> = new Set(DECISIONS)

/** True for events under the round's root: `round.opened` and all evidence. The seal and decisions are beside it. */
export function isRootedType(type: string): boolean {
  return type === 'round.opened.v1' || type.startsWith('evidence.')
}

type Envelope<T extends EventType> = {
  specversion: '1.0'
  id: string
  source: string
  type: T
  subject: string
  time: string
  datacontenttype: 'application/json'
  dataschema: string
  checkid?: string
  data: EventData<T>
}
export type EventOf<T extends EventType> = T extends EventType ? Envelope<T> : never
export type EvidenceEvent = { [T in EventType]: Envelope<T> }[EventType]

export const EventEnvelope = z.strictObject({
  specversion: z.literal('1.0'),
  id: Uuid7,
  source: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/@%+-]{1,200}$/, 'not a URI')
    .describe('URI of the producer'),
  type: z.enum(Object.keys(EVENT_TYPES) as [EventType, ...EventType[]]),
  subject: RoundId,
  time: Time,
  datacontenttype: z.literal('application/json'),
  dataschema: line(200),
  checkid: Slug.optional(),
  data: z.unknown(),
})

export function dataSchemaUri(type: EventType): string {
  return `urn:evidence-ledger:schema:${type}`
}

/**
 * Checks a parsed JSON value against the envelope and its type's data schema; unknown fields are refused.
 * Throws `event_invalid` with the JSON pointer of the first problem, never with the offending value.
 */
export function parseEvent(value: unknown): EvidenceEvent {
  const envelope = compiled(EventEnvelope).safeParse(value)
  if (!envelope.success) throw invalid(envelope.error.issues[0], '')
  const event = envelope.data
  const type = event.type
  if (event.dataschema !== dataSchemaUri(type))
    throw new EvidenceError('event_invalid', 'event is invalid at /dataschema: does not name the schema of its type')
  const isEvidence = type.startsWith('evidence.')
  if (isEvidence !== (event.checkid !== undefined)) {
    throw new EvidenceError('event_invalid', `event is invalid at /checkid: ${isEvidence ? 'evidence needs one' : `${type} has none`}`)
  }
  const data = compiled<z.ZodType>(EVENT_TYPES[type]).safeParse(event.data)
  if (!data.success) throw invalid(data.error.issues[0], '/data')
  return value as EvidenceEvent
}

type Issue = { path: PropertyKey[]; message: string; code: string }

function invalid(issue: Issue | undefined, prefix: string): EvidenceError {
  const pointer = prefix + (issue?.path ?? []).map((key) => `/${String(key)}`).join('')
  return new EvidenceError('event_invalid', `event is invalid at ${pointer === '' ? '/' : pointer}: ${issue?.message ?? 'unknown'}`)
}

/** An event checked against its schema and brought into its hashed form; only `encodeEvent` and `decodeEvent` make one. */
export type EncodedEvent = {
  readonly id: string
  readonly type: EventType
  readonly subject: string
  readonly checkId: string | null
  readonly time: string
  /** RFC 8785 text, UTF-8. */
  readonly bytes: Uint8Array
}

/**
 * Validates an event (a parsed JSON value) and gives its stored form.
 * Throws `event_invalid` (schema, or not canonical JSON) or `event_too_large`.
 */
export function encodeEvent(value: unknown): EncodedEvent {
  const event = parseEvent(value)
  const bytes = Buffer.from(canonicalJson(event), 'utf8')
  if (bytes.length > MAX_EVENT_BYTES) {
    throw new EvidenceError('event_too_large', `event is ${bytes.length} bytes; the limit is ${MAX_EVENT_BYTES}`, {
      remedy: 'report digests and counts instead of contents',
    })
  }
  return { id: event.id, type: event.type, subject: event.subject, checkId: event.checkid ?? null, time: event.time, bytes }
}
