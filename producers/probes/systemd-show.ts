import { ProbeFailure } from '../transport.ts'

/** One unit's properties, as `systemctl show` prints them: `Name=value` lines, in an order of its own. */
export type UnitProperties = ReadonlyMap<string, string>

/**
 * Reads what `systemctl show` printed for `count` units: one block a unit, in the order they were asked for, with an
 * empty line between. Anything else is a `ProbeFailure`: a block that is missing or cut would be taken for another's.
 */
export function parseShownUnits(text: string, count: number, needed: readonly string[]): UnitProperties[] {
  const blocks = text
    .split(/\n{2,}/u)
    .map((block) => block.trim())
    .filter((block) => block !== '')
  if (blocks.length !== count) throw new ProbeFailure('parse', 'parse', `systemctl showed ${blocks.length} units of ${count}`)
  return blocks.map((block) => {
    const properties = new Map<string, string>()
    for (const line of block.split('\n')) {
      const at = line.indexOf('=')
      if (at <= 0 || properties.has(line.slice(0, at))) throw new ProbeFailure('parse', 'parse', 'systemctl show printed something else')
      properties.set(line.slice(0, at), line.slice(at + 1))
    }
    const lacking = needed.find((name) => !properties.get(name))
    if (lacking !== undefined) throw new ProbeFailure('parse', 'parse', `systemctl show printed no ${lacking}`)
    return properties
  })
}
