import { EvidenceError } from '../schemas/errors.ts'
import { compareVersions, parsePolicyRef } from '../schemas/policy-ref.ts'

/**
 * The numbered sets of rules that turn facts into verdicts. A version is data: each row of `VERSIONS` names only what
 * that version of the runbook changed, and why. Old versions stay, so that any round can be judged again.
 */
export type PolicyRules = {
  /** How many tries of an HTTP check count. */
  httpAttempts: number
  /** A failed Job with a later official success is stale evidence instead of an active failure. */
  staleJobsAreEvidence: boolean
  /** Import-shaped products (MOMO): the oldest age in days that is fresh; null: the version has no such gate. */
  importMaxAgeDays: number | null
  /** Feed-shaped products (StockPlatform) block while they are not fresh. */
  feedFreshnessGate: boolean
  /** Blockers of a delegated cold-start that are all routes, all recovered, become EVIDENCE warnings. */
  demoteRecoveredRoutes: boolean
  /** The one `api` blocker of a delegated cold-start becomes an EVIDENCE warning when the public API answers 2xx. */
  demoteApiWarmup: boolean
  /** Product blockers on the end-of-day list are pending, not blocking, before the cut-off. */
  endOfDayWindow: boolean
}

export type Policy = { readonly id: 'sop'; readonly version: string; readonly rules: PolicyRules }
type Version = { version: string; changes: Partial<PolicyRules>; source: string }

const BASELINE: PolicyRules = {
  httpAttempts: 1,
  staleJobsAreEvidence: false,
  importMaxAgeDays: null,
  feedFreshnessGate: false,
  demoteRecoveredRoutes: false,
  demoteApiWarmup: false,
  endOfDayWindow: false,
}

/** Oldest first. `source` names the section of the runbook the rule comes from. */
export const VERSIONS: readonly Version[] = [
  { version: '1.24', changes: {}, source: 'baseline; §14.24' },
  { version: '1.25', changes: { staleJobsAreEvidence: true }, source: '§14.25 stale failed Job classification' },
  { version: '1.28', changes: { importMaxAgeDays: 2 }, source: '§14.28 MOMO data freshness: 0-2 days ok, 3 or more blocked' },
  { version: '1.57', changes: { feedFreshnessGate: true }, source: 'contract §3; first seen in the 2026-06-25 19:35 round' },
  { version: '1.61', changes: { httpAttempts: 3 }, source: '2026-06-26 06:26 route transients: up to three tries' },
  { version: '1.75', changes: { demoteRecoveredRoutes: true }, source: '2026-06-26 17:45 route warm-up classification' },
  { version: '1.76', changes: { demoteApiWarmup: true, endOfDayWindow: true }, source: '§0 API warm-up; 2026-06-26 18:46 end-of-day window' },
  { version: '1.78', changes: {}, source: 'newest; gathers 1.76 with single-summary replay' },
]

/**
 * The newest policy version not after the one asked for; the baseline for anything older (contract §3).
 * Throws `policy_unknown` for a malformed reference or another policy than `sop`.
 */
export function findPolicy(reference: string): Policy {
  const ref = parsePolicyRef(reference)
  if (ref?.id !== 'sop') {
    throw new EvidenceError('policy_unknown', `unknown policy ${JSON.stringify(reference.slice(0, 60))}`, {
      remedy: `write it as sop@VERSION; known versions: ${VERSIONS.map((v) => v.version).join(' ')}`,
    })
  }
  const reached = VERSIONS.filter((v) => compareVersions(v.version, ref.version) <= 0)
  const applied = reached.length > 0 ? reached : VERSIONS.slice(0, 1)
  const rules: PolicyRules = Object.assign({}, BASELINE, ...applied.map((v) => v.changes))
  return { id: 'sop', version: (applied.at(-1) as Version).version, rules }
}
