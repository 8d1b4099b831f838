import { z } from 'zod'
import { EstablishedNames } from './declarations.ts'
import { parsePolicyRef } from './policy-ref.ts'
import { GateId, line, Severity, Slug, WarningClass } from './primitives.ts'

/** What the settings of every check are made of. */

export const Part = z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'lower-case letters, digits and underscores')
export const TimeoutMs = z.number().int().min(100).max(600_000)
export const PolicyRefText = z.string().refine((text) => parsePolicyRef(text) !== null, 'a policy is id@version, such as sop@1.78')
export const Pointer = z
  .string()
  .regex(/^(\/([^~/]|~[01])*)*$/, 'not a JSON pointer')
  .max(200)
export const Path = line(1000).min(1)
/** A regular expression a reader can hold in the head; compiled with the `u` flag when the estate is loaded. */
export const Pattern = line(300).refine(isRegExp, 'not a valid regular expression')

function isRegExp(text: string): boolean {
  try {
    new RegExp(text, 'u')
    return true
  } catch {
    return false
  }
}

export const HttpUrl = line(2000).refine((text) => {
  const url = URL.canParse(text) ? new URL(text) : null
  return url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
}, 'an http or https URL without user name or password')

/** Expected status codes: `2xx`, `401`, or a list of them. */
export const StatusPattern = z.string().regex(/^[1-5](xx|\d\d)$/, 'a status such as 2xx or 401')
export type StatusPattern = z.infer<typeof StatusPattern>

/** Declarations that summary.txt has no key for; a check that `establishes` one licenses it while it is PASS. */
export const EstablishedDeclaration = z.enum(EstablishedNames)
export type EstablishedDeclaration = z.infer<typeof EstablishedDeclaration>

export const checkBase = {
  id: Slug,
  gate: GateId,
  part: Part.default('cold_start').describe('cold_start, or a part of the post-start check'),
  title: line(160).optional(),
  host: Slug.optional().describe('the machine the evidence is about; binds it to that machine’s current boot'),
  severity: Severity.default('blocked'),
  warning_class: WarningClass.default('SERVICE'),
  role: z.enum(['public_route', 'public_api']).optional(),
  establishes: z.array(EstablishedDeclaration).max(6).optional(),
  timeout_ms: TimeoutMs.optional(),
  attempts: z.number().int().min(1).max(3).optional(),
  ttl_s: z.number().int().min(1).max(31_536_000).optional().describe('seconds a look stays evidence'),
}

export const Port = z.number().int().min(1).max(65535)
export const Percent = z.number().min(0).max(100)
export const MaxAge = z.number().int().min(1).max(31_536_000)

export const SampleCondition = z.strictObject({
  name: z
    .string()
    .regex(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/)
    .max(200),
  labels: z.record(z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/), line(500)).default({}),
  condition: z
    .string()
    .regex(/^(==|!=|>=|<=|>|<) -?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/, 'such as "== 1" or "> 0"')
    .optional(),
  max_age_s: MaxAge.optional().describe('the value is a Unix time in seconds, no older than this'),
})
export type SampleCondition = z.infer<typeof SampleCondition>
