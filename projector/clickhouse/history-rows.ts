import type { Change, CheckRow, DayCount, DeclarationRow, EstateRow, EventRow, RejectedRow, RoundRow, UnfinishedRow } from '../history-store.ts'
import type { Row } from './clickhouse.ts'

const DAY_MS = 86_400_000

/** 64-bit numbers come as numbers or as strings, as the server is set. */
function iso(milliseconds: unknown): string {
  return new Date(Number(milliseconds)).toISOString()
}

const text = (value: unknown): string => String(value)
/** Where our columns hold '' for null: none of these names may be empty. */
const orNull = (value: unknown): string | null => (value === '' || value === null ? null : String(value))

export function toRoundRow(row: Row): RoundRow {
  return {
    artifactId: text(row.artifact_id),
    estate: text(row.estate),
    openedAt: iso(row.opened_ms),
    sealedAt: row.sealed_ms === null ? null : iso(row.sealed_ms),
    policyVersion: text(row.policy_version),
    overall: text(row.overall),
    integrity: text(row.integrity),
    snapshotDigest: text(row.digest),
  }
}

export function toEstateRow(row: Row): EstateRow {
  return { id: text(row.id), lastOpenedAt: iso(row.last_ms), lastOverall: text(row.last_overall), rounds: Number(row.rounds) }
}

export function toUnfinishedRow(row: Row): UnfinishedRow {
  return { artifactId: text(row.artifact_id), openedAt: iso(row.opened_ms) }
}

export function toEventRow(row: Row): EventRow {
  return {
    id: text(row.id),
    roundId: text(row.artifact_id),
    type: text(row.type),
    checkId: orNull(row.check_id),
    time: iso(row.time_ms),
    text: text(row.text),
  }
}

export function toChange(row: Row): Change {
  return { artifactId: text(row.artifact_id), openedAt: iso(row.opened_ms), value: text(row.value) }
}

export function toDeclarationRow(row: Row): DeclarationRow {
  return {
    declaration: text(row.declaration),
    policyVersion: text(row.policy_version),
    firstAllowedAt: iso(row.first_ms),
    lastAllowedAt: iso(row.last_ms),
    rounds: Number(row.rounds),
  }
}

export function toCheckRow(row: Row): CheckRow {
  return {
    artifactId: text(row.artifact_id),
    openedAt: iso(row.opened_ms),
    checkId: text(row.check_id),
    status: text(row.status),
    warningClass: orNull(row.warning_class),
    reasons: (row.reasons as unknown[]).map(text),
  }
}

export function toDayCount(row: Row): DayCount {
  return { day: iso(Number(row.day) * DAY_MS).slice(0, 10), type: text(row.type), count: Number(row.events) }
}

export function toRejectedRow(row: Row): RejectedRow {
  return {
    partition: Number(row.partition),
    offset: text(row.offset_text),
    reason: text(row.reason),
    detail: text(row.detail),
    digest: text(row.digest),
    eventId: row.event_id === null ? null : text(row.event_id),
    roundId: row.round_id === null ? null : text(row.round_id),
    at: iso(row.at_ms),
  }
}
