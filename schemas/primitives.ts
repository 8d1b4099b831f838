import { z } from 'zod'

/** The small words all records are made of. Shapes are narrow on purpose: what cannot be written cannot leak. */

export const RoundId = z.string().regex(/^[a-z0-9][a-z0-9-]{2,99}$/, 'a round id is [a-z0-9][a-z0-9-]{2,99}')
export const Slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/, 'lower-case letters, digits and dashes, at most 64')
export const GateId = z.string().regex(/^[A-Z0-9][A-Z0-9-]{0,63}$/, 'upper-case letters, digits and dashes, at most 64')
/** Owner gate ids name a key prefix inside, so they use underscores (contract §5). */
export const OwnerGateId = z.string().regex(/^[a-z][a-z0-9_]{2,63}$/, 'lower-case letters, digits and underscores')
/** Prefix of a section's keys in summary.txt: `STOCK`, `HOST_188`, `WAZUH`. */
export const KeyPrefix = z.string().regex(/^[A-Z][A-Z0-9_]{0,31}$/, 'upper-case letters, digits and underscores')

const TIME = /^(\d{4})-(\d{2})-(\d{2})T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/
/** RFC 3339, UTC, milliseconds: `2026-06-27T03:50:46.000Z`. */
export const Time = z.string().regex(TIME, 'not an RFC 3339 UTC time with milliseconds').refine(isRealDate, 'not a day of the calendar')
export const DateOnly = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, 'not a date YYYY-MM-DD')
  .refine(isRealDate, 'not a day of the calendar')

const LONGEST_MONTHS = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Whether the `YYYY-MM-DD` that a text begins with is in the calendar; arithmetic, because every event holds several times. */
function isRealDate(text: string): boolean {
  const [year, month, day] = [Number(text.slice(0, 4)), Number(text.slice(5, 7)), Number(text.slice(8, 10))]
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return day >= 1 && day <= (month === 2 && !isLeap ? 28 : (LONGEST_MONTHS[month - 1] ?? 0))
}

export const DigestText = z.templateLiteral(['sha256:', z.string().regex(/^[0-9a-f]{64}$/)])
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/)
export const Uuid7 = z.string().regex(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/, 'not a UUIDv7')

const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u
/** One line of printable text: no control characters, no line breaks, well-formed Unicode. */
export function line(max: number) {
  return z
    .string()
    .max(max)
    .refine((text) => !UNPRINTABLE.test(text), 'holds a control character')
}

export const Count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
export const Ms = z.number().min(0).max(86_400_000)
export const Finite = z.number()

export const CheckStatus = z.enum(['PASS', 'WARN', 'BLOCKED', 'NOT_EVALUATED'])
export type CheckStatus = z.infer<typeof CheckStatus>
export const Severity = z.enum(['blocked', 'warn'])
export type Severity = z.infer<typeof Severity>
export const WarningClass = z.enum(['SERVICE', 'BOUNDARY', 'EVIDENCE'])
export type WarningClass = z.infer<typeof WarningClass>
export const BlockerClass = z.enum(['route', 'api', 'product', 'other'])
export type BlockerClass = z.infer<typeof BlockerClass>

/** Why a probe could not look (contract §2, a closed list). */
export const FailureReason = z.enum(['timeout', 'refused', 'unreachable', 'dns', 'tls', 'host_key', 'auth', 'exit_status', 'parse', 'permission', 'internal'])
export type FailureReason = z.infer<typeof FailureReason>

export const ColdStartResult = z.enum(['BLOCKED', 'DEGRADED', 'GREEN', 'CHECK_FAILED'])
export type ColdStartResult = z.infer<typeof ColdStartResult>
export const PostStartResult = z.enum([
  'BLOCKED',
  'PRODUCT_DATA_PENDING_EOD_WINDOW',
  'SERVICE_AVAILABLE_DEGRADED',
  'FULL_STACK_GREEN_DR_ESCROW_BLOCKED',
  'FULL_STACK_GREEN',
])
export type PostStartResult = z.infer<typeof PostStartResult>
