import { z } from 'zod'
import { Count, DigestText, line, RoundId, Sha256Hex, Slug, Time, Uuid7 } from '../../schemas/primitives.ts'

/** Its longest list is that of 200 reviews, some thirty thousand bytes. */
export const MAX_MANIFEST_BYTES = 1_048_576

/** Files of a bundle in the order of the archive; the manifest comes first, the sums last. */
export const MANIFEST_FILE = 'manifest.json'
export const SUMS_FILE = 'SHA256SUMS'
/** Those that the others are made from again. */
export const SOURCE_FILES = ['events.ndjson', 'decisions.ndjson', 'reviews.ndjson'] as const
export const DERIVED_FILES = [
  'estate.json',
  'snapshot.json',
  'summary.txt',
  'merkle.json',
  'guards/declaration.json',
  'guards/declaration.txt',
  'guards/dispatch.json',
  'guards/dispatch.txt',
  'guards/packets.json',
  'guards/response-template.json',
] as const
export const CONTENT_FILES = [...SOURCE_FILES, ...DERIVED_FILES] as const
export type ContentFile = (typeof CONTENT_FILES)[number]

/** Names that can be printed anywhere: this is the one part of a bundle that is believed. */
export const Tool = z.strictObject({ name: z.string().regex(/^[a-z0-9-]{1,60}$/), version: z.string().regex(/^[0-9A-Za-z.+-]{1,40}$/) })
export type Tool = z.infer<typeof Tool>

/** What a bundle says of itself. All of it but `tool` is made again from the source files when the bundle is verified. */
export const BundleManifest = z.strictObject({
  bundle_schema: z.literal('evidence_audit_bundle_v1'),
  artifact_id: RoundId,
  estate: z.strictObject({ id: Slug, version: line(40), digest: DigestText }),
  policy: z.strictObject({ id: z.literal('sop'), version: line(20) }),
  opened_at: Time,
  sealed_at: Time.nullable(),
  evidence: z.strictObject({
    count: Count,
    root: Sha256Hex,
    integrity: z.enum(['verified', 'unsealed', 'mismatch', 'legacy_unverified']),
    integrity_reasons: z.array(line(300)).max(50),
  }),
  decisions: Count,
  reviews: z
    .array(
      z.strictObject({
        event_id: Uuid7,
        in_bundle: z.boolean(),
        agrees: z.boolean().nullable().describe('whether the review says what round.opened says of it; null where it is not in the bundle'),
      }),
    )
    .max(200)
    .describe('the reviews that round.opened names'),
  overall_declaration: line(60),
  snapshot_digest: DigestText.describe('of snapshot.json'),
  summary_digest: DigestText.describe('SUMMARY_DIGEST of summary.txt'),
  packet_set_digest: DigestText,
  tool: Tool.describe('what wrote the bundle'),
  files: z.array(z.strictObject({ path: z.enum(CONTENT_FILES), bytes: Count, sha256: Sha256Hex })).length(CONTENT_FILES.length),
})
export type BundleManifest = z.infer<typeof BundleManifest>
