import { isProved, verificationText } from '../../api/exports/bundle-verification.ts'
import { MAX_TAR_BYTES } from '../../api/exports/tar.ts'
import { verifyBundle } from '../../api/exports/verify-bundle.ts'
import { type Answer, printResult } from '../output.ts'
import { readInputFile } from '../read-input-file.ts'

/**
 * `evidence bundle verify`: needs nothing but the file. Exit 0 only for a bundle that is equal, byte for byte, to what
 * its own events give, of a round that was sealed and whose root fits; 1 for every other bundle; 2 for what is none.
 */
export async function run([file]: [string], options: { json?: boolean }): Promise<Answer> {
  const result = verifyBundle(await readInputFile(file, MAX_TAR_BYTES))
  printResult(options.json, { ...result, ok: isProved(result) }, verificationText(result))
  return isProved(result) ? 0 : 1
}
