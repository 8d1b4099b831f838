import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

/** SHA-256 of no bytes: two empty files are alike and no script. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

/**
 * What script parity lacks; empty means met. The script that runs is byte for byte the one of the repository (runbook
 * §13.3.1): a newer repository than live is a green that nobody measured.
 */
export function scriptParityUnmet(check: CheckOf<'script-parity'>, facts: FactsOf<'script-parity'>, _at: Date): string[] {
  return check.scripts.flatMap(({ repository, live }) => {
    const seen = facts.scripts.find((one) => one.repository === repository && one.live === live)
    if (seen === undefined) return [reason(`not observed: script ${live}`)]
    if (seen.repository_sha256 === null) return [reason(`script ${repository} is not in the repository`)]
    if (seen.live_sha256 === null) return [reason(`script ${live} is not live`)]
    if (seen.repository_sha256 !== seen.live_sha256) {
      return [reason(`script ${live} is ${seen.live_sha256.slice(0, 12)}, the repository has ${seen.repository_sha256.slice(0, 12)}`)]
    }
    return seen.live_sha256 === EMPTY ? [reason(`script ${live} is empty`)] : []
  })
}
