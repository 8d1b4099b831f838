/** A policy reference as users write it: `sop@1.78`. */
export type PolicyRef = { id: string; version: string }

const PATTERN = /^([a-z][a-z0-9-]{0,31})@((?:0|[1-9]\d{0,5})(?:\.(?:0|[1-9]\d{0,5})){0,3})$/

/** Reads `id@version`; null where it is not one. */
export function parsePolicyRef(text: string): PolicyRef | null {
  const match = PATTERN.exec(text)
  return match ? { id: match[1] as string, version: match[2] as string } : null
}

/** Compares dotted versions number by number (contract §3: 1.9 is before 1.24). Missing parts count as 0. */
export function compareVersions(a: string, b: string): number {
  const left = a.split('.').map(Number)
  const right = b.split('.').map(Number)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0)
    if (difference !== 0) return Math.sign(difference)
  }
  return 0
}
