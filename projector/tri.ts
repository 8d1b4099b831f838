import type { Tri } from '../schemas/summary.ts'

/** Three-valued flags where `1` is the good answer: 0 is worst, and unknown is never green. */
export function allGreen(parts: readonly Tri[]): Tri {
  if (parts.includes('0')) return '0'
  return parts.length === 0 || parts.includes('unknown') ? 'unknown' : '1'
}

/**
 * A flag from the round's own checks and from another tool's report (undefined: nobody printed it). Where the round
 * declares checks of its own, they decide, and a report, or a lost report, can only worsen them: if a lost observation
 * fell back to the report, or a lost report to the observation, losing it could improve the flag. Without own checks
 * the report stands as printed.
 */
export function withReport(isDeclared: boolean, own: Tri, reported: string | undefined): Tri {
  if (!isDeclared) return toTri(reported)
  if (reported === undefined || reported === '1' || own === '0') return own
  return toTri(reported)
}

export function toTri(value: string | undefined): Tri {
  return value === '0' || value === '1' ? value : 'unknown'
}

export function triOf(value: boolean | null): Tri {
  return value === null ? 'unknown' : value ? '1' : '0'
}
