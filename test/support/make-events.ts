import { hash } from 'node:crypto'
import { roundRoot } from '../../ledger/round-root.ts'
import { canonicalDigest } from '../../schemas/digest.ts'
import { Estate } from '../../schemas/estate.ts'
import { dataSchemaUri, type EncodedEvent, type EventType, encodeEvent } from '../../schemas/event.ts'

/**
 * Valid encoded events for tests. Everything follows from the arguments, so the same call gives the same bytes;
 * `n` numbers the events of a round and decides id and time.
 */
const START_MS = Date.parse('2026-06-27T03:50:46.000Z')

/** UUIDv7 number `n` of a round: ordered by `n`, different for each round. */
export function makeEventId(roundId: string, n: number): string {
  const time = (START_MS + n).toString(16).padStart(12, '0')
  const rest = hash('sha256', `${roundId}/${n}`, 'hex')
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-8${rest.slice(3, 6)}-${rest.slice(6, 18)}`
}

function timeOf(n: number): string {
  return new Date(START_MS + n).toISOString()
}

/** Any event; `data` is checked by `encodeEvent`. */
export function makeEvent(roundId: string, n: number, type: EventType, data: unknown, checkId?: string): EncodedEvent {
  return encodeEvent({
    specversion: '1.0',
    id: makeEventId(roundId, n),
    source: 'urn:evidence-ledger:test',
    type,
    subject: roundId,
    time: timeOf(n),
    datacontenttype: 'application/json',
    dataschema: dataSchemaUri(type),
    ...(checkId === undefined ? {} : { checkid: checkId }),
    data,
  })
}

/** An estate with one gate and one TCP check for each id. */
export function makeEstate(checkIds: readonly string[]): Estate {
  return Estate.parse({
    estate: 'test',
    version: '1',
    policy: 'sop@1.78',
    gates: [{ id: 'P0-TEST' }],
    checks: checkIds.map((id) => ({ id, gate: 'P0-TEST', kind: 'tcp', address: 'db.example', port: 5432 })),
  })
}

export function makeOpened(roundId: string, n: number, checkIds: readonly string[]): EncodedEvent {
  const document = makeEstate(checkIds)
  return makeEvent(roundId, n, 'round.opened.v1', {
    estate: { id: document.estate, version: document.version, digest: canonicalDigest(document), document },
    policy: { id: 'sop', version: '1.78' },
    expected: checkIds.map((id) => ({ id, gate: 'P0-TEST', kind: 'tcp', severity: 'blocked', warning_class: 'SERVICE' })),
    options: { skipped_parts: [], only_gates: null, watch_attempt: null, alert_test: false },
    recorded: null,
    tool: { name: 'evidence', version: '0.1.0' },
    operator: 'test',
    boots: [],
    reviews: [],
  })
}

/** Evidence that a TCP connection was made; `ms` lets two looks at one check differ. */
export function makeTcpObserved(roundId: string, n: number, checkId: string, ms = 3): EncodedEvent {
  const data = {
    target: 'db.example:5432',
    host: null,
    as_of: null,
    attempts: [{ started_at: timeOf(n), ms, outcome: 'ok' }],
    facts: { address: 'db.example', port: 5432, connected: true },
  }
  return makeEvent(roundId, n, 'evidence.tcp.observed.v1', data, checkId)
}

export function makeCheckFailed(roundId: string, n: number, checkId: string): EncodedEvent {
  const attempts = [{ started_at: timeOf(n), ms: 5000, outcome: 'timeout' }]
  const data = { target: 'db.example:5432', host: null, reason: 'timeout', stage: 'connect', detail: 'no answer', attempts }
  return makeEvent(roundId, n, 'evidence.check.failed.v1', data, checkId)
}

/** The seal over exactly these events of the round (those under the root are picked out). */
export function makeSealed(roundId: string, n: number, events: readonly EncodedEvent[]): EncodedEvent {
  const { root, count } = roundRoot(events.filter((event) => event.subject === roundId))
  return makeEvent(roundId, n, 'round.sealed.v1', { root, count })
}

/** A decision beside the round. */
export function makeGuardEvaluated(roundId: string, n: number): EncodedEvent {
  const digest = `sha256:${hash('sha256', roundId, 'hex')}`
  return makeEvent(roundId, n, 'guard.evaluated.v1', {
    guard: 'declaration',
    policy_version: '1.78',
    evidence_root: null,
    summary_digest: null,
    result_digest: digest,
    answer: 'no',
    declared: [],
  })
}

/** A whole round in ledger order: opened, one look a check (every third one failed), sealed. */
export function makeRound(roundId: string, checks: number): EncodedEvent[] {
  const checkIds = Array.from({ length: checks }, (_, i) => `check-${String(i + 1).padStart(4, '0')}`)
  const evidence = checkIds.map((id, i) => (i % 3 === 2 ? makeCheckFailed(roundId, i + 1, id) : makeTcpObserved(roundId, i + 1, id)))
  const events = [makeOpened(roundId, 0, checkIds), ...evidence]
  return [...events, makeSealed(roundId, events.length, events)]
}
