import type { Json } from './canonical-json.ts'

/** Why a text is not acceptable JSON; never holds any of the text's values. */
export type JsonRefusal = { ok: false; reason: 'not_json' | 'duplicate_key' | 'lone_surrogate' | 'too_deep'; pointer: string }
export type JsonResult = { ok: true; value: Json } | JsonRefusal

const MAX_DEPTH = 64

/**
 * Parses JSON text strictly: as `JSON.parse`, and refuses duplicate keys, lone surrogates and nesting deeper than 64,
 * which `JSON.parse` takes in silence (contract §2 and §5).
 */
export function parseJsonText(text: string): JsonResult {
  let value: Json
  try {
    value = JSON.parse(text) as Json
  } catch {
    return { ok: false, reason: 'not_json', pointer: '' }
  }
  return findRefusal(text) ?? { ok: true, value }
}

type Frame = { keys: Set<string> | null; name: string | number; expectKey: boolean }

/** Walks text that `JSON.parse` already accepted, so only the places of strings and brackets matter. */
function findRefusal(text: string): JsonRefusal | null {
  const stack: Frame[] = []
  const pointer = (): string => stack.map((f) => `/${String(f.name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
  let i = 0
  while (i < text.length) {
    const c = text[i]
    const top = stack.at(-1)
    if (c === '"') {
      const end = endOfString(text, i)
      const value = JSON.parse(text.slice(i, end)) as string
      if (!value.isWellFormed()) return { ok: false, reason: 'lone_surrogate', pointer: pointer() }
      if (top?.keys && top.expectKey) {
        top.name = value
        top.expectKey = false
        if (top.keys.has(value)) return { ok: false, reason: 'duplicate_key', pointer: pointer() }
        top.keys.add(value)
      }
      i = end
      continue
    }
    if (c === '{') stack.push({ keys: new Set(), name: '', expectKey: true })
    else if (c === '[') stack.push({ keys: null, name: 0, expectKey: false })
    else if (c === '}' || c === ']') stack.pop()
    else if (c === ',' && top) {
      if (top.keys) top.expectKey = true
      else top.name = (top.name as number) + 1
    }
    if (stack.length > MAX_DEPTH) return { ok: false, reason: 'too_deep', pointer: pointer() }
    i++
  }
  return null
}

function endOfString(text: string, start: number): number {
  let i = start + 1
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i + 1
}
