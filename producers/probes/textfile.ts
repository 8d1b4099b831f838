import type { CheckOf } from '../../schemas/estate.ts'
import { matchesCondition, textfileUnmet } from '../../schemas/expectations/textfile.ts'
import type { FactsOf } from '../../schemas/facts.ts'
import { TextfileFacts } from '../../schemas/facts.ts'
import { targetOf } from '../check-target.ts'
import type { Look, ProbeContext } from '../probe.ts'
import { scrubLine } from '../scrub-line.ts'
import { ProbeFailure } from '../transport.ts'
import type { Sample } from './prometheus-text.ts'
import { mustBeOfNow, readMetrics } from './read-metrics.ts'

/** Reads metrics from a textfile collector's file or a `/metrics` URL and keeps only the series that the check declares. */
export async function probeTextfile(check: CheckOf<'textfile'>, context: ProbeContext): Promise<Look<'textfile'>> {
  const { samples: all, modifiedAt } = await readMetrics(check, context)
  const samples = all.filter((sample) => check.metrics.some((condition) => matchesCondition(condition, sample.name, sample.labels)))
  mustBeOfNow(samples, context.now())
  const facts = toFacts({
    source: check.path ?? check.url ?? '',
    modified_at: modifiedAt,
    series: all.length,
    samples: samples.map((sample) => toFact(check, sample)),
  })
  return { target: targetOf(check), asOf: modifiedAt, met: textfileUnmet(check, facts, context.now()).length === 0, facts }
}

/** Labels that the estate does not name come from outside and are scrubbed; the named ones are what the sample is found by. */
function toFact(check: CheckOf<'textfile'>, sample: Sample): FactsOf<'textfile'>['samples'][number] {
  if (typeof sample.value === 'number' && Number.isInteger(sample.value) && !Number.isSafeInteger(sample.value)) {
    throw new ProbeFailure('parse', 'parse', 'a declared series has a value too large to be exact')
  }
  const declared = new Set(check.metrics.filter(({ name }) => name === sample.name).flatMap(({ labels }) => Object.keys(labels)))
  const labels = Object.entries(sample.labels).map(([label, value]) => [label, declared.has(label) ? value : scrubLine(value)])
  return { name: sample.name, value: sample.value, labels: Object.fromEntries(labels) }
}

/** Too many matching series, or labels that evidence cannot carry, are a failure and never a silent cut. */
function toFacts(facts: FactsOf<'textfile'>): FactsOf<'textfile'> {
  const result = TextfileFacts.safeParse(facts)
  if (!result.success) throw new ProbeFailure('parse', 'parse', 'declared series are too many or have unprintable labels')
  return result.data
}
