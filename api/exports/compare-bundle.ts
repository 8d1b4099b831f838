import { leafHash } from '../../ledger/merkle.ts'
import { type Digest, sha256Digest } from '../../schemas/digest.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { parseJsonText } from '../../schemas/json-text.ts'
import { type Bundle, buildBundle } from './bundle.ts'
import { type BundleManifest, CONTENT_FILES, MANIFEST_FILE, SOURCE_FILES, SUMS_FILE } from './bundle-manifest.ts'
import { sourceProblem } from './bundle-sources.ts'
import { type BundleDifference, differs } from './bundle-verification.ts'
import { firstDifference } from './first-difference.ts'
import type { TarFile, TarReading } from './tar.ts'

export type Compared = { difference: BundleDifference | null; rebuilt: Bundle | null }

/** The steps of `VERIFY_STEPS` in their order, up to the first difference. */
export function compareBundle(bytes: Uint8Array, reading: TarReading, manifest: BundleManifest): Compared {
  const ends = (difference: BundleDifference): Compared => ({ difference, rebuilt: null })
  const listed = listProblem(reading, manifest)
  if (listed !== null) return ends(listed)
  const sum = sumProblem(reading.files, manifest)
  if (sum !== null && (sum.path === SUMS_FILE || (SOURCE_FILES as readonly string[]).includes(sum.path))) return ends(sumDifference(reading, sum))
  const line = lineProblem(reading, manifest)
  if (line !== null) return ends(line)
  const rebuilt = rebuild(reading, manifest)
  if ('step' in rebuilt) return ends(sum === null ? rebuilt : sumDifference(reading, sum))
  return { difference: sum === null ? replayDifference(reading, rebuilt, bytes) : derivedDifference(reading, rebuilt, sum), rebuilt }
}

function listProblem({ folder, files }: TarReading, manifest: BundleManifest): BundleDifference | null {
  const wanted = [MANIFEST_FILE, ...CONTENT_FILES, SUMS_FILE]
  if (folder !== manifest.artifact_id)
    return { ...differs('file_list', 'the folder is not the one of the round'), file: MANIFEST_FILE, place: 'at /artifact_id' }
  const wrong = wanted.find((path, index) => files[index]?.path !== path)
  if (wrong !== undefined) return { ...differs('file_list', 'missing, or not in its place'), file: wrong }
  if (files.length > wanted.length) return differs('file_list', 'a file that no bundle has')
  const unlisted = CONTENT_FILES.findIndex((path, index) => manifest.files[index]?.path !== path)
  return unlisted === -1 ? null : { ...differs('file_list', 'the manifest lists other files'), file: MANIFEST_FILE, place: `at /files/${unlisted}/path` }
}

function fileAt({ files }: TarReading, path: string): TarFile {
  const file = files.find((one) => one.path === path)
  if (file === undefined) throw new EvidenceError('internal', 'a file of the list is missing')
  return file
}

type SumProblem = { path: string; line: number; expected: Digest | null }

/**
 * The first file that is not what SHA256SUMS says. Where the manifest sides with the file, or a line is malformed, it is
 * SHA256SUMS itself that was changed.
 */
function sumProblem(files: readonly TarFile[], manifest: BundleManifest): SumProblem | null {
  const lines = splitLines(files.at(-1)?.bytes ?? new Uint8Array()).map((line) => Buffer.from(line).toString('latin1'))
  for (const [index, file] of files.slice(0, -1).entries()) {
    const line = index + 1
    const match = /^([0-9a-f]{64}) {2}(\S+)$/.exec(lines[index] ?? '')
    if (match === null || match[2] !== file.path) return { path: SUMS_FILE, line, expected: null }
    const [expected, found]: Digest[] = [`sha256:${match[1]}`, sha256Digest(file.bytes)]
    if (found === expected) continue
    const isListed = manifest.files.some((one) => one.path === file.path && `sha256:${one.sha256}` === found)
    return isListed ? { path: SUMS_FILE, line, expected: null } : { path: file.path, line, expected: expected ?? null }
  }
  return lines.length === files.length - 1 ? null : { path: SUMS_FILE, line: files.length, expected: null }
}

function sumDifference(reading: TarReading, { path, line, expected }: SumProblem): BundleDifference {
  if (path === SUMS_FILE) return { ...differs('digests', 'not the sums of the files'), file: path, place: `line ${line}` }
  const found = sha256Digest(fileAt(reading, path).bytes)
  return { step: 'digests', file: path, place: changedLine(reading, path), because: 'its digest is not the recorded one', expected, found }
}

/** What merkle.json has for a line, at most; beyond that it is none of ours. */
const MAX_LEAF_BYTES = 512

/** The first line of a changed events.ndjson whose leaf hash merkle.json does not have; null where that shows nothing. */
function changedLine(reading: TarReading, path: string): string | null {
  if (path !== 'events.ndjson') return null
  const lines = splitLines(fileAt(reading, path).bytes)
  const { bytes } = fileAt(reading, 'merkle.json')
  if (bytes.length > MAX_LEAF_BYTES * (lines.length + 8)) return null
  const merkle = parseJsonText(Buffer.from(bytes).toString('utf8'))
  const leaves = merkle.ok ? (merkle.value as { leaves?: { leaf_hash?: unknown }[] } | null)?.leaves : null
  if (!Array.isArray(leaves)) return null
  const changed = leaves.findIndex((leaf, index) => lines[index] === undefined || leafHash(lines[index]) !== leaf?.leaf_hash)
  return `line ${changed === -1 ? leaves.length + 1 : changed + 1}`
}

function splitLines(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  let start = 0
  for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, start)) {
    lines.push(bytes.subarray(start, end))
    start = end + 1
  }
  return start < bytes.length ? [...lines, bytes.subarray(start)] : lines
}

function lineProblem(reading: TarReading, manifest: BundleManifest): BundleDifference | null {
  for (const path of SOURCE_FILES) {
    const lines = splitLines(fileAt(reading, path).bytes)
    for (const [index, line] of lines.entries()) {
      const why = isUtf8(line) ? sourceProblem(path, Buffer.from(line).toString('utf8'), manifest.artifact_id) : 'not UTF-8'
      if (why !== null) return { ...differs('events', why), file: path, place: `line ${index + 1}` }
    }
  }
  return null
}

function isUtf8(bytes: Uint8Array): boolean {
  return Buffer.from(Buffer.from(bytes).toString('utf8')).equals(bytes)
}

/** Makes the bundle again from its source files; the tool is the one thing that is taken as it is written. */
function rebuild(reading: TarReading, manifest: BundleManifest): Bundle | BundleDifference {
  const textsOf = (path: string): string[] => splitLines(fileAt(reading, path).bytes).map((line) => Buffer.from(line).toString('utf8'))
  const { id, version } = manifest.policy
  try {
    return buildBundle({
      roundId: manifest.artifact_id,
      texts: [...textsOf('events.ndjson'), ...textsOf('decisions.ndjson')],
      reviewTexts: textsOf('reviews.ndjson'),
      policy: `${id}@${version}`,
      tool: manifest.tool,
    })
  } catch (error) {
    if (!(error instanceof EvidenceError)) throw error
    return { ...differs('replay', `the events cannot be judged (${error.code})`), file: 'events.ndjson' }
  }
}

/** As `sumDifference`, with the place, which replay shows; the manifest's tool is the one thing that replay cannot. */
function derivedDifference(reading: TarReading, rebuilt: Bundle, sum: SumProblem): BundleDifference {
  const again = rebuilt.files.find((file) => file.path === sum.path)
  return { ...sumDifference(reading, sum), place: again === undefined ? null : firstDifference(sum.path, again.bytes, fileAt(reading, sum.path).bytes) }
}

function replayDifference(reading: TarReading, rebuilt: Bundle, bytes: Uint8Array): BundleDifference | null {
  // The manifest and the sums only repeat what differs in another file, where one does.
  const [manifest, ...others] = rebuilt.files
  const inOrder = [...others.slice(0, -1), manifest, others.at(-1)].filter((file) => file !== undefined)
  for (const file of inOrder) {
    const found = fileAt(reading, file.path)
    const place = firstDifference(file.path, file.bytes, found.bytes)
    if (place === null) continue
    const because = 'not what the events, the policy and this program give'
    return { step: 'replay', file: file.path, place, because, expected: sha256Digest(file.bytes), found: sha256Digest(found.bytes) }
  }
  const [again, given] = [Buffer.from(rebuilt.bytes), Buffer.from(bytes)]
  if (again.equals(given)) return null
  const offset = again.findIndex((byte, index) => byte !== given[index])
  const place = `byte ${offset === -1 ? again.length : offset} of the archive`
  const because = 'the archive made again is another one'
  return { step: 'archive_bytes', file: null, place, because, expected: sha256Digest(again), found: sha256Digest(given) }
}
