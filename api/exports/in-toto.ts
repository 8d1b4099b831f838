import { findPolicy } from '../../projector/policies.ts'
import { canonicalDigest, type Digest, sha256Digest } from '../../schemas/digest.ts'
import type { Bundle } from './bundle.ts'
import { type Outcome, roundOutcome } from './round-outcome.ts'

/** ResourceDescriptor of in-toto attestation v1, as far as it is used here. */
export type ResourceDescriptor = {
  readonly name: string
  readonly uri?: string
  readonly digest: Readonly<Record<string, string>>
  readonly mediaType?: string
}

/** in-toto Statement v1 with the predicate test-result v0.1 (github.com/in-toto/attestation, spec/predicates/test-result.md). */
export type TestResultStatement = {
  readonly _type: 'https://in-toto.io/Statement/v1'
  readonly subject: readonly ResourceDescriptor[]
  readonly predicateType: 'https://in-toto.io/attestation/test-result/v0.1'
  readonly predicate: {
    readonly result: Outcome
    readonly configuration: readonly ResourceDescriptor[]
    readonly passedTests: readonly string[]
    readonly warnedTests: readonly string[]
    readonly failedTests: readonly string[]
  }
}

/**
 * A round as an unsigned in-toto Statement: subjects are the audit bundle, the files of its conclusions and the evidence
 * root; configuration is the estate, the policy and the program. Pure, without a clock. Whoever signs it says the same
 * thing that the bundle proves; the statement itself proves nothing.
 */
export function toInTotoStatement({ bytes, files, manifest, snapshot }: Bundle): TestResultStatement {
  const { result, passed, warned, failed } = roundOutcome(snapshot)
  const fileOf = (path: string, mediaType: string): ResourceDescriptor => {
    const file = files.find((one) => one.path === path)
    return { name: path, digest: { sha256: hexOf(sha256Digest(file?.bytes ?? '')) }, mediaType }
  }
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: [
      { name: `${manifest.artifact_id}.bundle.tar`, digest: { sha256: hexOf(sha256Digest(bytes)) }, mediaType: 'application/x-tar' },
      fileOf('events.ndjson', 'application/x-ndjson'),
      fileOf('summary.txt', 'text/plain'),
      fileOf('snapshot.json', 'application/json'),
      // Not the digest of a file, so under a name of its own (DigestSet, "custom algorithms").
      { name: 'evidence-root', uri: `urn:evidence-ledger:round:${manifest.artifact_id}`, digest: { rfc6962Sha256: manifest.evidence.root } },
    ],
    predicateType: 'https://in-toto.io/attestation/test-result/v0.1',
    predicate: {
      result,
      configuration: [
        {
          name: 'estate',
          uri: `urn:evidence-ledger:estate:${manifest.estate.id}`,
          digest: { sha256: hexOf(manifest.estate.digest) },
          mediaType: 'application/json',
        },
        policyDescriptor(manifest.policy.version),
        { name: 'tool', uri: `pkg:npm/${manifest.tool.name}@${manifest.tool.version}`, digest: { sha256: hexOf(canonicalDigest(manifest.tool)) } },
      ],
      passedTests: passed,
      warnedTests: warned,
      failedTests: failed,
    },
  }
}

/** Digest of the canonical JSON of id, version and rules. */
function policyDescriptor(version: string): ResourceDescriptor {
  const { id, rules } = findPolicy(`sop@${version}`)
  return { name: 'policy', uri: `urn:evidence-ledger:policy:${id}@${version}`, digest: { sha256: hexOf(canonicalDigest({ id, version, rules })) } }
}

function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length)
}
