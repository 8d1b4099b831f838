import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { reason } from './reason.ts'

type Check = CheckOf<'storage-signatures'>

/** Sources that a check declares, as its facts name them. */
export function signatureSources({ kernel, containers, files }: Check): string[] {
  return [...(kernel ? ['kernel'] : []), ...containers.map((name) => `container ${name}`), ...files.map((path) => `file ${path}`)]
}

/**
 * What a storage-signatures check lacks; empty means met. Every declared source was read, had something to search, and
 * held no sign of damaged storage. A log without a line proves nothing: it may be the log that could not be written.
 */
export function storageSignaturesUnmet(check: Check, facts: FactsOf<'storage-signatures'>, _at: Date): string[] {
  return signatureSources(check).flatMap((name) => {
    const seen = facts.sources.find((one) => one.source === name)
    if (seen === undefined || seen.lines === null) return [reason(`not observed: ${name}`)]
    if (seen.lines === 0) return [reason(`nothing to search in ${name}`)]
    return seen.found.filter((one) => one.lines > 0).map((one) => reason(`${one.signature} in ${name}, ${one.lines} lines`))
  })
}
