import { EstablishedDeclaration } from '../schemas/check-base.ts'
import { countJobs, workloadPlacement } from '../schemas/expectations/k8s.ts'
import type { Snapshot } from '../schemas/snapshot.ts'
import type { JudgedRound } from './judged-round.ts'

/**
 * Declarations that summary.txt has no key for: `1` while every check of the estate that establishes one is PASS,
 * `0` when one was looked at and is not, `unknown` otherwise.
 */
export function establishedDeclarations(judged: JudgedRound): Snapshot['established'] {
  return EstablishedDeclaration.options.flatMap((declaration) => {
    const checks = judged.estate.checks.filter((check) => check.establishes?.includes(declaration)).map((check) => check.id)
    if (checks.length === 0) return []
    const verdicts = checks.map((id) => judged.verdicts.get(id))
    const isMet = verdicts.every((verdict) => verdict?.status === 'PASS' && verdict.counted)
    const isRefuted = verdicts.some((verdict) => verdict?.observed === 'observed' && verdict.status !== 'PASS')
    return [{ declaration, value: isMet ? ('1' as const) : isRefuted ? ('0' as const) : ('unknown' as const), checks }]
  })
}

/** Kubernetes facts the runbook names by their own words (§6.3, §14.25); null where no usable check reported them. */
export function platformFacts(judged: JudgedRound): Snapshot['platform'] {
  const facts = [...judged.usable.values()].flat().flatMap((event) => (event.type === 'evidence.k8s.observed.v1' ? [event.data.facts] : []))
  const jobs = facts.find((one) => one.jobs !== null)?.jobs
  const placement = facts.find((one) => one.placement !== null)?.placement
  return {
    jobs: jobs ? countJobs(jobs, judged.policy.rules.staleJobsAreEvidence) : null,
    workload: placement ? workloadPlacement(placement) : null,
  }
}
