/**
 * The one error class of the project. Every expected failure that ends a command carries a code of this closed
 * list; `docs/errors.md` explains each, and a test holds the two to one list.
 */
export const ERROR_CODES = {
  // bad input or usage: exit 2
  usage: 2,
  estate_invalid: 2,
  event_invalid: 2,
  event_too_large: 2,
  event_conflict: 2,
  round_sealed: 2,
  round_unknown: 2,
  round_exists: 2,
  import_invalid: 2,
  policy_unknown: 2,
  summary_invalid: 2,
  escrow_item_unknown: 2,
  evidence_id_refused: 2,
  file_unreadable: 2,
  bundle_invalid: 2,
  ledger_missing: 2,
  // could not tell: exit 3
  ledger_unavailable: 3,
  ledger_full: 3,
  ledger_newer: 3,
  ledger_corrupt: 3,
  output_unwritable: 3,
  runtime_missing: 3,
  interrupted: 3,
  internal: 3,
} as const

export type ErrorCode = keyof typeof ERROR_CODES

/** Exit code of a command that ends with this error (contract §5: 2 bad input or usage, 3 could not tell). */
export function exitCodeOf(code: ErrorCode): 2 | 3 {
  return ERROR_CODES[code]
}

export class EvidenceError extends Error {
  readonly code: ErrorCode
  /** What the reader can do about it; printed under the message. */
  readonly remedy: string | undefined

  constructor(code: ErrorCode, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EvidenceError'
    this.code = code
    this.remedy = options.remedy
  }
}
