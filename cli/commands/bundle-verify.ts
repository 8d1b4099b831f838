import { isProved, verificationText, whyNotProved } from '../../api/exports/bundle-verification.ts'
import { MAX_TAR_BYTES } from '../../api/exports/tar.ts'
import { verifyBundle } from '../../api/exports/verify-bundle.ts'
import { type Answer, printResult } from '../output.ts'
import { readInputFile } from '../read-input-file.ts'

/**
 * `evidence bundle verify`: needs nothing but the file. Exit 0 only for a bundle that is equal, byte for byte, to what
 * its own events give, of a round that was sealed, whose root fits and whose reviews are there; 1 for every other bundle; 2 for what is none.
 */
export async function run([file]: [string], options: { json?: boolean }): Promise<Answer> {
  const result = verifyBundle(await readInputFile(file, MAX_TAR_BYTES))
  const isYes = isProved(result)
  printResult(options.json, { ...result, ok: isYes, not_proved_because: result.status === 'equal' ? whyNotProved(result) : null }, verificationText(result))
  return isYes ? 0 : 1
}
