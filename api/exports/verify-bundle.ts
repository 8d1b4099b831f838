import { sha256Digest } from '../../schemas/digest.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import { parseJsonText } from '../../schemas/json-text.ts'
import { BundleManifest, MANIFEST_FILE, MAX_MANIFEST_BYTES } from './bundle-manifest.ts'
import { type BundleVerification, differs, factsOf, NOT_PROVEN, VERIFY_STEPS } from './bundle-verification.ts'
import { type Compared, compareBundle } from './compare-bundle.ts'
import { readTar, type TarReading } from './tar.ts'

/**
 * Verifies an audit bundle with nothing but its bytes: no ledger, no estate file, no network, no clock. It is read
 * strictly, every digest is taken again, the round is folded, its root compared with its seal, judged under the recorded
 * policy and put through the guards, and at last the archive is made again; every byte must be the same.
 *
 * Throws `bundle_invalid` where the file does not begin as a bundle does, with the entry of a manifest: it is junk, not
 * a bundle that differs.
 */
export function verifyBundle(bytes: Uint8Array): BundleVerification {
  const reading = readTar(bytes)
  if (reading.files[0]?.path !== MANIFEST_FILE) throw junk(reading)
  const { difference, rebuilt } = compare(bytes, reading)
  const reached = difference === null ? VERIFY_STEPS.length : VERIFY_STEPS.indexOf(difference.step)
  return {
    result_schema: 'evidence_bundle_verification_v1',
    status: difference === null ? 'equal' : 'differs',
    bundle_digest: sha256Digest(bytes),
    bundle_bytes: bytes.length,
    steps: VERIFY_STEPS.map((step, index) => ({ step, status: index < reached ? 'equal' : index === reached ? 'differs' : 'not_reached' })),
    first_difference: difference,
    facts: difference === null && rebuilt !== null ? factsOf(rebuilt) : null,
    not_proven: NOT_PROVEN,
  }
}

function junk({ problem }: TarReading): EvidenceError {
  const why = problem === null ? 'its first file is no manifest' : `byte ${problem.offset}: ${problem.reason}`
  return new EvidenceError('bundle_invalid', `not an audit bundle: ${why}`, { remedy: '`evidence bundle export ROUND` writes one' })
}

function compare(bytes: Uint8Array, reading: TarReading): Compared {
  if (reading.problem !== null) {
    const { offset, reason } = reading.problem
    const file = reading.files.at(-1)?.path ?? null
    return { difference: { ...differs('archive_form', reason), file, place: `byte ${offset} of the archive` }, rebuilt: null }
  }
  const manifest = readManifest(reading)
  if (typeof manifest !== 'string') return compareBundle(bytes, reading, manifest)
  return { difference: { ...differs('manifest', manifest), file: MANIFEST_FILE }, rebuilt: null }
}

/** The manifest, or why it is none. */
function readManifest(reading: TarReading): BundleManifest | string {
  const bytes = reading.files[0]?.bytes ?? new Uint8Array()
  if (bytes.length > MAX_MANIFEST_BYTES) return `larger than ${MAX_MANIFEST_BYTES} bytes`
  const json = parseJsonText(Buffer.from(bytes).toString('utf8'))
  if (!json.ok) return `not JSON of one meaning (${json.reason})`
  const manifest = BundleManifest.safeParse(json.value)
  return manifest.success ? manifest.data : `not a manifest, at /${(manifest.error.issues[0]?.path ?? []).map(String).join('/')}`
}
