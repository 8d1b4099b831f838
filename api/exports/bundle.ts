import { declarationText, evaluateDeclarations } from '../../guards/declaration.ts'
import { dispatchNextGates, dispatchText } from '../../guards/dispatch.ts'
import { snapshotInput } from '../../guards/guard-input.ts'
import { buildOwnerPackets } from '../../guards/packets.ts'
import { responseTemplate } from '../../guards/response-template.ts'
import { leafHash } from '../../ledger/merkle.ts'
import { emptyFold, type Fold, foldEvents } from '../../projector/fold.ts'
import { judgeFold } from '../../projector/project-round.ts'
import { canonicalJson } from '../../schemas/canonical-json.ts'
import { sha256Digest } from '../../schemas/digest.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { type EvidenceEvent, isRootedType } from '../../schemas/event.ts'
import type { Snapshot } from '../../schemas/snapshot.ts'
import { summaryDigest, summaryText } from '../../schemas/summary-text.ts'
import { type BundleManifest, CONTENT_FILES, type ContentFile, MANIFEST_FILE, SUMS_FILE, type Tool } from './bundle-manifest.ts'
import { type BundleSources, readReview, sortSources } from './bundle-sources.ts'
import { MAX_TAR_BYTES, type TarFile, writeTar } from './tar.ts'

/**
 * What a bundle is made from: texts of the round's events and decisions in any order (`texts`), candidates for the
 * reviews it rests on, and a policy reference (none: the round's own).
 */
export type BundleInput = {
  readonly roundId: string
  readonly texts: Iterable<string>
  readonly reviewTexts: Iterable<string>
  readonly policy: string | undefined
  readonly tool: Tool
}

export type Bundle = { readonly bytes: Uint8Array; readonly manifest: BundleManifest; readonly snapshot: Snapshot; readonly files: readonly TarFile[] }

/**
 * The audit bundle of a round: one uncompressed tar with everything the verdict was made from and everything that was
 * made from it. Pure, without a clock: the same events, policy and tool version give the same bytes, wherever the events
 * were kept. A round that is not sealed, or whose root is a mismatch, is bundled too, and says what it is.
 *
 * Throws `round_unknown`, `policy_unknown`, `ledger_corrupt`, and `usage` for a round beyond the limit of a bundle.
 */
export function buildBundle({ roundId, texts, reviewTexts, policy, tool }: BundleInput): Bundle {
  const sources = sortSources(roundId, texts, reviewTexts)
  const fold = foldEvents(emptyFold(), [...sources.events, ...sources.decisions])
  if (fold.events.size === 0) throw new EvidenceError('round_unknown', `no round ${roundId} in this ledger`, { remedy: 'see `evidence round list`' })
  const snapshot = judgeFold(roundId, fold, policy)
  const contents = contentFiles(sources, fold, snapshot)
  const manifest = buildManifest(sources, fold, snapshot, tool, contents)
  const files = [toFile(MANIFEST_FILE, jsonText(manifest)), ...contents]
  const all = [...files, toFile(SUMS_FILE, files.map((file) => `${sha256Of(file.bytes)}  ${file.path}\n`).join(''))]
  if (all.reduce((total, file) => total + file.bytes.length + 1024, 0) > MAX_TAR_BYTES - 2048) {
    throw new EvidenceError('usage', `the round is larger than a bundle may be (${MAX_TAR_BYTES} bytes)`, {
      remedy: '`evidence ledger export --round` has no limit',
    })
  }
  const mtime = Math.floor(Date.parse(snapshot.sealed_at ?? snapshot.opened_at) / 1000)
  return { bytes: writeTar(roundId, all, mtime), manifest, snapshot, files: all }
}

function contentFiles(sources: BundleSources, fold: Fold, snapshot: Snapshot): TarFile[] {
  const input = snapshotInput(snapshot)
  const declaration = evaluateDeclarations(input)
  const dispatch = dispatchNextGates(input)
  const packets = buildOwnerPackets(input)
  const texts: Record<ContentFile, string> = {
    'events.ndjson': toLines(sources.events),
    'decisions.ndjson': toLines(sources.decisions),
    'reviews.ndjson': toLines(sources.reviews),
    'estate.json': canonicalJson(openedOf(fold).data.estate.document),
    'snapshot.json': canonicalJson(snapshot),
    'summary.txt': summaryText(snapshot.summary),
    'merkle.json': jsonText(merkleOf(sources.events, snapshot)),
    'guards/declaration.json': jsonText(declaration),
    'guards/declaration.txt': declarationText(declaration),
    'guards/dispatch.json': jsonText(dispatch),
    'guards/dispatch.txt': dispatchText(dispatch),
    'guards/packets.json': jsonText(packets),
    'guards/response-template.json': jsonText(responseTemplate(packets)),
  }
  return CONTENT_FILES.map((path) => toFile(path, texts[path]))
}

/** Leaf hashes in the order of events.ndjson, so that a proof can be made, or one changed line found, by other tools. */
function merkleOf(events: readonly string[], { evidence }: Snapshot): object {
  const leaves = events.flatMap((text) => {
    const { id, type, checkid } = JSON.parse(text) as EvidenceEvent
    return isRootedType(type) ? [{ id, check_id: checkid ?? null, leaf_hash: leafHash(Buffer.from(text)) }] : []
  })
  return { tree: 'RFC 6962, SHA-256', root: evidence.root, size: evidence.count, leaves }
}

function buildManifest(sources: BundleSources, fold: Fold, snapshot: Snapshot, tool: Tool, contents: readonly TarFile[]): BundleManifest {
  return {
    bundle_schema: 'evidence_audit_bundle_v1',
    artifact_id: snapshot.artifact_id,
    estate: { ...snapshot.estate, digest: snapshot.estate.digest as `sha256:${string}` },
    policy: { id: 'sop', version: snapshot.policy_version },
    opened_at: snapshot.opened_at,
    sealed_at: snapshot.sealed_at,
    evidence: snapshot.evidence,
    decisions: sources.decisions.length,
    reviews: reviewsOf(sources, fold),
    overall_declaration: snapshot.summary.OVERALL_DECLARATION ?? 'unknown',
    snapshot_digest: sha256Digest(canonicalJson(snapshot)),
    summary_digest: summaryDigest(snapshot.summary),
    packet_set_digest: buildOwnerPackets(snapshotInput(snapshot)).packet_set_digest as `sha256:${string}`,
    tool,
    files: contents.map(({ path, bytes }) => ({ path: path as ContentFile, bytes: bytes.length, sha256: sha256Of(bytes) })),
  }
}

/** Which of the reviews that the opening names are here, and whether they say what it says of them. */
function reviewsOf(sources: BundleSources, fold: Fold): BundleManifest['reviews'] {
  const here = Map.groupBy(sources.reviews.map(readReview), (review) => review.id)
  return openedOf(fold).data.reviews.map((named) => {
    const found = here.get(named.event_id)
    const agrees = found?.every(
      ({ data }) =>
        data.decision === 'accepted' &&
        data.gate_id === named.gate_id &&
        data.expires_at === named.expires_at &&
        canonicalJson(data.items) === canonicalJson(named.items),
    )
    return { event_id: named.event_id, in_bundle: found !== undefined, agrees: agrees ?? null }
  })
}

/** The opening that judging took: of several, the one with the lowest id. `judgeFold` has refused rounds without one. */
function openedOf(fold: Fold) {
  const openings = [...fold.events.values()].flatMap(({ event }) => (event.type === 'round.opened.v1' ? [event] : []))
  const [opened] = openings.sort((a, b) => (a.id < b.id ? -1 : 1))
  if (opened === undefined) throw new EvidenceError('round_unknown', 'the round has no round.opened event')
  return opened
}

function toFile(path: string, text: string): TarFile {
  return { path, bytes: Buffer.from(text) }
}

function toLines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join('')
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

function sha256Of(bytes: Uint8Array): string {
  return sha256Digest(bytes).slice('sha256:'.length)
}
