import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Bundle, buildBundle } from '../../api/exports/bundle.ts'
import type { BundleVerification } from '../../api/exports/bundle-verification.ts'
import { verifyBundle } from '../../api/exports/verify-bundle.ts'
import { EvidenceError } from '../../schemas/errors.ts'
import type { EncodedEvent } from '../../schemas/event.ts'
import { TOOL } from '../../schemas/tool.ts'
import { REPOSITORY } from '../support/markdown-blocks.ts'

export const toText = (event: EncodedEvent): string => Buffer.from(event.bytes).toString('utf8')

/** Lines of a golden round. */
export function goldenTexts(name: 'green' | 'blocked' | 'recorded'): string[] {
  return readFileSync(join(REPOSITORY, `test/golden/${name}/events.ndjson`), 'utf8')
    .trimEnd()
    .split('\n')
}

export function bundleOf(texts: readonly string[], more: { reviewTexts?: readonly string[]; policy?: string } = {}): Bundle {
  const roundId = (JSON.parse(texts[0] as string) as { subject: string }).subject
  return buildBundle({ roundId, texts, reviewTexts: more.reviewTexts ?? [], policy: more.policy, tool: TOOL })
}

/** What verifying finds: the step that differs, `equal`, or `junk` where it is no bundle at all. */
export function foundIn(bytes: Uint8Array): string {
  const result = verifyOrJunk(bytes)
  return result === 'junk' ? 'junk' : (result.first_difference?.step ?? 'equal')
}

export function verifyOrJunk(bytes: Uint8Array): BundleVerification | 'junk' {
  try {
    return verifyBundle(bytes)
  } catch (error) {
    if (error instanceof EvidenceError && error.code === 'bundle_invalid') return 'junk'
    throw error
  }
}
