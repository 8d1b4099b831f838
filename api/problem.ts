import { STATUS_CODES } from 'node:http'
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type ErrorCode, EvidenceError } from '../schemas/errors.ts'
import type { AccessRefusal } from '../schemas/event.ts'
import type { Principal } from './access/principal.ts'

/**
 * What only the HTTP service says no with; everything else has the code of `schemas/errors.ts`. A test holds this list
 * and `docs/errors.md` to each other.
 */
export const HTTP_CODES = {
  request_invalid: [400, 'the request does not fit the schema of its route'],
  unauthenticated: [401, 'no valid credentials'],
  forbidden: [403, 'the principal may not do this'],
  cross_site: [403, 'a request from another web site'],
  host_not_allowed: [421, 'the Host header names another service'],
  not_found: [404, 'there is nothing here'],
  method_not_allowed: [405, 'this address has other methods, see Allow'],
  not_acceptable: [406, 'the answer does not come in the form that was asked for'],
  request_timeout: [408, 'the request took too long to arrive'],
  already_running: [409, 'one of its kind is running'],
  review_refused: [409, 'the review is not one that may be recorded'],
  precondition_failed: [412, 'something that must come first has not happened'],
  payload_too_large: [413, 'the body is larger than this route takes'],
  unsupported_media_type: [415, 'the body is of a type that this route does not take'],
  headers_too_large: [431, 'the headers are larger than the service takes'],
  rate_limited: [429, 'too many requests, see Retry-After'],
  audit_unavailable: [503, 'the audit trail cannot be written, so nothing is given away'],
  issuer_unavailable: [503, 'the OpenID provider cannot be asked, so nobody can be identified by it'],
  busy: [503, 'the service is doing this already, or is stopping'],
  too_many_readers: [503, 'too many live readers'],
} as const satisfies Record<string, readonly [number, string]>
export type HttpCode = keyof typeof HTTP_CODES

/** HTTP status of each error of the program. Those of 500 and above tell nothing but their title. */
export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  usage: 400,
  estate_invalid: 500,
  event_invalid: 400,
  event_too_large: 413,
  event_conflict: 409,
  round_sealed: 409,
  round_unknown: 404,
  round_exists: 409,
  import_invalid: 400,
  bundle_invalid: 400,
  policy_unknown: 400,
  summary_invalid: 400,
  escrow_item_unknown: 400,
  evidence_id_refused: 400,
  file_unreadable: 500,
  ledger_missing: 503,
  ledger_unavailable: 503,
  ledger_full: 503,
  ledger_newer: 503,
  ledger_corrupt: 500,
  output_unwritable: 500,
  runtime_missing: 500,
  interrupted: 503,
  internal: 500,
}

export type HttpErrorOptions = { headers?: Readonly<Record<string, string>>; errors?: readonly ProblemPart[]; refusal?: AccessRefusal; refused?: Principal }

/**
 * A no that only HTTP knows. `detail` is for the client: never a value that it sent. With `refusal` it is one about
 * access, which the error handler hands to the audit trail; `refused`: whom, where that is not the principal of the request.
 */
export class HttpError extends Error {
  readonly code: HttpCode
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly errors: readonly ProblemPart[]
  readonly refusal: AccessRefusal | null
  readonly refused: Principal | null

  constructor(code: HttpCode, detail?: string, options: HttpErrorOptions = {}) {
    super(detail ?? HTTP_CODES[code][1])
    this.name = 'HttpError'
    this.code = code
    this.status = HTTP_CODES[code][0]
    this.headers = options.headers ?? {}
    this.errors = options.errors ?? []
    this.refusal = options.refusal ?? null
    this.refused = options.refused ?? null
  }
}

const ProblemPart = z.strictObject({ pointer: z.string().describe('JSON pointer into the request part'), detail: z.string() })
type ProblemPart = z.infer<typeof ProblemPart>

/** RFC 9457, application/problem+json: the body of every answer from 400 on. */
export const Problem = z
  .strictObject({
    type: z.string().describe('urn:evidence-ledger:error:<code>'),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    code: z.string().describe('a code of docs/errors.md'),
    remedy: z.string().optional(),
    instance: z.string().describe('urn:uuid: of the request, as in the log'),
    errors: z.array(ProblemPart).optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof Problem>

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8'

/** `problem` and the headers that belong to it. `isOurFault`: log it with its cause. */
export type ToldProblem = { readonly problem: Problem; readonly headers: Readonly<Record<string, string>>; readonly isOurFault: boolean }

/** What a client is told about an error: never a stack, a path of this machine, or a value that was sent. */
export function toProblem(error: unknown, requestId: string): ToldProblem {
  const { code, status, detail, remedy, headers = {}, errors = [] } = tell(error)
  const problem: Problem = {
    type: `urn:evidence-ledger:error:${code}`,
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail,
    code,
    ...(remedy === undefined ? {} : { remedy }),
    instance: `urn:uuid:${requestId}`,
    ...(errors.length === 0 ? {} : { errors: [...errors] }),
  }
  return { problem, headers, isOurFault: status >= 500 && !(error instanceof HttpError) }
}

type Told = {
  code: string
  status: number
  detail: string
  remedy?: string | undefined
  headers?: Readonly<Record<string, string>>
  errors?: readonly ProblemPart[]
}

function tell(error: unknown): Told {
  if (error instanceof HttpError) return { code: error.code, status: error.status, detail: error.message, headers: error.headers, errors: error.errors }
  if (error instanceof EvidenceError) return tellKnown(error)
  if (hasZodFastifySchemaValidationErrors(error)) return tellInvalid(error.validation, (error as { validationContext?: string }).validationContext)
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown }
  const known = typeof code === 'string' ? FASTIFY_ERRORS[code] : undefined
  if (known !== undefined) return tell(new HttpError(...known))
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) return tell(new HttpError('request_invalid', 'the request cannot be read'))
  return { code: 'internal', status: 500, detail: 'something went wrong here; the log of the service has it under this instance' }
}

function tellKnown({ code, message, remedy }: EvidenceError): Told {
  const status = STATUS_OF[code]
  // What went wrong on this side names files and machines: that is for the log.
  return status < 500 ? { code, status, detail: message, remedy } : { code, status, detail: OUR_FAULTS[code] ?? 'something went wrong here' }
}

const OUR_FAULTS: Partial<Record<ErrorCode, string>> = {
  estate_invalid: 'the estate file of the service is not valid any more',
  file_unreadable: 'a file of the service cannot be read',
  ledger_missing: 'the ledger is not there',
  ledger_unavailable: 'the ledger or the history cannot be reached; try again',
  ledger_full: 'the ledger has no space left; nothing was stored',
  ledger_newer: 'the ledger was written by a newer program',
  ledger_corrupt: 'the ledger is damaged',
  interrupted: 'the service is stopping',
}

const FASTIFY_ERRORS: Readonly<Record<string, readonly [HttpCode, string?]>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ['payload_too_large'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type'],
  FST_ERR_CTP_EMPTY_TYPE: ['unsupported_media_type'],
  FST_ERR_CTP_EMPTY_JSON_BODY: ['request_invalid', 'the body is empty'],
  FST_ERR_CTP_INVALID_JSON_BODY: ['request_invalid', 'the body is not JSON'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['request_invalid', 'the body is not as long as Content-Length says'],
}

/** Pointers into anything but the body begin with the part of the request. */
const PARTS: Readonly<Record<string, string>> = { querystring: '/query', params: '/path', headers: '/headers' }
type Invalid = { instancePath: string; keyword: string; message?: string | undefined; params: Record<string, unknown> }

function tellInvalid(validation: readonly unknown[], context: string | undefined): Told {
  const errors = (validation as readonly Invalid[]).slice(0, 20).map(({ instancePath, keyword, message }) => ({
    pointer: `${PARTS[context ?? ''] ?? ''}${instancePath}`,
    // The message of an unknown key repeats the key.
    detail: keyword === 'unrecognized_keys' ? 'unknown key' : (message ?? 'invalid'),
  }))
  const [first] = errors
  return { code: 'request_invalid', status: 400, detail: `invalid at ${first?.pointer ?? '/'}: ${first?.detail ?? 'invalid'}`, errors }
}
