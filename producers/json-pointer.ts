import type { Json } from '../schemas/canonical-json.ts'

/** The value an RFC 6901 pointer names, or undefined where the document has no such place. Own properties only. */
export function atPointer(document: Json, pointer: string): Json | undefined {
  let value: Json | undefined = document
  for (const step of pointer.split('/').slice(1)) {
    const name = step.replaceAll('~1', '/').replaceAll('~0', '~')
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(name) ? value[Number(name)] : undefined
    else if (typeof value === 'object' && value !== null) value = Object.hasOwn(value, name) ? value[name] : undefined
    else return undefined
  }
  return value
}
