import { type Digest, sha256Digest } from '../schemas/digest.ts'
import { EvidenceError } from '../schemas/errors.ts'
import {
  isSummaryValue,
  listItems,
  MAX_VALUE_LENGTH,
  ownerGateOf,
  REQUIRED_SUMMARY_KEYS,
  type RoundIntegrity,
  type Summary,
  summaryKeyType,
} from '../schemas/summary.ts'
import { reconcile, withLegacyDefaults } from './reconcile-summary.ts'

const MAX_BYTES = 1_048_576
const LINE = new RegExp(`^([A-Z][A-Z0-9_]{0,79})=([\\x20-\\x7e]{0,${MAX_VALUE_LENGTH}})$`)
/** Keys that the older tools never printed: a file with one of them and without SUMMARY_SCHEMA is a damaged new one. */
const NEVER_LEGACY = ['SUMMARY_DIGEST', 'ROUND_INTEGRITY', 'EVIDENCE_ROOT', 'EVIDENCE_COUNT', 'ROUND_OPENED_AT', 'ROUND_SEALED_AT', 'POLICY_VERSION']

/**
 * Reads summary.txt back (contract §4). Throws `summary_invalid` with the line and the remedy for a malformed line, a
 * key given twice, a value of the wrong type, an unknown or missing key, a wrong digest, and for anything that claims
 * to authorize a runtime action.
 *
 * A file without `SUMMARY_SCHEMA` is one of the older tools, unless it has keys that only this project writes: keys we
 * do not know are passed over, keys it lacks are unknown, and its integrity is `legacy_unverified`. Contradictions are
 * settled for the worse and returned.
 */
export function readSummary(text: string, options: { name?: string; artifactId?: string } = {}): Summary {
  const name = options.name ?? 'summary'
  if (Buffer.byteLength(text) > MAX_BYTES) throw refuse(name, null, `is larger than ${MAX_BYTES} bytes`)
  const values = readLines(text, name)
  const isLegacy = !('SUMMARY_SCHEMA' in values)
  const known = isLegacy ? Object.fromEntries(Object.entries(values).filter(([key]) => summaryKeyType(key) !== null)) : values
  if (isLegacy) {
    const foreign = NEVER_LEGACY.find((key) => key in values)
    if (foreign !== undefined) throw refuse(name, null, `has ${foreign} but no SUMMARY_SCHEMA; it was changed after it was written`)
    if (Object.keys(known).length === 0) throw refuse(name, null, 'holds no key of a summary')
    if (options.artifactId !== undefined && !('ARTIFACT_ID' in known)) known.ARTIFACT_ID = options.artifactId
    const { values: worst, contradictions } = reconcile(withLegacyDefaults(known), true)
    return { values: worst, integrity: 'legacy_unverified', legacy: true, contradictions, digest: sha256Digest(text) }
  }
  const digest = checkDigest(text, name)
  const { values: worst, contradictions } = reconcile(known, false)
  return { values: worst, integrity: worst.ROUND_INTEGRITY as RoundIntegrity, legacy: false, contradictions, digest }
}

function readLines(text: string, name: string): Record<string, string> {
  if (text === '') throw refuse(name, null, 'is empty')
  const isLegacy = !/^SUMMARY_SCHEMA=/m.test(text)
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  else if (!isLegacy) throw refuse(name, lines.length, 'the last line has no line end')
  const values: Record<string, string> = {}
  lines.forEach((line, index) => {
    const match = LINE.exec(line)
    if (match === null) throw refuse(name, index + 1, 'is not KEY=VALUE in ASCII')
    const [, key = '', value = ''] = match
    if (Object.hasOwn(values, key)) throw refuse(name, index + 1, `${key} is given twice`)
    values[key] = checkedValue(key, value, isLegacy, name, index + 1)
  })
  return values
}

function checkedValue(key: string, raw: string, isLegacy: boolean, name: string, lineNumber: number): string {
  if ((key === 'RUNTIME_ACTION_AUTHORIZED' || key.endsWith('_RUNTIME_GATE') || key === 'RUNTIME_GATE') && raw !== '0') {
    throw refuse(name, lineNumber, `${key} is not 0; no summary can authorize anything`)
  }
  const type = summaryKeyType(key)
  if (type === null && !isLegacy) throw refuse(name, lineNumber, `unknown key ${key}`)
  // An old tool ended this one value with a full stop (contract §4).
  const value = key.endsWith('_RESULT') && isLegacy ? raw.replace(/\.$/, '') : raw
  if (type !== null && !isSummaryValue(type, value)) throw refuse(name, lineNumber, `${key} has a value of the wrong type`)
  if (key === 'NEXT_REQUIRED_GATES' && listItems(value).some((id) => ownerGateOf(id) === null))
    throw refuse(name, lineNumber, `${key} names an unknown owner gate`)
  return value
}

function checkDigest(text: string, name: string): Digest {
  const match = /^([\s\S]*\n)SUMMARY_DIGEST=(sha256:[0-9a-f]{64})\n$/.exec(text)
  if (match === null) throw refuse(name, null, 'does not end with SUMMARY_DIGEST')
  if (sha256Digest(match[1] as string) !== match[2]) throw refuse(name, null, 'SUMMARY_DIGEST does not match; the file was changed after it was written')
  const missing = REQUIRED_SUMMARY_KEYS.find((key) => !new RegExp(`^${key}=`, 'm').test(text))
  if (missing) throw refuse(name, null, `lacks ${missing}`)
  return match[2] as Digest
}

function refuse(name: string, lineNumber: number | null, why: string): EvidenceError {
  return new EvidenceError('summary_invalid', `${name}${lineNumber === null ? '' : `:${lineNumber}`}: ${why}`, {
    remedy: 'write it again from the ledger: evidence summary ROUND',
  })
}
