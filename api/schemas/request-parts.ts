import { z } from 'zod'
import { RoundId } from '../../schemas/primitives.ts'

/** Parts of requests that many routes share. Strict: an unknown parameter is refused, so that a misspelt one is not passed over. */

export const RoundParams = z.strictObject({ id: RoundId.describe('artifact id of a round') })

export const PolicyRef = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,31}@(?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5})){0,3}$/, 'not a policy such as sop@1.78')
  .describe('judge under this policy, such as sop@1.78; default: the one of the round')
export const PolicyQuery = z.strictObject({ policy: PolicyRef.optional() })
export const NoQuery = z.strictObject({})

const page = {
  limit: z.coerce.number().int().min(1).max(1000).default(100).describe('rows of a page; plays no role in NDJSON'),
  cursor: z.string().min(1).max(2000).optional().describe('`next` of the page before, with the same arguments'),
}
export const PageQuery = z.strictObject(page)

const Moment = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d{3})?Z)?$/, 'not a day, or a time, UTC')
  .describe('a day such as 2026-06-27, or a time such as 2026-06-27T03:50:46Z, UTC')
const range = { from: Moment.optional(), to: Moment.optional() }
const name = (what: string) => z.string().min(1).max(200).describe(what)
const EstateName = name('estate id')
const CheckName = name('check id')

export const RoundsQuery = z.strictObject({
  ...page,
  ...range,
  estate: EstateName.optional(),
  overall: name('how the round ended, such as BLOCKED').optional(),
  integrity: z.enum(['verified', 'legacy_unverified']).optional(),
})
export const KeysQuery = z.strictObject({ ...range, estate: EstateName, key: name('key of the summary, such as SERVICE_GREEN') })
export const ChecksQuery = z.strictObject({ ...range, estate: EstateName, check: CheckName })
export const DeclarationsQuery = z.strictObject({ ...range, estate: EstateName })
export const AsOfQuery = z.strictObject({ estate: EstateName, moment: Moment })
export const NotPassedQuery = z.strictObject({ ...page, ...range, estate: EstateName, check: CheckName })
export const SearchQuery = z.strictObject({ ...page, ...range, q: z.string().min(1).max(1000).describe('words as the event holds them') })
export const RangeQuery = z.strictObject(range)
