import { ProbeFailure } from '../transport.ts'

export type SampleValue = number | 'NaN' | '+Inf' | '-Inf'
/** `timeMs`: the sample's own time, where it has one (Unix time in milliseconds). */
export type Sample = { name: string; labels: Record<string, string>; value: SampleValue; timeMs?: number }

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/u
const LABEL = /^[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\[\\"n])*)"[ \t]*/u
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/u
const TYPES = /^(?:counter|gauge|histogram|summary|untyped)$/u

/**
 * Reads the Prometheus text exposition format (version 0.0.4), strictly: one malformed line, one series given twice
 * or a last line without its end (a file cut while it was written) is a `ProbeFailure('parse')` that names the line
 * and never quotes it. The npm parsers of the format are unmaintained and lenient.
 */
export function parsePrometheusText(text: string): Sample[] {
  if (text !== '' && !text.endsWith('\n')) throw new ProbeFailure('parse', 'parse', 'last line has no end')
  const samples: Sample[] = []
  const seen = new Set<string>()
  text.split('\n').forEach((raw, i) => {
    const sample = parseLine(raw.trim(), i + 1)
    if (sample === null) return
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort(([a], [b]) => (a < b ? -1 : 1))])
    if (seen.has(key)) throw malformed(i + 1, 'series given twice')
    seen.add(key)
    samples.push(sample)
  })
  return samples
}

function parseLine(line: string, number: number): Sample | null {
  if (line === '') return null
  if (line.startsWith('#')) {
    checkComment(line, number)
    return null
  }
  const name = NAME.exec(line)?.[0]
  if (name === undefined) throw malformed(number, 'no metric name')
  const { labels, rest } = parseLabels(line.slice(name.length).trimStart(), number)
  const words = rest.trim().split(/[ \t]+/u)
  const [value, timestamp] = words
  if (value === undefined || words.length > 2) throw malformed(number, 'not a value and an optional timestamp')
  if (timestamp !== undefined && !/^-?\d{1,19}$/u.test(timestamp)) throw malformed(number, 'not a timestamp')
  return { name, labels, value: parseValue(value, number), ...(timestamp === undefined ? {} : { timeMs: Number(timestamp) }) }
}

/** Plain comments say nothing; `# HELP` and `# TYPE` have a form. */
function checkComment(line: string, number: number): void {
  const [, keyword, name, type] = line.split(/[ \t]+/u)
  if (keyword !== 'HELP' && keyword !== 'TYPE') return
  if (name === undefined || NAME.exec(name)?.[0] !== name) throw malformed(number, `not a ${keyword} line`)
  if (keyword === 'TYPE' && (type === undefined || !TYPES.test(type))) throw malformed(number, 'not a TYPE line')
}

function parseLabels(text: string, number: number): { labels: Record<string, string>; rest: string } {
  const labels: Record<string, string> = {}
  if (!text.startsWith('{')) return { labels, rest: text }
  let rest = text.slice(1)
  for (;;) {
    const end = /^[ \t]*\}/u.exec(rest)
    if (end !== null) return { labels, rest: rest.slice(end[0].length) }
    const match = LABEL.exec(rest)
    if (match === null) throw malformed(number, 'not a list of labels')
    const [whole, label = '', value = ''] = match
    if (Object.hasOwn(labels, label)) throw malformed(number, 'label given twice')
    Object.defineProperty(labels, label, { value: unescapeLabel(value), enumerable: true, configurable: true, writable: true })
    rest = rest.slice(whole.length)
    // A comma may follow the last label; two labels need one.
    if (rest.startsWith(',')) rest = rest.slice(1)
    else if (!rest.startsWith('}')) throw malformed(number, 'not a list of labels')
  }
}

function unescapeLabel(value: string): string {
  return value.replace(/\\([\\"n])/gu, (_whole, char: string) => (char === 'n' ? '\n' : char))
}

function parseValue(text: string, number: number): SampleValue {
  if (/^[+-]?nan$/iu.test(text)) return 'NaN'
  if (/^\+?inf(?:inity)?$/iu.test(text)) return '+Inf'
  if (/^-inf(?:inity)?$/iu.test(text)) return '-Inf'
  const value = NUMBER.test(text) ? Number(text) : Number.NaN
  if (!Number.isFinite(value)) throw malformed(number, 'not a number')
  return value
}

function malformed(number: number, why: string): ProbeFailure {
  return new ProbeFailure('parse', 'parse', `line ${number}: ${why}`)
}
