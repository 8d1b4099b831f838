import type { SampleCondition } from '../check-base.ts'
import type { CheckOf } from '../estate.ts'
import type { FactsOf } from '../facts.ts'
import { holdsCondition } from './condition.ts'
import { ageProblems, reason } from './reason.ts'

type Sample = FactsOf<'textfile'>['samples'][number]

/** A series belongs to a condition when the name is the same and every declared label has the declared value. */
export function matchesCondition(condition: SampleCondition, name: string, labels: Record<string, string>): boolean {
  return name === condition.name && Object.entries(condition.labels).every(([label, value]) => Object.hasOwn(labels, label) && labels[label] === value)
}

/**
 * What a textfile check's expectation lacks; empty means met. Every series that matches a condition must hold it, and
 * at least one must be there. NaN and the infinities hold no condition (`NaN != 0` would be a false green).
 */
export function textfileUnmet(check: CheckOf<'textfile'>, facts: FactsOf<'textfile'>, at: Date): string[] {
  return [...ageProblems('file', facts.modified_at, check.max_age_s, at), ...check.metrics.flatMap((condition) => conditionUnmet(condition, facts.samples, at))]
}

function conditionUnmet(condition: SampleCondition, samples: readonly Sample[], at: Date): string[] {
  const own = samples.filter((sample) => matchesCondition(condition, sample.name, sample.labels))
  if (own.length === 0) return [reason(`not observed: ${seriesText(condition.name, condition.labels)}`)]
  return own.flatMap((sample) => sampleUnmet(condition, sample, at))
}

function sampleUnmet(condition: SampleCondition, sample: Sample, at: Date): string[] {
  const label = seriesText(sample.name, sample.labels)
  const value = sample.value
  if (condition.condition === undefined && condition.max_age_s === undefined) return []
  if (typeof value !== 'number') return [reason(`${label} is ${value}`)]
  const problems: string[] = []
  if (condition.condition !== undefined && !holdsCondition(condition.condition, value))
    problems.push(reason(`${label} is ${value}, not ${condition.condition}`))
  if (condition.max_age_s !== undefined) problems.push(...ageProblems(label, unixTime(value), condition.max_age_s, at))
  return problems
}

/** RFC 3339 time of Unix seconds; null where no date can hold it. */
function unixTime(seconds: number): string | null {
  const time = new Date(seconds * 1000)
  return Number.isNaN(time.getTime()) ? null : time.toISOString()
}

/** `name{label="value"}` with the labels in order of their names. */
function seriesText(name: string, labels: Record<string, string>): string {
  const parts = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([label, value]) => `${label}="${value}"`)
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`
}
