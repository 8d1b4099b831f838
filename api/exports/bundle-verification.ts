import type { Digest } from '../../schemas/digest.ts'
import type { RoundIntegrity } from '../../schemas/summary.ts'
import type { Bundle } from './bundle.ts'
import type { Tool } from './bundle-manifest.ts'

/** The proof in its order; a step that differs ends it. */
export const VERIFY_STEPS = ['archive_form', 'manifest', 'file_list', 'digests', 'events', 'replay', 'archive_bytes'] as const
export type VerifyStep = (typeof VERIFY_STEPS)[number]

/** Where a bundle is first not what it should be. Digests and places only: nothing that was found is repeated. */
export type BundleDifference = {
  readonly step: VerifyStep
  readonly file: string | null
  /** `line N`, `at /json/pointer` or `byte N of the archive`. */
  readonly place: string | null
  readonly because: string
  readonly expected: Digest | null
  readonly found: Digest | null
}

/** A difference of which nothing but the step and the reason is known. */
export function differs(step: VerifyStep, because: string): BundleDifference {
  return { step, file: null, place: null, because, expected: null, found: null }
}

/** What the replayed round is; only there where everything was equal, so that nothing unproved is repeated. */
export type BundleFacts = {
  readonly artifact_id: string
  readonly estate: string
  readonly policy_version: string
  readonly round_integrity: RoundIntegrity
  readonly integrity_reasons: readonly string[]
  readonly evidence_root: string
  readonly evidence_count: number
  readonly overall: string
  readonly summary_digest: string
  readonly snapshot_digest: string
  readonly decisions: number
  readonly reviews_named: number
  readonly reviews_missing: number
  readonly reviews_disagreeing: number
  readonly made_by: Tool
}

export type BundleVerification = {
  readonly result_schema: 'evidence_bundle_verification_v1'
  readonly status: 'equal' | 'differs'
  readonly bundle_digest: Digest
  readonly bundle_bytes: number
  readonly steps: readonly { readonly step: VerifyStep; readonly status: 'equal' | 'differs' | 'not_reached' }[]
  readonly first_difference: BundleDifference | null
  readonly facts: BundleFacts | null
  readonly not_proven: readonly string[]
}

/** What no file can prove of itself; printed with every result. */
export const NOT_PROVEN = [
  'that the producers told the truth: a bundle repeats what they recorded',
  'that this is the round the operator has: compare evidence_root with `evidence round show ROUND --json`, or with a root that was kept elsewhere',
  'that the decisions are complete: they are beside the round, not under its root',
  'that nobody made the whole bundle anew, consistently: compare bundle_digest with the one you were given by another way',
] as const

/**
 * Why a bundle that is equal proves nothing all the same; null where it does: its round was sealed and the root fits, and
 * every review that the round rests on is there and says what the round says of it.
 */
export function whyNotProved({ facts }: BundleVerification): string | null {
  if (facts === null) return 'unknown'
  if (facts.round_integrity !== 'verified' && facts.round_integrity !== 'legacy_unverified') return `round_${facts.round_integrity}`
  if (facts.reviews_disagreeing > 0) return 'review_disagrees'
  return facts.reviews_missing > 0 ? 'review_missing' : null
}

/** The answer is yes only for a bundle that is equal and proves its round. */
export function isProved(result: BundleVerification): boolean {
  return result.status === 'equal' && whyNotProved(result) === null
}

/** The text form: one line of verdict, then `KEY=VALUE`, then what is not proven. */
export function verificationText(result: BundleVerification): string {
  return `${[verdictLine(result), ...factLines(result), ...result.not_proven.map((one) => `NOT_PROVEN ${one}`)].join('\n')}\n`
}

function verdictLine(result: BundleVerification): string {
  const { facts, first_difference: first } = result
  if (first !== null) {
    const where = [first.file === null ? null : `file=${first.file}`, first.place === null ? null : `place=${first.place.replaceAll(' ', '_')}`]
    return ['EVIDENCE_BUNDLE_DIFFERS', `step=${first.step}`, ...where.filter((one) => one !== null)].join(' ')
  }
  const reason = whyNotProved(result)
  if (reason !== null) return `EVIDENCE_BUNDLE_EQUAL_BUT_NOT_PROVED reason=${reason}`
  return `EVIDENCE_BUNDLE_EQUAL artifact=${facts?.artifact_id} integrity=${facts?.round_integrity}`
}

function factLines({ first_difference: first, facts, steps, ...result }: BundleVerification): string[] {
  const difference = first === null ? [] : [`BECAUSE=${first.because}`, `EXPECTED=${first.expected ?? 'unknown'}`, `FOUND=${first.found ?? 'unknown'}`]
  const replayed = facts === null ? [] : Object.entries(facts).map(([key, value]) => `${key.toUpperCase()}=${shown(value)}`)
  return [
    ...difference,
    ...steps.map((one) => `STEP_${one.step.toUpperCase()}=${one.status}`),
    ...replayed,
    `BUNDLE_DIGEST=${result.bundle_digest}`,
    `BUNDLE_BYTES=${result.bundle_bytes}`,
  ]
}

function shown(value: BundleFacts[keyof BundleFacts]): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  return 'version' in value ? `${value.name} ${value.version}` : value.length === 0 ? 'none' : value.join('; ')
}

/** What a bundle that was made again, byte for byte, is about. */
export function factsOf({ manifest, snapshot }: Bundle): BundleFacts {
  return {
    artifact_id: manifest.artifact_id,
    estate: manifest.estate.id,
    policy_version: manifest.policy.version,
    round_integrity: snapshot.evidence.integrity,
    integrity_reasons: snapshot.evidence.integrity_reasons,
    evidence_root: manifest.evidence.root,
    evidence_count: manifest.evidence.count,
    overall: manifest.overall_declaration,
    summary_digest: manifest.summary_digest,
    snapshot_digest: manifest.snapshot_digest,
    decisions: manifest.decisions,
    reviews_named: manifest.reviews.length,
    reviews_missing: manifest.reviews.filter((one) => !one.in_bundle).length,
    reviews_disagreeing: manifest.reviews.filter((one) => one.agrees === false).length,
    made_by: manifest.tool,
  }
}
