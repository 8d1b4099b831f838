import { writeFileAtomically } from '../../api/actions/write-file.ts'
import { buildBundle } from '../../api/exports/bundle.ts'
import { sha256Digest } from '../../schemas/digest.ts'
import { type ExportOptions, readExportInput } from '../export-input.ts'
import { type Answer, printResult } from '../output.ts'

/** `evidence bundle export`: writes the audit bundle of a round, and prints the two digests to hand on by another way. */
export async function run([id]: [string], options: ExportOptions): Promise<Answer> {
  const { bytes, manifest } = buildBundle(await readExportInput(id, options))
  const file = options.output ?? `${id}.bundle.tar`
  await writeFileAtomically(file, bytes)
  const result = {
    file,
    bytes: bytes.length,
    bundle_digest: sha256Digest(bytes),
    artifact_id: id,
    policy_version: manifest.policy.version,
    round_integrity: manifest.evidence.integrity,
    evidence_root: manifest.evidence.root,
    reviews_missing: manifest.reviews.filter((one) => !one.in_bundle).length,
  }
  const lines = Object.entries(result).map(([key, value]) => `${key.padEnd(15)} ${value}`)
  printResult(options.json, result, `${lines.join('\n')}\n`)
  return 0
}
