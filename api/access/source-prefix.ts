import { HttpError } from '../problem.ts'
import type { Principal } from './principal.ts'

const DELIMITERS = [':', '/']

/**
 * A producer sends only what is its own: `source` of an event is the prefix itself, or goes on after it at a delimiter
 * (`urn:a:b` covers `urn:a:b` and `urn:a:b:1`, and not `urn:a:bc`). Throws `forbidden`.
 */
export function assertSource({ sourcePrefixes }: Principal, source: string): void {
  if (sourcePrefixes === null || sourcePrefixes.some((prefix) => isUnder(prefix, source))) return
  throw new HttpError('forbidden', 'the source of an event is not under the prefix of this producer', { refusal: 'source_not_own' })
}

export function isUnder(prefix: string, source: string): boolean {
  if (prefix === '' || !source.startsWith(prefix)) return false
  return source.length === prefix.length || DELIMITERS.some((one) => prefix.endsWith(one) || source[prefix.length] === one)
}
