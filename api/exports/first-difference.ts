import type { Json } from '../../schemas/canonical-json.ts'
import { parseJsonText } from '../../schemas/json-text.ts'

/**
 * Where two versions of one file differ first: a JSON pointer where both are JSON and differ in value, else the line
 * (from 1). Null where they are the same. Names no content of the file that was found: pointers are made of the keys
 * that were expected.
 */
export function firstDifference(path: string, expected: Uint8Array, found: Uint8Array): string | null {
  const [a, b] = [Buffer.from(expected), Buffer.from(found)]
  if (a.equals(b)) return null
  // A file that grew out of all proportion is not worth parsing to say so.
  const isJson = path.endsWith('.json') && b.length <= 2 * a.length + 4096
  const pointer = isJson ? jsonDifference(a.toString('utf8'), b.toString('utf8')) : null
  return pointer === null ? `line ${lineOfDifference(a, b)}` : `at ${pointer === '' ? '/' : pointer}`
}

function jsonDifference(expected: string, found: string): string | null {
  const [a, b] = [parseJsonText(expected), parseJsonText(found)]
  return a.ok && b.ok ? differingPointer(a.value, b.value) : null
}

/** Null where the values are equal. Key order is no difference of value; it is one of bytes. */
function differingPointer(a: Json, b: Json): string | null {
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return Object.is(a, b) ? null : ''
  if (Array.isArray(a) !== Array.isArray(b)) return ''
  const [left, right] = [new Map(Object.entries(a)), new Map(Object.entries(b))]
  for (const [key, value] of left) {
    const other = right.get(key)
    const inside = other === undefined ? '' : differingPointer(value, other)
    if (inside !== null) return `/${key.replaceAll('~', '~0').replaceAll('/', '~1')}${inside}`
  }
  return right.size > left.size ? '' : null
}

function lineOfDifference(a: Buffer, b: Buffer): number {
  let line = 1
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    if (a[i] !== b[i]) break
    if (a[i] === 0x0a) line++
  }
  return line
}
