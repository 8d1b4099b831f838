import { stripVTControlCharacters } from 'node:util'
import type { BlockerRule } from '../../schemas/estate.ts'
import type { ClassifiedBlocker, EventData } from '../../schemas/event.ts'
import { ColdStartResult, PostStartResult } from '../../schemas/primitives.ts'
import { isSecretLike, scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'
import { classifyBlocker } from './classify-blocker.ts'

type Report = EventData<'evidence.report.delegated.v1'>
export type ParsedReport = Pick<Report, 'pass' | 'warn' | 'blocked' | 'result' | 'blockers' | 'warnings' | 'keys'>
type Counts = Pick<Report, 'pass' | 'warn' | 'blocked'>

const COUNTS = /\bPASS=(\d{1,15})\s+WARN=(\d{1,15})\s+BLOCKED=(\d{1,15})\b/gu
const RESULT = /(?:^|[\s,;])(?:Result: *|RESULT=|POST_START_RESULT=)([^\s,;]*)/gu
/** `BLOCKED text`, `[BLOCKED] text`, `- WARN: text`; not `BLOCKED=1`, `BLOCKED = 1` or `BLOCKED_NAME`. */
const MARKED = /^[\s[(*•-]*(BLOCKED|WARN(?:ING)?)\b[\])]*:?\s*(?!\s*=)(.*)$/u
const KEY_LINE = /^([A-Z][A-Z0-9_]{1,63})=(.*)$/u
const KEY_VALUE = /^[A-Za-z0-9_.:,|+ /-]{0,300}$/u
const MAX_LINES = 300
const MAX_KEYS = 500

/**
 * Reads what another recovery tool printed: counts, result, blocked and warning lines, and `KEY=VALUE` lines.
 *
 * Of several counts or results the last one is the tool's own. What contradicts (a green result beside blockers, more
 * lines than the count) is kept as it is: the projector takes the worse. Text that holds no counts, no result and no
 * key, an unknown last result, and a key with two values are `ProbeFailure('parse')`.
 */
export function parseReport(text: string, check: { classify: readonly BlockerRule[] }): ParsedReport {
  const lines = stripVTControlCharacters(text).split(/\r\n|\n|\r/u)
  const counts = lastCounts(lines)
  const result = lastResult(lines)
  const keys = readKeys(lines)
  if (counts.pass === null && result === null && Object.keys(keys).length === 0) throw new ProbeFailure('parse', 'parse', 'no counts, no result and no keys')
  const blockers = markedLines(lines, 'BLOCKED', check.classify)
  return { ...counts, result, blockers, warnings: markedLines(lines, 'WARN', check.classify), keys }
}

function lastCounts(lines: readonly string[]): Counts {
  const last = lines.flatMap((line) => [...line.matchAll(COUNTS)]).at(-1)
  if (last === undefined) return { pass: null, warn: null, blocked: null }
  return { pass: Number(last[1]), warn: Number(last[2]), blocked: Number(last[3]) }
}

function lastResult(lines: readonly string[]): Report['result'] {
  const last = lines.flatMap((line) => [...line.matchAll(RESULT)]).at(-1)?.[1]
  if (last === undefined) return null
  const word = last.replace(/[.!]$/u, '')
  const known = ColdStartResult.safeParse(word).data ?? PostStartResult.safeParse(word).data
  if (known === undefined) throw new ProbeFailure('parse', 'parse', 'result is not one that we know')
  return known
}

function markedLines(lines: readonly string[], mark: 'BLOCKED' | 'WARN', rules: readonly BlockerRule[]): ClassifiedBlocker[] {
  const found = lines.flatMap((line) => {
    const match = MARKED.exec(line)
    if (match?.[1] === undefined || !match[1].startsWith(mark) || isCountLine(line)) return []
    const text = scrubLine(match[2] ?? '')
    // `BLOCKED: 0` is a count, and a good one; `BLOCKED: 3` stays, because nothing else may say it.
    return text === '' || text === '0' ? [] : [classifyBlocker(text, rules)]
  })
  if (found.length > MAX_LINES) throw new ProbeFailure('parse', 'parse', `more than ${MAX_LINES} lines marked ${mark}`)
  return found
}

function isCountLine(line: string): boolean {
  return line.search(COUNTS) >= 0
}

/** Keys with a value outside the narrow alphabet, or that look like a secret, are left out: unknown, never green. */
function readKeys(lines: readonly string[]): Record<string, string> {
  const all = new Map<string, string>()
  for (const line of lines) {
    const [, key, raw] = KEY_LINE.exec(line) ?? []
    if (key === undefined || raw === undefined || isCountLine(line)) continue
    const value = raw.trimEnd()
    if (all.has(key) && all.get(key) !== value) throw new ProbeFailure('parse', 'parse', `key ${key} has two values`)
    all.set(key, value)
  }
  if (all.size > MAX_KEYS) throw new ProbeFailure('parse', 'parse', `more than ${MAX_KEYS} keys`)
  return Object.fromEntries([...all].filter(([key, value]) => KEY_VALUE.test(value) && !isSecretLike(`${key}=${value}`)))
}
